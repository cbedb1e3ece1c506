/** Pictures in a browser: decoded by it, read back from a canvas. */
import type { ImagePlatform } from "../data/image-platform.ts";
import { mostPixels } from "../data/image-platform.ts";
import type { Picture } from "../data/picture.ts";
import { gunzip } from "./gunzip.ts";
import { checkPicture } from "./picture-format.ts";

/** A decoded picture of the browser. */
interface Bitmap {
  readonly height: number;
  readonly width: number;
  close(): void;
}

/** A canvas that nobody sees. */
interface Canvas {
  getContext(
    kind: "2d",
    options: { readonly willReadFrequently: boolean },
  ): {
    drawImage(bitmap: Bitmap, x: number, y: number): void;
    getImageData(
      x: number,
      y: number,
      width: number,
      height: number,
    ): { readonly data: Uint8ClampedArray };
  } | null;
}

/** The parts of a page or of its workers that are used. */
export interface PicturePage {
  createImageBitmap(source: Blob, options: Readonly<Record<string, string>>): Promise<Bitmap>;
  readonly OffscreenCanvas: new (width: number, height: number) => Canvas;
}

/**
 * All but folders, which a page has in its own ways.
 *
 * Lossless formats give the bits that Node gives; JPEG may differ by a step of rounding, and so may what is transparent.
 */
export function browserImages(page: PicturePage): Pick<ImagePlatform, "gunzip" | "decode"> {
  return {
    gunzip,
    async decode(bytes) {
      checkPicture(bytes);
      const source = new Blob([bytes]);
      const bitmap = await page.createImageBitmap(source, {
        ...{ imageOrientation: "from-image", colorSpaceConversion: "none" },
        premultiplyAlpha: "none",
      });
      try {
        return readBitmap(bitmap, page);
      } finally {
        bitmap.close();
      }
    },
  };
}

function readBitmap(bitmap: Bitmap, { OffscreenCanvas }: PicturePage): Picture {
  const { height, width } = bitmap;
  if (height * width > mostPixels)
    throw new Error(`it has ${height} x ${width} pixels, at most ${mostPixels} are read`);
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (context === null) throw new Error("this browser gives no canvas to decode on");
  context.drawImage(bitmap, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  const pixels = new Uint8Array(3 * height * width);
  for (let from = 0, to = 0; from < data.length; from += 4, to += 3)
    pixels.set(data.subarray(from, from + 3), to);
  return { height, width, channels: 3, pixels };
}
