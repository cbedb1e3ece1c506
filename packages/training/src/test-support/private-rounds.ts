/** Private rounds over gradients that are known in advance: no model and no device. */
import { layoutOf, rngFromSeed, trainingSchema } from "@fedtune/core";
import type { TrainingSettings } from "@fedtune/core";
import { privacySchema, seededKeystream } from "@fedtune/dp";
import type { Keystream } from "@fedtune/dp";
import { expect } from "vitest";
import type { Example } from "../data/batch.ts";
import type { PrivateRound, RecordLevelSettings, StepProgress } from "../trainer/private-steps.ts";
import { trainPrivately } from "../trainer/private-steps.ts";

/** Two trained factors with a frozen one between them. */
export const layout = layoutOf([
  { name: "a", module: "m", role: "down", shape: [2, 40] },
  { name: "frozen", module: "m", role: "core", shape: [7] },
  { name: "b", module: "m", role: "up", shape: [30, 2] },
]);
const train = ["down", "up"] as const;
/** Their values. */
export const trainedSize = 140;

/** A keystream that a seed gives again. */
export const stream = (seed: number): Keystream => seededKeystream(rngFromSeed(seed));

/** Settings with their noise found. */
export function settingsOf(changes: object = {}): RecordLevelSettings {
  const settings = privacySchema.parse({
    mode: "record-level",
    samplingRate: 0.2,
    noiseMultiplier: 1,
    ...changes,
  });
  return settings as RecordLevelSettings;
}

/** Plain gradient descent. */
export function trainingOf(changes: object = {}): TrainingSettings {
  return trainingSchema.parse({
    batchSize: 8,
    learningRate: 0.5,
    maxSteps: 1,
    optimizer: { name: "sgd" },
    ...changes,
  });
}

/** Examples are numbered by their label. */
export const examplesOf = (count: number): Example[] =>
  Array.from({ length: count }, (_, label) => {
    const ids = new Int32Array(1 + (label % 5));
    return { ids, types: ids, label };
  });

/** A gradient that its example alone decides, of a norm that its example decides too. */
export function gradientOf({ label }: Example): Float32Array {
  const rng = rngFromSeed(label);
  const scale = 0.02 * 1.7 ** (label % 8);
  return Float32Array.from({ length: trainedSize }, () => scale * rng.normal());
}

/** A round with all that tests vary, and what it looked at. */
export function openRound(changes: Partial<PrivateRound> = {}) {
  const seen: number[][] = [];
  const steps: StepProgress[] = [];
  const round: PrivateRound = {
    layout,
    train,
    freezeZeros: [],
    training: trainingOf(),
    settings: settingsOf(),
    randomness: { noise: stream(1), sampling: stream(2) },
    examples: examplesOf(60),
    gradientsOf(part) {
      seen.push(part.map(({ label }) => label));
      return Promise.resolve({ loss: part.length, gradients: part.map(gradientOf) });
    },
    beforeStep: () => Promise.resolve(),
    afterStep: (progress) => steps.push(progress),
    ...changes,
  };
  return { round, seen, steps };
}

/** How far a round moves the trained values from zero, over the learning rate. */
export async function update(changes: Partial<PrivateRound> = {}): Promise<Float64Array> {
  const { round } = openRound(changes);
  const values = new Float32Array(layout.size);
  await trainPrivately(round, values);
  expect(values.subarray(80, 87)).toEqual(new Float32Array(7));
  const moved = [...values.subarray(0, 80), ...values.subarray(87)];
  return Float64Array.from(moved, (value) => -value / round.training.learningRate);
}

/** Euclidean distance. */
export const distance = (a: Float64Array, b: Float64Array): number =>
  Math.hypot(...a.map((value, i) => value - b[i]!));
