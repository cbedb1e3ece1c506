/**
 * Least squares over a whole adapter: each client wants its own weight change, head and magnitude. Strongly convex in
 * the weight change, which is affine in every single value of the adapter: a difference is an exact derivative.
 */
import { rngFromSeed } from "@fedtune/core";
import type { Rng } from "@fedtune/core";
import type { MethodBench } from "./bench.ts";
import { tierIn } from "./bench.ts";
import type { ToyClient, ToyTraining } from "./client.ts";
import { effectOf, remembered } from "./product.ts";
import type { HeldAdapter } from "./product.ts";

/** A training task for toy clients. */
export interface ToyProblem {
  /** Half the squared distance to the client's target. */
  loss(client: Pick<ToyClient, "index" | "rank">, adapter: HeldAdapter): number;
  /** Gradient descent on the roles that the plan trains. */
  train(roles: readonly string[]): ToyTraining;
}

/** How a toy client trains. */
export interface ToySettings {
  readonly steps: number;
  readonly learningRate: number;
  /** Standard deviation of a client's target around the common one, which has deviation 1. */
  readonly spread: number;
}

/** Targets from a fixed seed: a common one, and each client's own around it. */
export function toyProblem(
  bench: MethodBench,
  { steps, learningRate, spread }: ToySettings = { steps: 2, learningRate: 0.02, spread: 0.3 },
): ToyProblem {
  const targets = new Map<string, Float64Array>();
  const targetOf = (index: number, size: number): Float64Array => {
    const key = `${String(index)} of ${String(size)}`;
    const own = rngFromSeed(`target of client ${String(index)}`);
    const common = rngFromSeed("target of all");
    const draw = () =>
      Float64Array.from({ length: size }, () => common.normal() + spread * own.normal());
    return remembered(targets, key, draw);
  };
  const errorOf = ({ index, rank }: Pick<ToyClient, "index" | "rank">, adapter: HeldAdapter) => {
    const reached = effectOf(bench.modules, tierIn(bench.context.tiers, rank), adapter);
    const target = targetOf(index, reached.length);
    return reached.map((value, i) => value - target[i]!);
  };
  const gradientOf = (client: ToyClient, values: Float64Array, indices: readonly number[]) => {
    const at = { values, residuals: client.residuals };
    const error = errorOf(client, at);
    return indices.map((i) => {
      const middle = values[i]!;
      values[i] = middle + 1;
      const moved = errorOf(client, at);
      values[i] = middle;
      return error.reduce((sum, value, j) => sum + value * (moved[j]! - value), 0);
    });
  };
  const train: ToyProblem["train"] = (roles) => (client, start) => {
    const values = Float64Array.from(start);
    const { factors } = tierIn(bench.context.tiers, client.rank).layout;
    const indices = factors
      .filter(({ role }) => roles.includes(role))
      .flatMap(({ offset, size }) => Array.from({ length: size }, (_, i) => offset + i));
    for (let step = 0; step < steps; step++) {
      const gradient = gradientOf(client, values, indices);
      for (const [j, i] of indices.entries()) values[i]! -= learningRate * gradient[j]!;
    }
    return Float32Array.from(values);
  };
  const loss: ToyProblem["loss"] = (client, adapter) =>
    errorOf(client, adapter).reduce((sum, value) => sum + value * value, 0) / 2;
  return { loss, train };
}

/** Training that moves every trained role by seeded noise: updates without a meaning. */
export function randomTraining(
  bench: MethodBench,
  roles: readonly string[],
  rng: Rng,
): ToyTraining {
  return ({ rank }, start) => {
    const { layout } = tierIn(bench.context.tiers, rank);
    const values = start.slice();
    for (const { role, offset, size } of layout.factors) {
      if (!roles.includes(role)) continue;
      for (let i = offset; i < offset + size; i++) values[i]! += 0.3 * rng.normal();
    }
    return values;
  };
}
