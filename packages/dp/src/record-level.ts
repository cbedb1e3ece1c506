/** What record-level DP-SGD will do in one round, from settings alone: it can be charged before any work is done. */
import type { InputIssue, TrainingSettings } from "@fedtune/core";
import { defaultBitDeviation, updateNoiseMultiplier } from "./clip/adaptive.ts";
import { parseEvents } from "./events.ts";
import type { PrivacyEvent } from "./events.ts";
import type { RecordLevelPrivacy } from "./privacy-settings.ts";

/** The settings of a round that cost privacy or change what it costs. */
export type PlannedTraining = Pick<
  TrainingSettings,
  "localEpochs" | "maxSteps" | "batchSize" | "maxGradNorm"
>;

/** How much noise a step adds, relative to what one example can change. */
export interface StepNoise {
  /** For the sum of clipped gradients; above the settings' where the bits of adaptive clipping take their share. */
  readonly noiseMultiplier: number;
  /** Deviation of the noise on the sum of bits of adaptive clipping; null without it. */
  readonly bitDeviation: number | null;
}

/** Beyond it the noise of the hardened mode leaves the exact range of its sampler: 2^26 units, of 2^20 to the clip norm. */
const MOST_HARDENED_NOISE = 60;
/** The same of the noise on bits, of which one has 2^12 units. */
const MOST_HARDENED_BIT_DEVIATION = 10_000;

/**
 * Optimiser steps of a round: `maxSteps`, or so many that an example enters `localEpochs` of them on average, rounded up
 * per epoch. It does not depend on how many examples a client has, which is private.
 */
export function plannedSteps(
  { samplingRate }: Pick<RecordLevelPrivacy, "samplingRate">,
  { localEpochs, maxSteps }: Pick<PlannedTraining, "localEpochs" | "maxSteps">,
): number {
  return maxSteps ?? localEpochs * Math.ceil(1 / samplingRate);
}

/**
 * The ledger rows of one round, before it begins.
 *
 * @throws FedtuneError `config-invalid` when the noise is still to be found or a number is beyond what accountants take
 */
export function plannedEvents(
  settings: RecordLevelPrivacy,
  training: PlannedTraining,
): readonly PrivacyEvent[] {
  return recordLevelEvents(settings, plannedSteps(settings, training));
}

/** The ledger rows of `steps` steps. @throws FedtuneError `config-invalid` as {@link plannedEvents} */
export function recordLevelEvents(
  { samplingRate, noiseMultiplier }: RecordLevelPrivacy,
  steps: number,
): readonly PrivacyEvent[] {
  const event = { mechanism: "poisson-gaussian", samplingRate, noiseMultiplier, steps };
  return parseEvents([event], "the steps of record-level privacy");
}

/**
 * How the noise of a step is split between gradients and the bits of adaptive clipping, so that both releases together
 * cost what `noiseMultiplier` alone does. Without a deviation of their own the bits get a twentieth of `batchSize`.
 *
 * @throws RangeError when nothing is left for the gradients: see {@link recordLevelIssues}
 */
export function stepNoise(
  { adaptiveClipping }: Pick<RecordLevelPrivacy, "adaptiveClipping">,
  noiseMultiplier: number,
  { batchSize }: Pick<PlannedTraining, "batchSize">,
): StepNoise {
  if (adaptiveClipping === null) return { noiseMultiplier, bitDeviation: null };
  const bitDeviation = adaptiveClipping.clippedCountStddev ?? defaultBitDeviation(batchSize);
  return { noiseMultiplier: updateNoiseMultiplier(noiseMultiplier, bitDeviation), bitDeviation };
}

/** What of a run's training does not go together with its record-level privacy; empty when all of it does. */
export function recordLevelIssues(
  settings: RecordLevelPrivacy,
  training: PlannedTraining,
): readonly InputIssue[] {
  const rules = [gradNormIssue, bitsIssue, hardenedIssue];
  return rules.map((rule) => rule(settings, training)).filter((found) => found !== null);
}

type Rule = (settings: RecordLevelPrivacy, training: PlannedTraining) => InputIssue | null;

const gradNormIssue: Rule = (_, { maxGradNorm }) =>
  maxGradNorm === null
    ? null
    : {
        field: "training.maxGradNorm",
        value: maxGradNorm,
        wanted:
          "null with record-level privacy: privacy.clipNorm bounds each example, and what is released is mostly noise",
        fix: { value: null },
      };

/** Settings that say how much noise there is and on what it is drawn. */
type NoiseSettings = Pick<RecordLevelPrivacy, "adaptiveClipping" | "noiseMultiplier" | "hardened">;
type NoiseRule = (
  settings: NoiseSettings,
  training: Pick<PlannedTraining, "batchSize">,
) => InputIssue | null;

const bitsIssue: NoiseRule = ({ adaptiveClipping, noiseMultiplier }, { batchSize }) => {
  if (adaptiveClipping === null || noiseMultiplier === null) return null;
  const deviation = adaptiveClipping.clippedCountStddev ?? defaultBitDeviation(batchSize);
  if (noiseMultiplier < 2 * deviation) return null;
  const wanted = `below ${2 * deviation}, twice the deviation of the noise on the clipped count`;
  return { field: "privacy.noiseMultiplier", value: noiseMultiplier, wanted };
};

/** Noise beyond the range of the hardened mode; `batchSize` is what the bits of adaptive clipping are divided by. */
export const hardenedIssue: NoiseRule = (settings, training) => {
  const { hardened, noiseMultiplier } = settings;
  if (!hardened || noiseMultiplier === null || bitsIssue(settings, training) !== null) return null;
  const found = stepNoise(settings, noiseMultiplier, training);
  if ((found.bitDeviation ?? 0) > MOST_HARDENED_BIT_DEVIATION) {
    const wanted = `at most ${MOST_HARDENED_BIT_DEVIATION} with hardened`;
    const field = "privacy.adaptiveClipping.clippedCountStddev";
    return { field, value: found.bitDeviation, wanted };
  }
  if (found.noiseMultiplier <= MOST_HARDENED_NOISE) return null;
  const wanted = `at most ${MOST_HARDENED_NOISE} with hardened, the range of its integer noise`;
  return { field: "privacy.noiseMultiplier", value: found.noiseMultiplier, wanted };
};
