/** What every accountant owes, on the events that it understands. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { NeighbouringRelation, PrivacyEvent } from "../events.ts";
import type { AccountantName } from "./accountant.ts";
import { accountants } from "./registry.ts";

interface Family {
  readonly name: AccountantName;
  readonly title: string;
  readonly relation: NeighbouringRelation;
  /** An event of the family; the rate is ignored by those that do not sample. */
  readonly event: (settings: Settings) => PrivacyEvent;
  readonly sampled: boolean;
}

interface Settings {
  readonly rate: number;
  readonly noiseMultiplier: number;
  readonly steps: number;
}

const poisson = ({ rate, ...rest }: Settings): PrivacyEvent => ({
  mechanism: "poisson-gaussian",
  samplingRate: rate,
  ...rest,
});
const gaussian = ({ noiseMultiplier, steps }: Settings): PrivacyEvent => ({
  mechanism: "gaussian",
  noiseMultiplier: noiseMultiplier * 4,
  steps,
});
const fixedSize = ({ rate, ...rest }: Settings): PrivacyEvent => ({
  mechanism: "fixed-size-gaussian",
  sampleSize: Math.max(1, Math.round(rate * 1000)),
  populationSize: 1000,
  ...rest,
});
const tree = ({ noiseMultiplier, steps }: Settings): PrivacyEvent => ({
  mechanism: "tree-gaussian",
  noiseMultiplier: noiseMultiplier * 4,
  steps,
  participations: 1,
});

const families: readonly Family[] = [
  { name: "rdp", title: "Poisson", relation: "add-or-remove-one", event: poisson, sampled: true },
  { name: "rdp", title: "fixed size", relation: "replace-one", event: fixedSize, sampled: true },
  { name: "rdp", title: "plain", relation: "replace-one", event: gaussian, sampled: false },
  { name: "prv", title: "Poisson", relation: "zero-out", event: poisson, sampled: true },
  { name: "prv", title: "Poisson", relation: "replace-one", event: poisson, sampled: true },
  { name: "prv", title: "plain", relation: "zero-out", event: gaussian, sampled: false },
  { name: "gaussian", title: "plain", relation: "replace-one", event: gaussian, sampled: false },
  { name: "gaussian", title: "tree", relation: "zero-out", event: tree, sampled: false },
  { name: "tree", title: "tree", relation: "zero-out", event: tree, sampled: false },
];

const settings = fc.record({
  rate: fc.double({ min: 0.002, max: 0.3, noNaN: true }),
  noiseMultiplier: fc.double({ min: 0.8, max: 4, noNaN: true }),
  steps: fc.integer({ min: 1, max: 400 }),
});
const deltas = fc.constantFrom(1e-3, 1e-5, 1e-7);
const factor = fc.double({ min: 1.2, max: 3, noNaN: true });
/** A grid's own error, relative. */
const SLACK = 1e-4;

