/** Pictures as bytes: sizes and channels made those of a model, by integer arithmetic that is the same everywhere. */

/** Decoded pixels, `[height, width, channels]`: gray, or red, green and blue. */
export interface Picture {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  readonly pixels: Uint8Array;
}

/** Height, width and channels. */
export type PictureSize = Omit<Picture, "pixels">;

/** A picture in the size and channels of a model; the same object where nothing is to be done. */
export function fitPicture(picture: Picture, wanted: PictureSize): Picture {
  return withChannels(resized(picture, wanted), wanted.channels);
}

/** Gray becomes three equal channels; colours become ITU-R 601-2 luma in 16 bits, as in Pillow's conversion to "L". */
function withChannels(picture: Picture, channels: 1 | 3): Picture {
  const { pixels, height, width } = picture;
  if (picture.channels === channels) return picture;
  const count = height * width;
  const made = new Uint8Array(count * channels);
  for (let at = 0; at < count; at++) {
    if (channels === 3) made.fill(pixels[at] ?? 0, 3 * at, 3 * at + 3);
    else {
      const [red, green, blue] = [pixels[3 * at], pixels[3 * at + 1], pixels[3 * at + 2]];
      const sum = 19595 * (red ?? 0) + 38470 * (green ?? 0) + 7471 * (blue ?? 0);
      made[at] = (sum + 0x8000) >> 16;
    }
  }
  return { ...picture, channels, pixels: made };
}

/**
 * Bilinear with a support that grows when a picture shrinks, first along rows, then along columns, rounded to bytes in
 * between: Pillow's `resize(size, BILINEAR)` bit for bit (Pillow, Resample.c), which HuggingFace's image processors use.
 */
function resized(picture: Picture, { height, width }: Pick<Picture, "height" | "width">): Picture {
  const narrow = picture.width === width ? picture : alongRows(picture, width);
  return narrow.height === height ? narrow : alongColumns(narrow, height);
}

/** Bits after the point of a weight: 8 are the byte's, 2 are kept free. */
const PRECISION = 22;

/** Weights of one output place over inputs from `first` on, in units of 2^-22. */
interface Window {
  readonly first: number;
  readonly weights: Int32Array;
}

function windows(from: number, to: number): readonly Window[] {
  const scale = from / to;
  const support = Math.max(scale, 1);
  return Array.from({ length: to }, (_, place) => {
    const centre = (place + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support + 0.5));
    const end = Math.min(from, Math.trunc(centre + support + 0.5));
    const raw = Array.from({ length: end - first }, (_unused, index) =>
      Math.max(0, 1 - Math.abs((index + first - centre + 0.5) / support)),
    );
    const sum = raw.reduce((total, weight) => total + weight, 0);
    const weights = raw.map((weight) => Math.trunc(0.5 + (weight / sum) * 2 ** PRECISION));
    return { first, weights: Int32Array.from(weights) };
  });
}

function alongRows(picture: Picture, width: number): Picture {
  const { height, channels, pixels, width: before } = picture;
  const made = new Uint8Array(height * width * channels);
  const places = windows(before, width);
  for (let row = 0; row < height; row++) {
    for (const [column, window] of places.entries()) {
      const start = (row * before + window.first) * channels;
      const out = (row * width + column) * channels;
      for (let channel = 0; channel < channels; channel++)
        made[out + channel] = weighted(pixels, start + channel, { window, step: channels });
    }
  }
  return { ...picture, width, pixels: made };
}

function alongColumns(picture: Picture, height: number): Picture {
  const { width, channels, pixels } = picture;
  const step = width * channels;
  const made = new Uint8Array(height * step);
  for (const [row, window] of windows(picture.height, height).entries()) {
    for (let at = 0; at < step; at++)
      made[row * step + at] = weighted(pixels, window.first * step + at, { window, step });
  }
  return { ...picture, height, pixels: made };
}

/** A weighted sum of bytes, rounded; no weight is negative, so that it stays a byte. */
function weighted(
  pixels: Uint8Array,
  start: number,
  { window: { weights }, step }: { readonly window: Window; readonly step: number },
): number {
  let sum = 1 << (PRECISION - 1);
  for (let index = 0, at = start; index < weights.length; index++, at += step)
    sum += (pixels[at] ?? 0) * (weights[index] ?? 0);
  return Math.min(255, sum >> PRECISION);
}
