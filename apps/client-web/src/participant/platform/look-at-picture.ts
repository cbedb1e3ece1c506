/** Looking at pictures in a worker: whether they can be decoded, and how they look small. */
import { withBitmap } from "@fedtune/training/browser";
import type { LookAtPicture } from "../data/check-pictures.ts";

/** Side of a small picture, in pixels: twice of what pages show, for screens with twice the density. */
const SIDE = 160;

/** Decodes as training does; a small picture is the middle of it, as a square. */
export const lookAtPicture: LookAtPicture = (bytes, { thumbnail }) =>
  withBitmap<ImageBitmap, Blob | null>(bytes, globalThis, (bitmap) =>
    thumbnail ? smallOf(bitmap) : null,
  );

function smallOf(bitmap: ImageBitmap): Promise<Blob> | null {
  const canvas = new OffscreenCanvas(SIDE, SIDE);
  const context = canvas.getContext("2d");
  if (context === null) return null;
  const side = Math.min(bitmap.width, bitmap.height);
  const [left, top] = [(bitmap.width - side) / 2, (bitmap.height - side) / 2];
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, left, top, side, side, 0, 0, SIDE, SIDE);
  return canvas.convertToBlob({ type: "image/png" });
}
