/** Images as bytes, and batches of them as the numbers of their patches. */
import type { ImageConfig } from "../models/family.ts";

/** One image, in the size of the model. */
export interface ImageExample {
  /** Row by row, the channels of a pixel side by side: `[height, width, channels]`. */
  readonly pixels: Uint8Array;
  /** Index into the task's labels. */
  readonly label: number;
}

/** A batch of images on the host. */
export interface ImageBatch {
  readonly batch: number;
  /** Tokens per image: its patches and the class token. */
  readonly length: number;
  /** Scaled pixels, `[batch * patches, channels * patch * patch]`; a patch has the order of a convolution's weight. */
  readonly patches: Float32Array;
  /** `[batch]`. */
  readonly labels: Int32Array;
  readonly completions: null;
  /** Of all images together. */
  readonly tokens: number;
}

/**
 * Scales the bytes and cuts them into patches: one table look-up per number, in the order in which they are written.
 *
 * @throws RangeError for an image of another size than the model's
 */
export function imageBatch(examples: readonly ImageExample[], image: ImageConfig): ImageBatch {
  const { height, width, channels, patch } = image;
  const size = height * width * channels;
  const wrong = examples.find(({ pixels }) => pixels.length !== size);
  if (wrong !== undefined)
    throw new RangeError(`Cannot batch an image of ${wrong.pixels.length} bytes, wanted ${size}`);
  const order = patchOrder(image);
  const table = scalingTable(image);
  const patches = new Float32Array(examples.length * size);
  let at = 0;
  for (const { pixels } of examples) {
    for (const place of order) {
      patches[at++] = table[((place % channels) << 8) | (pixels[place] ?? 0)] ?? 0;
    }
  }
  const length = 1 + (height / patch) * (width / patch);
  return {
    ...{ batch: examples.length, length, patches, completions: null },
    labels: Int32Array.from(examples, ({ label }) => label),
    tokens: examples.length * length,
  };
}

/** Where each number of the patches is among an image's bytes: patch by patch, channel by channel, row by row. */
function patchOrder({ height, width, channels, patch }: ImageConfig): Uint32Array {
  const order = new Uint32Array(height * width * channels);
  let at = 0;
  for (let top = 0; top < height; top += patch)
    for (let left = 0; left < width; left += patch)
      for (let channel = 0; channel < channels; channel++)
        for (let row = top; row < top + patch; row++)
          for (let column = left; column < left + patch; column++)
            order[at++] = (row * width + column) * channels + channel;
  return order;
}

/** The scaled value of every byte, `[channels, 256]`; computed in float64 and rounded once. */
function scalingTable({ channels, scaling }: ImageConfig): Float32Array {
  const { rescale, mean, std } = scaling;
  return Float32Array.from({ length: 256 * channels }, (_, index) => {
    const channel = index >> 8;
    return ((index & 255) * rescale - (mean[channel] ?? 0)) / (std[channel] ?? 1);
  });
}
