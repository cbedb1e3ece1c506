/** What tests ask of gradients per example. */
import * as tf from "@tensorflow/tfjs";
import { expect } from "vitest";
import type { Compared, Pair } from "./example-oracle.ts";
import { compareWithBatchesOfOne } from "./example-oracle.ts";
import { goldenCheckpoint } from "./golden.ts";

/** Expects gradients per example to be those of batches of one, each its own example's; see {@link Compared}. */
export function expectOwn({ apart, mixedUp, idle }: Compared, tolerance: number): void {
  expect(apart).toBeLessThan(tolerance);
  expect(mixedUp).toBeGreaterThan(0.1);
  expect(idle).toEqual([]);
}

/** As {@link expectOwn}, on the current backend, on which no tensor is left. */
export async function expectAsAlone(pair: Pair, tolerance: number): Promise<void> {
  const before = tf.memory().numTensors;
  expectOwn(await compareWithBatchesOfOne(pair, goldenCheckpoint), tolerance);
  expect(tf.memory().numTensors).toBe(before);
}
