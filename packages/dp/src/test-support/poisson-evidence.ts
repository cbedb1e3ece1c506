/** Whether batches look like Poisson samples, which is what an accountant was told. */
import type { PoissonSampling } from "../poisson.ts";
import { chiSquarePValue } from "./statistics.ts";

/** Two p-values, each of one side or the other: near 0 there is too much spread, near 1 too little. */
export interface PoissonEvidence {
  /** Of the batch sizes around their expectation. */
  readonly sizes: number;
  /** Of how often each unit was drawn. */
  readonly inclusions: number;
}

/** Holds batches against independent inclusion at the sampling rate. */
export function poissonEvidence(
  batches: readonly Uint32Array[],
  { populationSize, samplingRate }: PoissonSampling,
): PoissonEvidence {
  const spread = samplingRate * (1 - samplingRate);
  const drawn = new Float64Array(populationSize);
  for (const batch of batches) for (const index of batch) drawn[index]! += 1;
  const expectedSize = populationSize * samplingRate;
  const sizes = batches.reduce((sum, { length }) => sum + (length - expectedSize) ** 2, 0);
  const expected = batches.length * samplingRate;
  const inclusions = drawn.reduce((sum, count) => sum + (count - expected) ** 2, 0);
  return {
    sizes: chiSquarePValue(sizes / (populationSize * spread), batches.length),
    inclusions: chiSquarePValue(inclusions / (batches.length * spread), populationSize),
  };
}

/** True when neither p-value is out at either end. */
export function looksPoisson({ sizes, inclusions }: PoissonEvidence): boolean {
  return [sizes, inclusions].every((p) => p > 0.001 && p < 0.999);
}
