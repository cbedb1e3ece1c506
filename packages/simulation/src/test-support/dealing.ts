/** Dealing labels and counting what came of it, for tests of partitions. */
import { parseInput, rngFromSeed } from "@fedtune/core";
import { describePartition } from "../partition/describe.ts";
import { partition } from "../partition/partition.ts";
import type { Partition } from "../partition/partition.ts";
import { partitionSchema } from "../partition/registry.ts";
import type { PartitionConfig } from "../partition/registry.ts";

/** A partition config as a run has it. */
export const parse = (input: unknown): PartitionConfig =>
  parseInput(partitionSchema, input, { what: "the partition" });

/** Deals rows of the given labels; the column `client` has five values. */
export function deal(
  labels: readonly number[],
  config: unknown,
  options: { readonly clients: number | null; readonly seed?: string | number },
): Partition {
  const columns = { client: labels.map((label, row) => String((label * 7 + row) % 5)) };
  const { clients, seed = 1 } = options;
  return partition({ labels, columns }, { config: parse(config), clients, rng: rngFromSeed(seed) });
}

/** Labels 0 to classes - 1, `each` rows of each, interleaved. */
export const balanced = (classes: number, each: number): number[] =>
  Array.from({ length: classes * each }, (_, row) => row % classes);

/** Share of each label in each client, `[clients][labels]`. */
export function labelShares(
  dealt: Partition,
  labels: readonly number[],
  count: number,
): number[][] {
  const { clients } = describePartition(dealt, labels, count);
  return clients.map(({ rows, perLabel }) => perLabel.map((n) => n / rows));
}

/** Arithmetic mean. */
export const meanOf = (values: readonly number[]): number =>
  values.reduce((a, b) => a + b, 0) / values.length;
/** Mean squared distance from the mean. */
export const varianceOf = (values: readonly number[]): number => {
  const mean = meanOf(values);
  return meanOf(values.map((x) => (x - mean) ** 2));
};
/** Of one share of a symmetric Dirichlet vector. */
export const dirichletVariance = (alpha: number, size: number): number =>
  ((1 / size) * (1 - 1 / size)) / (size * alpha + 1);
