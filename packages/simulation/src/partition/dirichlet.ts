import type { Rng } from "@fedtune/core";
import { logGammaDraw } from "./gamma.ts";

/**
 * One draw from the symmetric Dirichlet distribution: `size` shares >= 0 that sum to 1.
 *
 * Mean 1/size, variance (1/size)(1 - 1/size) / (size alpha + 1). Small alpha: nearly all in one share.
 */
export function dirichletDraw(alpha: number, size: number, rng: Rng): number[] {
  const logs = Array.from({ length: size }, () => logGammaDraw(alpha, rng));
  const largest = logs.reduce((a, b) => Math.max(a, b), -Infinity);
  const weights = logs.map((log) => Math.exp(log - largest));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}
