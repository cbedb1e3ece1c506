/** Parity work as JSON: typed arrays become arrays, whose float32 values survive. */
import type { BrowserBackendOptions, ChosenBrowserBackend } from "@fedtune/training/browser";
import type { Compared } from "../../../../../packages/training/src/test-support/example-oracle.ts";
import type { ParityCase, ParityExtent, ParityResult } from "./parity-work.ts";

type Plain<T> = T extends Float32Array | Int32Array
  ? readonly number[]
  : T extends readonly unknown[] | string | number | boolean | null | undefined
    ? T
    : { readonly [Key in keyof T]: Plain<T[Key]> };

/** A case. */
export type PlainCase = Plain<ParityCase>;
/** A result. */
export type PlainResult = Plain<ParityResult>;

/** What is wanted of one backend. */
export interface ParityRequest {
  readonly backend: BrowserBackendOptions;
  readonly cases: readonly PlainCase[];
  readonly extent: ParityExtent;
}

/** What came of it; `unavailable` says why the backend is not there. */
export type ParityAnswer =
  | { readonly unavailable: string }
  | {
      readonly unavailable?: never;
      readonly chosen: ChosenBrowserBackend;
      readonly kernels: readonly (readonly [name: string, values: readonly number[]])[];
      readonly results: readonly PlainResult[];
      /** In the order of the pairs. */
      readonly compared: readonly Compared[];
    };

/** Takes typed arrays out. */
export function plainCase({ start, batch, ...rest }: ParityCase): PlainCase {
  const { ids, types, mask, labels, completions: _, ...sizes } = batch;
  const arrays = { ids: [...ids], types: [...types], mask: [...mask], labels: [...labels] };
  return { ...rest, start: [...start], batch: { ...sizes, ...arrays, completions: null } };
}

/** Puts them back. */
export function revivedCase({ start, batch, ...rest }: PlainCase): ParityCase {
  return {
    ...rest,
    start: Float32Array.from(start),
    batch: {
      ...batch,
      ids: Int32Array.from(batch.ids),
      types: Int32Array.from(batch.types),
      mask: Float32Array.from(batch.mask),
      labels: Int32Array.from(batch.labels),
      completions: null,
    },
  };
}

/** Takes typed arrays out. */
export function plainResult({ logits, loss, gradient, runs }: ParityResult): PlainResult {
  const plainRuns = Object.entries(runs).map(([name, { losses, parameters }]) => [
    name,
    { losses, parameters: [...parameters] },
  ]);
  return {
    ...{ loss, logits: [...logits], gradient: [...gradient] },
    runs: Object.fromEntries(plainRuns) as PlainResult["runs"],
  };
}
