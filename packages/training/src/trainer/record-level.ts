/** Record-level privacy as a job asks for it: settings, randomness, and what of a private round may be told. */
import type { Entropy, Metrics, Rng, TrainJob, TrainResult } from "@fedtune/core";
import { FedtuneError, inputError, parseInput } from "@fedtune/core";
import {
  privacyIssues,
  privacySchema,
  recordLevelEvents,
  recordLevelIssues,
  seededKeystream,
  systemKeystream,
} from "@fedtune/dp";
import type { Example } from "../data/batch.ts";
import { exampleGradients, paddedFor } from "./gradient.ts";
import type { ExampleGradients } from "./gradient.ts";
import type { LocalRound } from "./local-steps.ts";
import type { PrivateRandomness, RecordLevelSettings, PrivateTotals } from "./private-steps.ts";
import { trainPrivately } from "./private-steps.ts";

/**
 * The settings of a job with record-level privacy; null where the trainer has nothing to do for privacy.
 *
 * @throws FedtuneError `config-invalid` for settings that do not parse, contradict each other, or leave the noise open
 */
export function recordLevelOf({
  privacy,
  training,
}: Pick<TrainJob, "privacy" | "training">): RecordLevelSettings | null {
  if (privacy.mode !== "record-level") return null;
  const what = "the privacy settings of a training job";
  const settings = parseInput(privacySchema, privacy, { what, field: "privacy" });
  if (settings.mode !== "record-level") return null;
  const issues = [...privacyIssues(settings), ...recordLevelIssues(settings, training)];
  const { noiseMultiplier } = settings;
  if (noiseMultiplier === null) {
    const wanted = "a number: the noise is found before training";
    issues.push({ field: "privacy.noiseMultiplier", value: null, wanted });
  }
  if (issues.length > 0 || noiseMultiplier === null) throw inputError(issues, { what });
  return { ...settings, noiseMultiplier };
}

/**
 * Where a round's noise and samples come from: the operating system, or the job's own stream where the settings say that
 * nobody is to be protected.
 *
 * @throws FedtuneError `config-invalid` when secure noise is asked for and there is no source of it
 */
function openRandomness(
  { noise }: Pick<RecordLevelSettings, "noise">,
  { entropy, rng }: { readonly entropy: Entropy | undefined; readonly rng: Rng },
): PrivateRandomness {
  if (noise === "seeded") {
    const stream = (use: string) => seededKeystream(rng.fork(`privacy/${use}`));
    return { noise: stream("noise"), sampling: stream("sampling") };
  }
  if (entropy === undefined) {
    throw new FedtuneError(
      "config-invalid",
      'Cannot train with privacy.noise "secure": this trainer was given no entropy, wanted the operating system\'s',
    );
  }
  const system = systemKeystream(entropy);
  return { noise: system, sampling: system };
}

/** What a private round needs beside its settings. */
export interface RecordLevelOptions {
  readonly settings: RecordLevelSettings;
  readonly entropy: Entropy | undefined;
  /** Since the job began. */
  readonly seconds: () => number;
}

/** Trains a round with record-level privacy, on the device; what it tells of data is what the settings release. */
export async function trainRecordLevel(
  round: LocalRound,
  values: Float32Array,
  { settings, entropy, seconds }: RecordLevelOptions,
): Promise<Pick<TrainResult, "metrics" | "privacyEvents">> {
  const { rng } = round;
  const totals = await trainPrivately(
    {
      ...round,
      settings,
      randomness: openRandomness(settings, { entropy, rng }),
      gradientsOf: (part, at) => gradientsOf(round, part, at),
      afterStep({ done, total, loss, seen }) {
        const mayTell = settings.metrics === "release" && seen > 0;
        round.afterStep({ done, total, ...(mayTell ? { loss: loss / seen } : {}) });
      },
    },
    values,
  );
  return {
    metrics: privateMetrics(settings, totals, seconds()),
    privacyEvents: recordLevelEvents(settings, totals.steps),
  };
}

/** Gradients of examples, in parts that the memory holds: no example's depends on which others are beside it. */
function gradientsOf(
  { model, binding, memory, read }: LocalRound,
  examples: readonly Example[],
  values: Float32Array,
): Promise<ExampleGradients> {
  return memory.inParts(examples, null, async (parts) => {
    let loss = 0;
    const gradients: Float32Array[] = [];
    for (const part of parts) {
      const batch = paddedFor(model, part);
      const found = await exampleGradients({ model, binding, batch, read }, values);
      loss += found.loss;
      gradients.push(...found.gradients);
    }
    return { loss, gradients };
  });
}

/**
 * Metrics of a private round: its public number of steps, and what was seen of data only where the settings release it;
 * `loss` is missing when no example was.
 */
function privateMetrics(
  { metrics }: Pick<RecordLevelSettings, "metrics">,
  { steps, facts }: PrivateTotals,
  seconds: number,
): Metrics {
  if (metrics === "withhold") return { steps };
  const { loss, seen, tokens, examples, clipped, notFinite } = facts;
  return {
    ...(seen > 0 ? { loss: loss / seen } : {}),
    ...(examples > 0
      ? { clippedShare: clipped / examples, notFiniteShare: notFinite / examples }
      : {}),
    steps,
    tokens,
    seconds,
  };
}
