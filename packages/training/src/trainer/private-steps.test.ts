import { describe, expect, test } from "vitest";
import {
  distance,
  examplesOf,
  gradientOf,
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

describe("steps", () => {
  test("[DP21] their number is public: as many as an example takes to be seen, whatever there is", async () => {
    const training = trainingOf({ localEpochs: 2, maxSteps: null });
    const settings = settingsOf({ samplingRate: 0.3 });
    for (const count of [0, 1, 60]) {
      const { round, steps } = openRound({ training, settings, examples: examplesOf(count) });
      const { steps: taken, facts } = await trainPrivately(round, new Float32Array(layout.size));
      expect(taken).toBe(8);
      expect(steps.map(({ done, total }) => [done, total])).toEqual(
        Array.from({ length: 8 }, (_, i) => [i + 1, 8]),
      );
      if (count === 0) expect(facts).toMatchObject({ examples: 0, seen: 0, tokens: 0 });
    }
  });

  test("[DP21] a step without examples is a step of noise", async () => {
    const moved = await update({ examples: [] });
    expect(moved.every((value) => value !== 0)).toBe(true);
  });

  test("[DP21] all noise of a step is drawn before its data is looked at", async () => {
    const order: string[] = [];
    const noise = stream(1);
    const { round } = openRound({
      settings: settingsOf({ samplingRate: 1, adaptiveClipping: {}, noiseMultiplier: 0.5 }),
      training: trainingOf({ maxSteps: 2 }),
    });
    const randomness = {
      sampling: stream(2),
      noise: {
        secure: false,
        fill(words: Uint32Array) {
          order.push("noise");
          noise.fill(words);
        },
      },
    };
    const gradientsOf: PrivateRound["gradientsOf"] = (...all) => {
      order.push("data");
      return round.gradientsOf(...all);
    };
    await trainPrivately({ ...round, randomness, gradientsOf }, new Float32Array(layout.size));
    const once = [
      ...Array.from({ length: 2 }, () => "noise"),
      ...Array.from({ length: 8 }, () => "data"),
    ];
    expect(order).toEqual([...once, ...once]);
  });

  test("an abort stops before the next step", async () => {
    const { round, steps } = openRound({ training: trainingOf({ maxSteps: 5 }) });
    const beforeStep = () =>
      steps.length < 2 ? Promise.resolve() : Promise.reject(new Error("stop"));
    await expect(
      trainPrivately({ ...round, beforeStep }, new Float32Array(layout.size)),
    ).rejects.toThrow("stop");
    expect(steps).toHaveLength(2);
  });
});

describe("what is added", () => {
  /** Noise far below anything else; the settings of a run would not allow it. */
  const quiet = { noiseMultiplier: 1e-9, samplingRate: 1 };

  test("[DP22] without noise and clipping, the sum of the sample over batchSize and not over its size", async () => {
    const moved = await update({ settings: settingsOf({ ...quiet, clipNorm: 1000 }) });
    const wanted = new Float64Array(trainedSize);
    for (const example of examplesOf(60))
      gradientOf(example).forEach((g, i) => (wanted[i]! += g / 8));
    expect(distance(moved, wanted) / Math.hypot(...wanted)).toBeLessThan(1e-4);
  });

  test.each([{ grouping: "flat" }, { grouping: "per-role" }, { hardened: true }])(
    "[DP12] [DP22] no example moves the update by more than clipNorm / batchSize: %j",
    async (changes) => {
      const settings = settingsOf({
        ...changes,
        samplingRate: 1,
        clipNorm: 0.5,
        noiseMultiplier: 1,
      });
      const units = [
        ...examplesOf(20).map((example) => ({ example, gradient: gradientOf(example) })),
        ...[Number.NaN, Infinity, 3e38, 0].map((value, i) => ({
          example: examplesOf(30)[20 + i]!,
          gradient: new Float32Array(trainedSize).fill(value, 0, 3),
        })),
      ];
      const updateOf = (kept: typeof units) =>
        update({
          settings,
          examples: kept.map(({ example }) => example),
          gradientsOf: (part) =>
            Promise.resolve({
              loss: Number.NaN,
              gradients: part.map(
                ({ label }) => kept.find(({ example }) => example.label === label)!.gradient,
              ),
            }),
        });
      const whole = await updateOf(units);
      const moves: number[] = [];
      for (const left of units.keys())
        moves.push(distance(whole, await updateOf(units.filter((_, index) => index !== left))));
      // Values of an update are float32, and lie on a grid of 2^-21.
      expect(Math.max(...moves)).toBeLessThan(0.5 / 8 + 1e-5);
      expect(Math.max(...moves)).toBeGreaterThan(0.99 * (0.5 / 8));
      // NaN and infinity add nothing; a huge one is clipped as any other.
      expect(moves[20]).toBe(0);
      expect(moves[21]).toBe(0);
      expect(moves[22]).toBeGreaterThan(0.04);
    },
  );

  test("examples that are not finite are counted in private, and leave the loss as it is", async () => {
    const { round } = openRound({
      settings: settingsOf({ samplingRate: 1 }),
      training: trainingOf({ microBatchSize: 1 }),
      examples: examplesOf(10),
    });
    const gradientsOf: PrivateRound["gradientsOf"] = (part) => {
      const value = part[0]!.label < 3 ? Number.NaN : 1;
      return Promise.resolve({
        loss: value,
        gradients: [new Float32Array(trainedSize).fill(value)],
      });
    };
    const { facts } = await trainPrivately(
      { ...round, gradientsOf },
      new Float32Array(layout.size),
    );
    expect(facts).toMatchObject({ examples: 10, notFinite: 3, clipped: 7, loss: 7, seen: 7 });
  });

  test.each([1, 3, 60])(
    "[DP22] micro-batches of %i change neither sample nor noise, and the update by rounding alone",
    async (microBatchSize) => {
      const settings = settingsOf({
        samplingRate: 0.5,
        adaptiveClipping: {},
        noiseMultiplier: 0.5,
      });
      const run = (changes: object) =>
        update({ settings, training: trainingOf({ maxSteps: 6, ...changes }) });
      const whole = await run({});
      expect(distance(await run({ microBatchSize }), whole) / Math.hypot(...whole)).toBeLessThan(
        1e-6,
      );
    },
  );

  test("micro-batches are no larger than asked for, and texts of like length come together", async () => {
    const { round, seen } = openRound({
      settings: settingsOf({ samplingRate: 1 }),
      training: trainingOf({ microBatchSize: 7 }),
    });
    await trainPrivately(round, new Float32Array(layout.size));
    expect(seen.map(({ length }) => length)).toEqual([7, 7, 7, 7, 7, 7, 7, 7, 4]);
    const lengths = seen.flat().map((label) => label % 5);
    expect(lengths).toEqual(lengths.toSorted((a, b) => b - a));
  });
});
