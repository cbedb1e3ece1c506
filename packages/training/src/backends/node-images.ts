/** Pictures and folders in Node; the decoder is loaded with the first picture. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { ImagePlatform } from "../data/image-platform.ts";
import { mostPixels } from "../data/image-platform.ts";
import type { Picture } from "../data/picture.ts";
import { gunzip } from "./gunzip.ts";
import { fileError } from "./node-files.ts";
import { checkPicture } from "./picture-format.ts";

/** Folders of the disk, and sharp's decoders. */
export const nodeImages: ImagePlatform = {
  async list(folder) {
    try {
      const names = await readdir(folder);
      const kinds = await Promise.all(names.map((name) => stat(join(folder, name))));
      return names.map((name, index) => ({
        name,
        isFolder: kinds[index]?.isDirectory() === true,
      }));
    } catch (error) {
      throw fileError(folder, error);
    }
  },
  gunzip,
  async decode(bytes) {
    checkPicture(bytes);
    const { default: sharp } = await import("sharp");
    // Colour profiles are left alone, as Pillow and HuggingFace's processors do.
    const { data, info } = await sharp(bytes, {
      ...{ failOn: "error", limitInputPixels: mostPixels, ignoreIcc: true, pages: 1 },
    })
      .autoOrient()
      .removeAlpha()
      .toColourspace("srgb")
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    const { height, width, channels } = info;
    if (channels !== 1 && channels !== 3)
      throw new Error(`it has ${channels} channels, wanted gray or colours`);
    return { height, width, channels, pixels: new Uint8Array(data) } satisfies Picture;
  },
};
