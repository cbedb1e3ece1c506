import { rngFromSeed } from "@fedtune/core";
import { describe, expect, it } from "vitest";
import type { AvailabilityConfig } from "./config.ts";
import { devicesSchema } from "./config.ts";
import { presenceOf } from "./presence.ts";
import type { Presence } from "./presence.ts";

function presence(availability: object, seed: number): Presence {
  const config: AvailabilityConfig = devicesSchema.parse({ availability }).availability;
  return presenceOf(config, { rng: rngFromSeed("presence").fork(String(seed)), trace: [] });
}

/** Seconds on until `until`, and lengths of the whole stretches on and off. */
function measured({ startsOn, next }: Presence, until: number) {
  let [on, at, total] = [startsOn, 0, 0];
  const stretches: Record<"on" | "off", number[]> = { on: [], off: [] };
  for (;;) {
    const then = (next() ?? Infinity) / 1000;
    if (on) total += Math.min(then, until) - at;
    if (then >= until) return { share: total / until, stretches };
    expect(then).toBeGreaterThanOrEqual(at);
    if (at > 0) stretches[on ? "on" : "off"].push(then - at);
    [on, at] = [!on, then];
  }
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

describe("availability", () => {
  it("markov: the share of time and the mean stretches are those of its rates", () => {
    const { share, stretches } = measured(
      presence({ kind: "markov", meanOnSeconds: 300, meanOffSeconds: 700 }, 1),
      1e7,
    );
    // 10,000 cycles: the deviation of a mean stretch is a hundredth of it, that of the share about 0.003.
    expect(Math.abs(share - 0.3)).toBeLessThan(0.012);
    expect(Math.abs(mean(stretches.on) / 300 - 1)).toBeLessThan(0.04);
    expect(Math.abs(mean(stretches.off) / 700 - 1)).toBeLessThan(0.04);
  });

  it("markov: it starts in the law that it keeps", () => {
    const starts = Array.from(
      { length: 4000 },
      (_, k) => presence({ kind: "markov", meanOnSeconds: 300, meanOffSeconds: 700 }, k).startsOn,
    );
    expect(Math.abs(mean(starts.map(Number)) - 0.3)).toBeLessThan(4 * Math.sqrt(0.21 / 4000));
  });

  it("bernoulli: every interval on its own, at its probability", () => {
    const { share, stretches } = measured(
      presence({ kind: "bernoulli", probability: 0.8, intervalSeconds: 60 }, 2),
      60 * 40_000,
    );
    expect(Math.abs(share - 0.8)).toBeLessThan(4 * Math.sqrt(0.16 / 40_000));
    for (const stretch of stretches.off) expect((stretch / 60) % 1).toBeCloseTo(0, 9);
    // Geometric: stays with probability 0.2 another interval away, 1 / 0.8 intervals on average.
    expect(Math.abs(mean(stretches.off) / 60 - 1.25)).toBeLessThan(0.04);
  });

  it("diurnal: one stretch a period, of its length, about the peak", () => {
    const settings = { kind: "diurnal", shareOn: 0.25, peakSeconds: 3600, spreadSeconds: 1800 };
    const middles = Array.from({ length: 500 }, (_, k) => {
      const { startsOn, next } = presence(settings, k);
      if (startsOn) next();
      const [from, to, again] = [next()!, next()!, next()!];
      expect(to - from).toBeCloseTo(0.25 * 86_400_000, 3);
      expect(again - from).toBeCloseTo(86_400_000, 3);
      return (from + to) / 2000 - 86_400;
    });
    const near = middles.map((middle) => (middle < -43_200 ? middle + 86_400 : middle));
    expect(Math.abs(mean(near) - 3600)).toBeLessThan((4 * 1800) / Math.sqrt(500));
    const share = measured(presence(settings, 3), 100 * 86_400).share;
    expect(share).toBeCloseTo(0.25, 2);
  });

  it("a trace is followed to the letter, and ends", () => {
    const config = devicesSchema.parse({ availability: { kind: "trace", path: "x" } }).availability;
    const follow = (trace: { from: number; to: number }[]) => {
      const { startsOn, next } = presenceOf(config, { rng: rngFromSeed(1), trace });
      return [startsOn, next(), next(), next()];
    };
    expect(follow([{ from: 0, to: 5 }])).toEqual([true, 5000, null, null]);
    expect(follow([{ from: 2, to: 5.5 }])).toEqual([false, 2000, 5500, null]);
    expect(follow([])).toEqual([false, null, null, null]);
  });

  it.each([
    { kind: "bernoulli", probability: 1 },
    { kind: "diurnal", shareOn: 1 },
    { kind: "always" },
  ])("$kind that is always there never changes", (availability) => {
    const { startsOn, next } = presence(availability, 1);
    expect([startsOn, next()]).toEqual([true, null]);
  });
});
