/** What options say of a data set, as a reference to its examples. */
import type { DataRef } from "@fedtune/core";
import {
  discoverImageLabels,
  discoverLabels,
  fileData,
  imageData,
  isImagePath,
} from "@fedtune/training";
import type { ExampleData, ImageWorld } from "@fedtune/training";
import { nodeFiles, nodeImages } from "@fedtune/training/node";

/** Names of columns, where they are not the usual ones. */
export interface DataOptions {
  readonly text?: string | undefined;
  readonly textPair?: string | undefined;
  readonly label?: string | undefined;
  readonly prompt?: string | undefined;
  readonly completion?: string | undefined;
  readonly messages?: string | undefined;
  /** Images: what stands before a record's pixels, or what the folders above a picture tell. */
  readonly columns?: readonly string[] | undefined;
}

/** Where this machine reads images from. */
export const nodeWorld: ImageWorld = { files: nodeFiles, platform: nodeImages };

/** A reference to the images of a path, or to its texts. */
export function dataReference(
  path: string,
  options: DataOptions,
  where: ExampleData["where"] = null,
): DataRef & ExampleData {
  const { label = "label" } = options;
  if (isImagePath(path)) {
    const columns = [...(options.columns ?? [label])];
    return imageData({ kind: "images", path, columns, label, where });
  }
  const { text = "text", textPair = null, prompt = "prompt" } = options;
  const { completion = null, messages = null } = options;
  return fileData({
    ...{ kind: "file", path, text, textPair, label },
    ...{ prompt, completion, messages, where },
  });
}

/** The labels of a data set. @throws FedtuneError `data-invalid` */
export function labelsOf(data: ExampleData): Promise<readonly string[]> {
  return data.kind === "images"
    ? discoverImageLabels(data, nodeWorld)
    : discoverLabels(nodeFiles, data);
}
