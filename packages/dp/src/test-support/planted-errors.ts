/** Errors that real libraries shipped, kept so that tests can show that they would be found. */
import type { Draws } from "../noise/draws.ts";
import { gaussianNoise } from "../noise/gaussian.ts";
import type { NoiseRequest } from "../noise/gaussian.ts";
import type { Keystream } from "../noise/keystream.ts";

/** Noise whose deviation is the wanted variance. Invisible at a deviation of 0 or 1. */
export function varianceForDeviation(keystream: Keystream, request: NoiseRequest): Float64Array {
  const standardDeviation = request.standardDeviation ** 2;
  return gaussianNoise(keystream, { ...request, standardDeviation });
}

/** Batches of a fixed size out of one shuffle after the other, which data loaders make and accountants call Poisson. */
export function shuffledBatches(
  populationSize: number,
  { batchSize, batches }: { readonly batchSize: number; readonly batches: number },
  draws: Draws,
): Uint32Array[] {
  const order = Uint32Array.from({ length: populationSize }, (_, index) => index);
  const made: Uint32Array[] = [];
  for (let at = populationSize; made.length < batches; at += batchSize) {
    if (at + batchSize > populationSize) {
      for (let last = populationSize - 1; last > 0; last--) {
        const other = draws.below(last + 1);
        const kept = order[last]!;
        order[last] = order[other]!;
        order[other] = kept;
      }
      at = 0;
    }
    made.push(order.slice(at, at + batchSize));
  }
  return made;
}

/** The first `batchSize` units: without one of them another takes its place, so two units' worth moves, not one. */
export function swappingBatch<Unit>(units: readonly Unit[], batchSize: number): readonly Unit[] {
  return units.slice(0, batchSize);
}
