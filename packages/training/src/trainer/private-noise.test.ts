import { rngFromSeed } from "@fedtune/core";
import { describe, expect, test } from "vitest";
import {
  shuffledBatches,
  varianceForDeviation,
} from "../../../dp/src/test-support/planted-errors.ts";
import { looksPoisson, poissonEvidence } from "../../../dp/src/test-support/poisson-evidence.ts";
import { chiSquarePValue } from "../../../dp/src/test-support/statistics.ts";
import {
  examplesOf,
  layout,
  openRound,
  settingsOf,
  stream,
  trainedSize,
  trainingOf,
  update,
} from "../test-support/private-rounds.ts";
import type { PrivateRound } from "./private-steps.ts";
import { trainPrivately } from "./private-steps.ts";

describe("noise", () => {
  const variants = [0.5, 3].flatMap((noiseMultiplier) =>
    [{}, { grouping: "per-role" }, { hardened: true }].map((kind) => ({
      noiseMultiplier,
      ...kind,
    })),
  );
  const rounds = Array.from({ length: 40 }, (_, index) => index + 10);

  test.each(variants)(
    "[DP22] the update's variance is (noiseMultiplier * clipNorm / batchSize)^2: %j",
    async (changes) => {
      const settings = settingsOf({ ...changes, clipNorm: 2.5 });
      const deviation = (changes.noiseMultiplier * 2.5) / 8;
      const squares = (values: Float64Array) =>
        values.reduce((sum, v) => sum + (v / deviation) ** 2, 0);
      let [found, planted] = [0, 0];
      for (const seed of rounds) {
        const noise = stream(seed);
        found += squares(
          await update({ settings, examples: [], randomness: { noise, sampling: stream(1) } }),
        );
        const request = { length: trainedSize, standardDeviation: changes.noiseMultiplier * 2.5 };
        planted += squares(varianceForDeviation(stream(seed), request).map((value) => value / 8));
      }
      const p = (statistic: number) => chiSquarePValue(statistic, rounds.length * trainedSize);
      expect(p(found)).toBeGreaterThan(1e-4);
      expect(p(found)).toBeLessThan(1 - 1e-4);
      // A variance where the deviation belongs would be seen.
      expect(Math.min(p(planted), 1 - p(planted))).toBeLessThan(1e-4);
    },
  );

  test("[DP22] adaptive clipping makes room for its bits: z' = (z^-2 - (2 s)^-2)^(-1/2)", async () => {
    const adaptiveClipping = { clippedCountStddev: 1 };
    const settings = settingsOf({ noiseMultiplier: 1.2, adaptiveClipping });
    const deviation = (1.2 ** -2 - 0.25) ** -0.5 / 8;
    let statistic = 0;
    for (const seed of rounds) {
      const randomness = { noise: stream(seed), sampling: stream(1) };
      for (const value of await update({ settings, examples: [], randomness }))
        statistic += (value / deviation) ** 2;
    }
    const p = chiSquarePValue(statistic, rounds.length * trainedSize);
    expect(Math.min(p, 1 - p)).toBeGreaterThan(1e-4);
  });
});

describe("samples", () => {
  const population = 400;
  const rate = 0.1;
  const batches = 300;

  async function drawn(): Promise<Uint32Array[]> {
    const byStep: number[][] = [];
    const { round } = openRound({
      examples: examplesOf(population),
      settings: settingsOf({ samplingRate: rate }),
      training: trainingOf({ maxSteps: batches }),
      beforeStep: () => Promise.resolve(void byStep.push([])),
      gradientsOf(part) {
        byStep.at(-1)!.push(...part.map(({ label }) => label));
        return Promise.resolve({
          loss: 0,
          gradients: part.map(() => new Float32Array(trainedSize)),
        });
      },
    });
    await trainPrivately(round, new Float32Array(layout.size));
    return byStep.map((labels) => Uint32Array.from(labels));
  }

  test("[DP13] [DP22] every example enters every step on its own; shuffled batches would be found out", async () => {
    const sampling = { populationSize: population, samplingRate: rate };
    expect(looksPoisson(poissonEvidence(await drawn(), sampling))).toBe(true);
    const size = { batchSize: population * rate, batches };
    const planted = shuffledBatches(population, size, rngFromSeed(3));
    expect(looksPoisson(poissonEvidence(planted, sampling))).toBe(false);
  });
});

describe("adaptive clipping", () => {
  const settings = settingsOf({
    samplingRate: 1,
    noiseMultiplier: 1e-9,
    adaptiveClipping: { clippedCountStddev: 1e-6, clipNormLr: 0.2 },
  });
  const gradientsOf: PrivateRound["gradientsOf"] = (part) =>
    Promise.resolve({
      loss: 0,
      gradients: part.map(() => new Float32Array(trainedSize).fill(4 / Math.sqrt(trainedSize))),
    });

  test.each([false, true])(
    "[DP22] the clip norm moves towards the quantile (hardened %s) and starts anew with each round",
    async (hardened) => {
      const { round } = openRound({
        examples: examplesOf(8),
        gradientsOf,
        settings: hardened
          ? {
              ...settings,
              hardened,
              noiseMultiplier: 0.01,
              adaptiveClipping: { ...settings.adaptiveClipping!, clippedCountStddev: 0.05 },
            }
          : settings,
      });
      const norms = async (maxSteps: number) => {
        const values = new Float32Array(layout.size);
        await trainPrivately({ ...round, training: trainingOf({ maxSteps }) }, values);
        return Math.hypot(...values) / 0.5;
      };
      // Every norm is 4 and above the clip norm of 1: no bit is +1/2, and the clip norm grows by exp(0.2 * 0.5).
      const tolerance = hardened ? 1 : 4;
      expect(await norms(1)).toBeCloseTo(1, tolerance);
      expect(await norms(2)).toBeCloseTo(1 + Math.exp(0.1), tolerance);
      expect(await norms(1)).toBeCloseTo(1, tolerance);
    },
  );
});
