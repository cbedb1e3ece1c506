/** Pictures in a browser: decoded by it, read back from a canvas. */
import type { ImagePlatform } from "../data/image-platform.ts";
import { mostPixels } from "../data/image-platform.ts";
import type { Picture } from "../data/picture.ts";
import { gunzip } from "./gunzip.ts";
import { checkPicture } from "./picture-format.ts";

/** A decoded picture of the browser. */
export interface PictureBitmap {
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
    drawImage(bitmap: PictureBitmap, x: number, y: number): void;
    getImageData(
      x: number,
      y: number,
      width: number,
      height: number,
    ): { readonly data: Uint8ClampedArray };
  } | null;
}

/** The parts of a page or of its workers that are used. */
export interface PicturePage<Bitmap extends PictureBitmap = PictureBitmap> {
  createImageBitmap(source: Blob, options: typeof asStored): Promise<Bitmap>;
  readonly OffscreenCanvas: new (width: number, height: number) => Canvas;
}

/** Upright, and the numbers of the file as they are: colour profiles are left alone, as in Node. */
const asStored = {
  imageOrientation: "from-image",
  colorSpaceConversion: "none",
  premultiplyAlpha: "none",
} as const;

/**
 * All but folders, which a page has in its own ways. One picture is decoded at a time: a photograph takes a hundred
 * megabytes until it is scaled.
 *
 * Lossless formats give the bits that Node gives; JPEG may differ by a step of rounding, and so may what is transparent,
 * since a canvas keeps colours multiplied by their opacity.
 */
export function browserImages(page: PicturePage): Pick<ImagePlatform, "gunzip" | "decode"> {
  let last: Promise<unknown> = Promise.resolve();
  return {
    gunzip,
    decode(bytes) {
      const decoding = last.then(() =>
        withBitmap(bytes, page, (bitmap) => readBitmap(bitmap, page)),
      );
      last = decoding.catch(() => undefined);
      return decoding;
    },
  };
}

/** Lends a picture as this browser decodes it. Rejects for what is none, and for more pixels than are read. */
export async function withBitmap<Bitmap extends PictureBitmap, Result>(
  bytes: Uint8Array,
  page: Pick<PicturePage<Bitmap>, "createImageBitmap">,
  use: (bitmap: Bitmap) => Result | Promise<Result>,
): Promise<Result> {
  checkPicture(bytes);
  // Blobs take bytes that no other thread can write: a copy.
  const source = new Blob([bytes.slice()]);
  const bitmap = await page.createImageBitmap(source, asStored);
  try {
    const { height, width } = bitmap;
    if (height * width > mostPixels)
      throw new Error(`it has ${height} x ${width} pixels, at most ${mostPixels} are read`);
    return await use(bitmap);
  } finally {
    bitmap.close();
  }
}

function readBitmap(bitmap: PictureBitmap, { OffscreenCanvas }: PicturePage): Picture {
  const { height, width } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (context === null) throw new Error("this browser gives no canvas to decode on");
  context.drawImage(bitmap, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  const pixels = new Uint8Array(3 * height * width);
  for (let from = 0, to = 0; to < pixels.length; from += 4, to += 3) {
    pixels[to] = data[from] ?? 0;
    pixels[to + 1] = data[from + 1] ?? 0;
    pixels[to + 2] = data[from + 2] ?? 0;
  }
  return { height, width, channels: 3, pixels };
}
