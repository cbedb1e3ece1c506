import { rngFromSeed } from "@fedtune/core";
import { seededKeystream } from "@fedtune/dp";
import { afterEach, describe, expect, test, vi } from "vitest";
import type * as Clipper from "../../../dp/src/clip/clipper.ts";
import type * as Gaussian from "../../../dp/src/noise/gaussian.ts";
import type * as Poisson from "../../../dp/src/poisson.ts";
import { settingsOf } from "../test-support/private-rounds.ts";
import { auditGradientCanaries } from "./gradient-canaries.ts";
import type { CanaryAudit } from "./verdict.ts";

/** What a planted error changes of the real code; null: nothing. */
interface Planted {
  deviation: ((wanted: number) => number) | null;
  clipFactor: number | null;
  samplingRate: number | null;
}

const planted = vi.hoisted((): Planted => ({
  deviation: null,
  clipFactor: null,
  samplingRate: null,
}));

vi.mock("../../../dp/src/noise/gaussian.ts", async (original) => {
  const real = await original<typeof Gaussian>();
  const gaussianNoise: typeof real.gaussianNoise = (keystream, { length, standardDeviation }) =>
    real.gaussianNoise(keystream, {
      length,
      standardDeviation: planted.deviation?.(standardDeviation) ?? standardDeviation,
    });
  return { ...real, gaussianNoise };
});
vi.mock("../../../dp/src/clip/clipper.ts", async (original) => {
  const real = await original<typeof Clipper>();
  const clipFactor: typeof real.clipFactor = (...norms) =>
    planted.clipFactor ?? real.clipFactor(...norms);
  return { ...real, clipFactor };
});
vi.mock("../../../dp/src/poisson.ts", async (original) => {
  const real = await original<typeof Poisson>();
  const poissonSample: typeof real.poissonSample = ({ populationSize, samplingRate }, draws) =>
    real.poissonSample(
      { populationSize, samplingRate: planted.samplingRate ?? samplingRate },
      draws,
    );
  return { ...real, poissonSample };
});

afterEach(() => {
  Object.assign(planted, { deviation: null, clipFactor: null, samplingRate: null });
});

/** A thousand canaries; `settings` are of the claim. */
function audit(
  seed: number | string,
  { settings = {}, ...changes }: Partial<Omit<CanaryAudit, "settings">> & { settings?: object },
) {
  const stream = (use: string) => rngFromSeed(`${use} ${seed}`);
  return auditGradientCanaries({
    settings: settingsOf({ samplingRate: 1, noiseMultiplier: 1, delta: 1e-5, ...settings }),
    steps: 1,
    confidence: 0.95,
    canaries: 1000,
    coins: stream("coins"),
    randomness: {
      noise: seededKeystream(stream("noise")),
      sampling: seededKeystream(stream("sampling")),
    },
    ...changes,
  });
}

const plans = [
  { steps: 1, settings: {} },
  { steps: 20, settings: { samplingRate: 0.2 } },
  { steps: 20, settings: { samplingRate: 0.2, hardened: true } },
  { steps: 20, settings: { samplingRate: 0.2, clipNorm: 0.1, grouping: "per-role" } },
  { steps: 100, settings: { samplingRate: 0.05, noiseMultiplier: 0.8, accountant: "rdp" } },
  { steps: 8, settings: { samplingRate: 0.5, adaptiveClipping: { clippedCountStddev: 4 } } },
];
const seeds = ["a", "b", "c", "d"];

describe.each(plans)("a private round of $steps steps, $settings", (plan) => {
  test("[DP20] [DP22] no more is certified than the accountant claims, and not nothing over all seeds", async () => {
    const verdicts = await Promise.all(seeds.map((seed) => audit(seed, plan)));
    for (const { certified, claimedEpsilon, holds } of verdicts) {
      expect(certified.epsilon).toBeLessThanOrEqual(claimedEpsilon);
      expect(holds).toBe(true);
    }
    expect(Math.max(...verdicts.map(({ certified }) => certified.epsilon))).toBeGreaterThan(0.1);
  });

  test("[DP20] without its noise the same round certifies a large epsilon", async () => {
    const { certified } = await audit("a", { ...plan, withoutNoise: true });
    expect(certified.epsilon).toBeGreaterThan(3);
  });
});

describe("an error planted in the real code is certified above the claim", () => {
  test.each([
    ["a variance for a deviation", { clipNorm: 0.1 }, 1, { deviation: (s: number) => s ** 2 }],
    ["a tenth of the noise", {}, 1, { deviation: (s: number) => s / 10 }],
    ["no clipping", {}, 1, { clipFactor: 1 }],
    ["every example in every step", { samplingRate: 0.1 }, 20, { samplingRate: 1 }],
  ])("[DP20] %s", async (_, settings, steps, error) => {
    const plan = { settings, steps };
    expect(await audit("a", plan)).toMatchObject({ holds: true });
    Object.assign(planted, error);
    const { certified, claimedEpsilon, holds } = await audit("a", plan);
    expect(certified.epsilon).toBeGreaterThan(claimedEpsilon);
    expect(holds).toBe(false);
  });
});

test("a verdict says what it is about, and a seed gives it again", async () => {
  const plan = { steps: 3, canaries: 200, settings: { samplingRate: 0.5 } };
  const verdict = await audit(1, plan);
  expect(verdict).toMatchObject({ confidence: 0.95, canaries: 200, delta: 1e-5 });
  expect(verdict.events).toEqual([
    { mechanism: "poisson-gaussian", samplingRate: 0.5, noiseMultiplier: 1, steps: 3 },
  ]);
  expect(Math.abs(verdict.included - 100)).toBeLessThan(30);
  expect(await audit(1, plan)).toEqual(verdict);
  expect(await audit(2, plan)).not.toEqual(verdict);
});

test("an audit stops where it is told to", async () => {
  const beforeStep = (done: number) =>
    done < 2 ? Promise.resolve() : Promise.reject(new Error(`after ${done}`));
  await expect(audit(1, { steps: 9, canaries: 40, beforeStep })).rejects.toThrow("after 2");
});
