/** Properties that hold for any aggregation, as assertions: a suite feeds them a function and inputs. */
import type { MethodUpdate, Rng } from "@fedtune/core";
import { expect } from "vitest";
import { expectClose, expectSameBits } from "./compare.ts";

/** One round as a function of its updates. */
export type Aggregation<Result> = (updates: readonly MethodUpdate[]) => Result;

/** Order of arrival changes no bit, given that the aggregation sorts as the engine does. */
export function permutationInvariant(
  aggregation: Aggregation<Float32Array>,
  updates: readonly MethodUpdate[],
  rng: Rng,
): void {
  expectSameBits(aggregation(rng.shuffle([...updates])), aggregation(updates), "shuffled results");
}

/** Unsorted, another order changes nothing beyond rounding. */
export function orderOnlyRounds(
  aggregation: Aggregation<ArrayLike<number>>,
  updates: readonly MethodUpdate[],
  rng: Rng,
): void {
  expectClose(aggregation(rng.shuffle([...updates])), aggregation(updates), 1e-6);
}

/** Multiplying all weights by `constant` changes nothing beyond rounding. */
export function scaleInvariant(
  aggregation: Aggregation<ArrayLike<number>>,
  updates: readonly MethodUpdate[],
  constant: number,
): void {
  const scaled = updates.map((update) => ({ ...update, weight: update.weight * constant }));
  expectClose(aggregation(scaled), aggregation(updates), 1e-6);
}

/** An update without weight changes no bit, whatever it says. */
export function ignoresZeroWeight(
  aggregation: Aggregation<Float32Array>,
  updates: readonly MethodUpdate[],
  idle: MethodUpdate,
): void {
  const joined = [...updates, { ...idle, weight: 0 }];
  expectSameBits(aggregation(joined), aggregation(updates), "results with an idle update");
}

/** `work` gives equal results twice and leaves its input as it was. Inputs and results must be structured-cloneable. */
export function pure<Input, Output>(work: (input: Input) => Output, input: Input): void {
  const before = structuredClone(input);
  const first = structuredClone(work(input));
  expect(input, "the input was changed").toStrictEqual(before);
  expect(work(input), "the same input gave another result").toStrictEqual(first);
}
