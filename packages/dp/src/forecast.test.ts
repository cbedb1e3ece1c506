import { roundsSchema, trainingSchema } from "@fedtune/core";
import { describe, expect, it } from "vitest";
import { privacyForecast } from "./forecast.ts";
import { privacySchema } from "./privacy-settings.ts";
import { epsilonAfter } from "./run-privacy.ts";
import type { PrivateRun } from "./run-privacy.ts";

/** As much of a run as a forecast looks at, whatever contradicts itself in it. */
function configOf(privacy: object, rounds: object = {}): PrivateRun {
  return {
    privacy: privacySchema.parse(privacy),
    rounds: roundsSchema.parse({ numRounds: 40, weightedBy: "uniform", ...rounds }),
    training: trainingSchema.parse({}),
  };
}

const record = { mode: "record-level", samplingRate: 0.02, delta: 1e-5 };

describe("a forecast", () => {
  it("of a run whose noise is given tells what it spends, and what noise would keep its budget", () => {
    const privacy = { ...record, noiseMultiplier: 0.62, budget: { epsilon: 3 } };
    const config = configOf(privacy);
    const told = privacyForecast(config)!;
    expect(told).toMatchObject({ unit: "example", delta: 1e-5, limit: 3, noiseMultiplier: 0.62 });
    expect(told.atEnd).toBe(epsilonAfter(config, 40));
    expect(told.atEnd).toBeGreaterThan(3);
    const after = told.exceededAfter!;
    expect(epsilonAfter(config, after)).toBeLessThanOrEqual(3);
    expect(epsilonAfter(config, after + 1)).toBeGreaterThan(3);
    const least = told.leastNoiseMultiplier!;
    const kept = configOf({ ...privacy, noiseMultiplier: least });
    expect(epsilonAfter(kept, 40)).toBeLessThanOrEqual(3);
    const less = configOf({ ...privacy, noiseMultiplier: least * 0.997 });
    expect(epsilonAfter(less, 40)).toBeGreaterThan(3);
  });

  it("of a run with a target finds the noise, and keeps the target", () => {
    const told = privacyForecast(configOf({ ...record, targetEpsilon: 3 }))!;
    expect(told.noiseMultiplier).toBe(told.leastNoiseMultiplier);
    expect(told).toMatchObject({ limit: 3, exceededAfter: null });
    expect(told.atEnd).toBeLessThanOrEqual(3);
  });

  it("has a curve that rises to the end, of no more points than asked for", () => {
    const config = configOf({ ...record, noiseMultiplier: 1 }, { numRounds: 500 });
    const { curve, atEnd, limit } = privacyForecast(config, { points: 6 })!;
    expect(curve).toHaveLength(6);
    expect([curve[0]![0], curve.at(-1)]).toEqual([1, [500, atEnd]]);
    const values = curve.map(([, epsilon]) => epsilon);
    expect(values).toEqual([...values].sort((a, b) => a - b));
    expect(limit).toBeNull();
    const short = privacyForecast(configOf({ ...record, noiseMultiplier: 1 }, { numRounds: 3 }))!;
    expect(short.curve.map(([round]) => round)).toEqual([1, 2, 3]);
  });

  it("of whole clients has all of a client as its unit, by the closed form of the Gaussian mechanism", () => {
    const user = { mode: "user-level", expectedCohort: 10, noiseMultiplier: 1 };
    const told = privacyForecast(configOf(user, { numRounds: 1 }))!;
    expect(told.unit).toBe("user");
    // Balle and Wang 2018, theorem 8: one release with deviation 1 at delta 1e-5.
    expect(told.atEnd).toBeCloseTo(4.3772, 3);
  });

  it("is none without privacy, and none while it is open how much noise there is", () => {
    expect(privacyForecast(configOf({ mode: "none" }))).toBeNull();
    expect(privacyForecast(configOf(record))).toBeNull();
  });
});
