import { rngFromSeed } from "@fedtune/core";
import { seededKeystream } from "@fedtune/dp";
import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import type * as Gaussian from "../../../dp/src/noise/gaussian.ts";
import { chooseBackend } from "../backends/node-choose.ts";
import type { Checkpoint } from "../models/checkpoint.ts";
import { goldenCheckpoint } from "../test-support/golden.ts";
import { settingsOf } from "../test-support/private-rounds.ts";
import type { InputAudit } from "./input-canaries.ts";
import { auditInputCanaries } from "./input-canaries.ts";

/** Noise in the real code is divided by it. */
const planted = vi.hoisted(() => ({ divisor: 1 }));

vi.mock("../../../dp/src/noise/gaussian.ts", async (original) => {
  const real = await original<typeof Gaussian>();
  const gaussianNoise: typeof real.gaussianNoise = (keystream, { length, standardDeviation }) =>
    real.gaussianNoise(keystream, {
      length,
      standardDeviation: standardDeviation / planted.divisor,
    });
  return { ...real, gaussianNoise };
});

let checkpoint: Checkpoint;

beforeAll(async () => {
  await chooseBackend("wasm", { threads: 1 });
  checkpoint = await goldenCheckpoint("tiny-bert");
});
afterEach(() => {
  planted.divisor = 1;
});

function audit(seed: string, changes: Partial<InputAudit> = {}) {
  const stream = (use: string) => rngFromSeed(`${use} ${seed}`);
  return auditInputCanaries({
    checkpoint,
    settings: settingsOf({ samplingRate: 0.5, noiseMultiplier: 4, delta: 1e-5 }),
    steps: 6,
    confidence: 0.95,
    canaries: 256,
    coins: stream("coins"),
    rng: stream("canaries"),
    randomness: {
      noise: seededKeystream(stream("noise")),
      sampling: seededKeystream(stream("sampling")),
    },
    ...changes,
  });
}

test.each(["a", "b", "c"])(
  "[DP20] [DP22] a tiny model's private steps certify no more than their claim (seed %s)",
  async (seed) => {
    const { certified, claimedEpsilon, canaries, holds } = await audit(seed);
    expect(canaries).toBe(256);
    expect(certified.epsilon).toBeLessThanOrEqual(claimedEpsilon);
    expect(holds).toBe(true);
  },
);

test("[DP20] without noise the same audit certifies a large epsilon, above the claim", async () => {
  const { certified, holds } = await audit("a", { withoutNoise: true });
  expect(certified.epsilon).toBeGreaterThan(3);
  expect(holds).toBe(false);
});

test("[DP20] a twentieth of the noise is certified above the claim", async () => {
  planted.divisor = 20;
  const { certified, claimedEpsilon } = await audit("a");
  expect(certified.epsilon).toBeGreaterThan(claimedEpsilon);
});

test("[TN6] an audit leaves no tensor behind, nor when it is stopped", async () => {
  const before = tf.memory().numTensors;
  const beforeStep = (done: number) =>
    done < 2 ? Promise.resolve() : Promise.reject(new Error(`after ${done}`));
  await expect(audit("a", { canaries: 40, beforeStep })).rejects.toThrow("after 2");
  await audit("a", { canaries: 40, steps: 1 });
  expect(tf.memory().numTensors).toBe(before);
});
