/** What a training worker reads examples from: the files that its page gave it, and pictures where the model reads these. */
import type { ModelConfig, TrainerOptions } from "@fedtune/training";
import { browserImages } from "@fedtune/training/browser";
import { blobFiles } from "./blob-files.ts";
import { pictureFiles } from "./picture-files.ts";

/** What may be read. */
export interface ExampleLimits {
  /** The largest file of texts. */
  readonly fileLimitBytes: number;
  /** What pictures may take in memory, a byte for each of their numbers. */
  readonly pictureLimitBytes: number;
}

/** Files by path; a folder of pictures is a pack of them. */
export function exampleFiles(
  blobs: ReadonlyMap<string, Blob>,
  { image }: Pick<ModelConfig, "image">,
  { fileLimitBytes, pictureLimitBytes }: ExampleLimits,
): Pick<TrainerOptions, "files" | "images"> {
  const plain = blobFiles({ get: (path) => blobs.get(path), limitBytes: fileLimitBytes });
  if (image === null) return { files: plain };
  const mostPictures = Math.floor(
    pictureLimitBytes / (image.height * image.width * image.channels),
  );
  const { files, list } = pictureFiles({ blobs, plain, mostPictures });
  return { files, images: { ...browserImages(globalThis), list } };
}
