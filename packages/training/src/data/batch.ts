/** Padding examples to a common length, and the order in which a round sees them. */
import type { Rng } from "@fedtune/core";
import type { ImageBatch, ImageExample } from "./image-batch.ts";

/** One tokenised text. */
export interface TextExample {
  readonly ids: Int32Array;
  /** Token types, as long as `ids`. */
  readonly types: Int32Array;
  /** Index into the task's labels; 0 where there are none. */
  readonly label: number;
  /** Of a language model: 1 for every token that is to be predicted from those before it; the first is 0. */
  readonly predicted?: Uint8Array;
}

/** One example of a task. */
export type Example = TextExample | ImageExample;

/** How long an example is, in tokens of its text; 1 for an image, since all have one size. */
export function lengthOf(example: Example): number {
  return "ids" in example ? example.ids.length : 1;
}

/** What a language model is to predict in a batch; arrays of one length. */
export interface Completions {
  /** Places of the tokens before, in `[batch * length]`. */
  readonly rows: Int32Array;
  readonly targets: Int32Array;
  /** 1 / (predicted tokens of the same example): an example's loss is the mean over its own. */
  readonly weights: Float32Array;
}

/** A padded batch of texts on the host. */
export interface PaddedBatch {
  readonly batch: number;
  readonly length: number;
  /** `[batch * length]`. */
  readonly ids: Int32Array;
  /** `[batch * length]`. */
  readonly types: Int32Array;
  /** 1 for tokens, 0 for padding; `[batch * length]`. */
  readonly mask: Float32Array;
  /** `[batch]`. */
  readonly labels: Int32Array;
  /** Null: the examples have labels. */
  readonly completions: Completions | null;
  /** Tokens without padding. */
  readonly tokens: number;
}

/** A batch of either kind, as the trainer takes it. */
export type HostBatch = PaddedBatch | ImageBatch;

/** How texts are padded. */
export interface Padding {
  readonly padId: number;
  readonly maxTokens: number;
  /** Lengths are multiples of it; default 1. More makes fewer shapes, each of which some backends compile programs for. */
  readonly multiple?: number;
}

/** Pads at the end to the longest example, rounded up to a multiple but not above `maxTokens`. */
export function padBatch(examples: readonly TextExample[], options: Padding): PaddedBatch {
  const { multiple = 1, maxTokens } = options;
  const longest = examples.reduce((length, { ids }) => Math.max(length, ids.length), 1);
  const rounded = Math.ceil(longest / multiple) * multiple;
  const length = Math.max(longest, Math.min(rounded, maxTokens));
  const ids = new Int32Array(examples.length * length).fill(options.padId);
  const types = new Int32Array(ids.length);
  const mask = new Float32Array(ids.length);
  examples.forEach((example, row) => {
    ids.set(example.ids, row * length);
    types.set(example.types, row * length);
    mask.fill(1, row * length, row * length + example.ids.length);
  });
  const tokens = examples.reduce((sum, example) => sum + example.ids.length, 0);
  return {
    batch: examples.length,
    length,
    ids,
    types,
    mask,
    labels: Int32Array.from(examples, ({ label }) => label),
    completions: completionsOf(examples, length),
    tokens,
  };
}

function completionsOf(examples: readonly TextExample[], length: number): Completions | null {
  if (examples.every(({ predicted }) => predicted === undefined)) return null;
  const found: { row: number; target: number; weight: number }[] = [];
  examples.forEach(({ ids, predicted = new Uint8Array() }, example) => {
    const weight = 1 / predicted.reduce((sum, one) => sum + one, 0);
    predicted.forEach((one, place) => {
      const row = example * length + place - 1;
      if (one === 1) found.push({ row, target: ids[place] ?? 0, weight });
    });
  });
  return {
    rows: Int32Array.from(found, ({ row }) => row),
    targets: Int32Array.from(found, ({ target }) => target),
    weights: Float32Array.from(found, ({ weight }) => weight),
  };
}

/** How many batches are sorted together: enough to make lengths alike, few enough to keep batches different each epoch. */
const BATCHES_PER_BUCKET = 16;

/**
 * One epoch's batches of example indices: shuffled, grouped by length, in random order; every example once.
 *
 * Examples are shuffled, cut into buckets, sorted by length within each bucket and cut into batches, whose order is
 * shuffled in turn. All draws come from `rng`.
 */
export function epochBatches(
  lengths: readonly number[],
  batchSize: number,
  rng: Rng,
): readonly (readonly number[])[] {
  const order = rng.shuffle(lengths.map((_, index) => index));
  const batches: number[][] = [];
  for (const bucket of chunks(order, batchSize * BATCHES_PER_BUCKET)) {
    bucket.sort((a, b) => (lengths[a] ?? 0) - (lengths[b] ?? 0));
    batches.push(...chunks(bucket, batchSize));
  }
  return rng.shuffle(batches);
}

/** Batches for evaluation: longest first, so that memory is claimed at once. */
export function sortedBatches(
  lengths: readonly number[],
  batchSize: number,
): readonly (readonly number[])[] {
  const order = lengths
    .map((_, index) => index)
    .sort((a, b) => (lengths[b] ?? 0) - (lengths[a] ?? 0));
  return chunks(order, batchSize);
}

/** Consecutive parts of at most `size` items. */
export function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