describe.each(families)("accountant $name, $title, $relation", (family) => {
  const { name, relation, event, sampled } = family;
  const compose = (...events: readonly PrivacyEvent[]) =>
    accountants[name].compose({ relation, events });
  const at = (one: Settings, delta: number) => compose(event(one)).epsilon(delta).epsilon;
  // The tight accountant works through a grid each time.
  const runs = { numRuns: name === "prv" && sampled ? 4 : 12 };
  const within = (lower: number, upper: number) =>
    expect(lower).toBeLessThanOrEqual(upper * (1 + SLACK) + 1e-9);

  it("[DP1] epsilon falls with noise, rises with rate and steps, falls with delta", () => {
    fc.assert(
      fc.property(settings, deltas, factor, (one, delta, by) => {
        const epsilon = at(one, delta);
        within(at({ ...one, noiseMultiplier: one.noiseMultiplier * by }, delta), epsilon);
        within(epsilon, at({ ...one, steps: Math.ceil(one.steps * by) }, delta));
        within(at(one, delta * by), epsilon);
        if (sampled) within(epsilon, at({ ...one, rate: one.rate * by }, delta));
      }),
      runs,
    );
  });

  it("[DP2] neither the order of rows nor their splitting changes one bit", () => {
    fc.assert(
      fc.property(settings, settings, deltas, (one, two, delta) => {
        const rows = [event(one), event(two)] as const;
        const whole = compose(...rows).epsilon(delta);
        expect(compose(rows[1], rows[0]).epsilon(delta)).toEqual(whole);
        if (rows[0].mechanism === "tree-gaussian" || one.steps < 2) return;
        const part = Math.floor(one.steps / 3) + 1;
        const first = { ...rows[0], steps: part };
        const rest = { ...rows[0], steps: one.steps - part };
        if (rest.steps > 0) expect(compose(rest, rows[1], first).epsilon(delta)).toEqual(whole);
      }),
      runs,
    );
  });

  it("[DP3] delta at the epsilon of a delta is that delta", () => {
    fc.assert(
      fc.property(settings, deltas, (one, delta) => {
        const composed = compose(event(one));
        const { epsilon } = composed.epsilon(delta);
        const back = composed.delta(epsilon).delta;
        if (epsilon === 0) expect(back).toBeLessThanOrEqual(delta * (1 + 1e-9));
        else expect(Math.abs(back / delta - 1)).toBeLessThan(1e-6);
      }),
      runs,
    );
  });

  it("[DP4] bounds enclose the value, for epsilon and for delta", () => {
    fc.assert(
      fc.property(settings, deltas, (one, delta) => {
        const composed = compose(event(one));
        const found = composed.epsilon(delta);
        expect(found.lower).toBeLessThanOrEqual(found.epsilon);
        expect(found.epsilon).toBeLessThanOrEqual(found.upper);
        const back = composed.delta(found.epsilon / 2);
        expect(back.lower).toBeLessThanOrEqual(back.delta);
        expect(back.delta).toBeLessThanOrEqual(back.upper);
        expect(found.accountant).toBe(name);
      }),
      runs,
    );
  });

  it("costs nothing for nothing, and refuses deltas and epsilons that are none", () => {
    expect(compose().epsilon(1e-5)).toMatchObject({ epsilon: 0, upper: 0 });
    for (const delta of [0, 1, -1, Number.NaN]) {
      expect(() => compose().epsilon(delta)).toThrow(RangeError);
    }
    expect(() => compose().delta(-1)).toThrow(RangeError);
  });
});

describe("at sampling rate 1", () => {
  it.each(["rdp", "prv"] as const)("[DP5] %s charges sampled steps as unsampled ones", (name) => {
    const steps = { noiseMultiplier: 3, steps: 7 };
    for (const relation of ["add-or-remove-one", "replace-one"] as const) {
      const cost = (event: PrivacyEvent) =>
        accountants[name].compose({ relation, events: [event] }).epsilon(1e-6);
      const plain = cost({ mechanism: "gaussian", ...steps });
      expect(cost({ mechanism: "poisson-gaussian", samplingRate: 1, ...steps })).toEqual(plain);
    }
  });

  it("[DP5] rates just below 1 approach the exact Gaussian curve, through the grid", () => {
    const events = (samplingRate: number): PrivacyEvent[] => [
      { mechanism: "poisson-gaussian", samplingRate, noiseMultiplier: 5, steps: 200 },
    ];
    for (const relation of ["add-or-remove-one", "replace-one"] as const) {
      const near = accountants.prv.compose({ relation, events: events(1 - 1e-12) });
      const exact = accountants.gaussian.compose({ relation, events: events(1) });
      for (const delta of [1e-3, 1e-6, 1e-9]) {
        const found = near.epsilon(delta);
        const { epsilon } = exact.epsilon(delta);
        expect(Math.abs(found.epsilon / epsilon - 1)).toBeLessThan(2e-5);
        expect(found.lower).toBeLessThanOrEqual(epsilon);
        expect(found.upper).toBeGreaterThanOrEqual(epsilon * (1 - 1e-9));
      }
    }
  });
});
