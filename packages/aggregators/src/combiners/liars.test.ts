/** How far clients that lie move a round: with a combiner within its bound, with the plain mean beyond it. */
import { plainMean } from "@fedtune/core";
import type { Combiner, MethodUpdate } from "@fedtune/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { combined, distance, honestClients, meanOf, updateOf } from "../test-support/combined.ts";
import { median } from "./median.ts";
import { multiKrum } from "./multi-krum.ts";
import { normClipping } from "./norm-clipping.ts";
import { trimmedMean } from "./trimmed-mean.ts";

type Rows = readonly Float32Array[];
type Options = Readonly<Record<string, unknown>>;

/** What liars who know every honest update send, all alike. */
const attacks: Readonly<Record<string, (honest: Rows) => Float32Array>> = {
  "a flipped sign": (honest) => center(honest).map((value) => -value),
  "a hundredfold update": (honest) => center(honest).map((value) => 100 * value),
  "a constant shift": (honest) => center(honest).map((value) => value + 1000),
  // Baruch, Baruch, Goldberg, arXiv:1902.06156: within the spread of the honest, so that nobody stands out.
  "a little": (honest) =>
    center(honest).map((value, i) => value - 1.5 * deviation(honest.map((row) => row[i]!))),
};
/** Those that a plain mean follows beyond the spread of the honest; the last one stays within it by design. */
const coarse = ["a flipped sign", "a hundredfold update", "a constant shift"];

function center(rows: Rows): Float32Array {
  return Float32Array.from(meanOf(rows.map((row, index) => updateOf(index, row))));
}

function deviation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}

/** Length of the box that just holds the honest updates. */
function boxSide(honest: Rows): number {
  const sides = Array.from(honest[0]!, (_, i) => {
    const column = honest.map((row) => row[i]!);
    return Math.max(...column) - Math.min(...column);
  });
  return Math.hypot(...sides);
}

/** Largest distance of two honest updates. */
function diameter(honest: Rows): number {
  return Math.max(...honest.flatMap((a) => honest.map((b) => distance(a, b))));
}

/** A rule, how many of its clients lie, and the farthest that it may then end up from the honest mean. */
interface Promised {
  readonly combiner: Combiner;
  readonly options: Options;
  readonly clients: number;
  readonly bound: (honest: Rows, liars: number) => number;
}

const promises: readonly Promised[] = [
  { combiner: median, options: {}, clients: 7, bound: boxSide },
  { combiner: median, options: {}, clients: 10, bound: boxSide },
  { combiner: trimmedMean, options: { trimFraction: 0.3 }, clients: 10, bound: boxSide },
  { combiner: trimmedMean, options: { trimFraction: 0.45 }, clients: 11, bound: boxSide },
  { combiner: multiKrum, options: { byzantineClients: 2 }, clients: 7, bound: krumBound },
  {
    combiner: multiKrum,
    options: { byzantineClients: 3, keptClients: 1 },
    clients: 12,
    bound: krumBound,
  },
];

/** What is kept lies within D sqrt((n - f - 2) / (n - 2f - 1)) of an honest update, and that within D of their mean. */
function krumBound(honest: Rows, f: number): number {
  const n = honest.length + f;
  return diameter(honest) * (1 + Math.sqrt((n - f - 2) / (n - 2 * f - 1)));
}

/** Liars come first and last: no place is a safe one. */
function cohort(honest: Rows, lies: Rows): MethodUpdate[] {
  const [first, ...rest] = lies;
  const rows = first === undefined ? honest : [first, ...honest, ...rest];
  return rows.map((row, index) => updateOf(index, row));
}

const rounding = 1e-5;

describe.each(
  promises.map((promise) => [promise.combiner.name, promise.clients, promise] as const),
)("%s of %d clients", (_name, clients, { combiner, options, bound }) => {
  const liars = combiner.liars(combiner.config.parse(options), clients);
  const honest = honestClients(clients - liars);
  const wanted = center(honest);

  it.each(Object.keys(attacks))("[FW3] stays near the honest mean under %s", async (attack) => {
    const lie = attacks[attack]!(honest);
    const updates = cohort(honest, new Array<Float32Array>(liars).fill(lie));
    const { updates: got } = await combined(combiner, updates, options);
    const most = bound(honest, liars) + rounding;
    expect(distance(meanOf(got), wanted)).toBeLessThanOrEqual(most);
    if (!coarse.includes(attack)) return;
    const { updates: plain } = await combined(plainMean, updates);
    expect(distance(meanOf(plain), wanted)).toBeGreaterThan(most);
  });

  it("[FW3] stays near the honest mean whatever each liar sends", async () => {
    const value = fc.float({ min: Math.fround(-1e30), max: Math.fround(1e30), noNaN: true });
    const lie = fc.array(value, { minLength: 24, maxLength: 24 });
    const lies = fc.array(lie, { minLength: liars, maxLength: liars });
    await fc.assert(
      fc.asyncProperty(lies, async (sent) => {
        const rows = sent.map((values) => Float32Array.from(values));
        const { updates: got } = await combined(combiner, cohort(honest, rows), options);
        const most = bound(honest, liars) + rounding;
        expect(distance(meanOf(got), wanted)).toBeLessThanOrEqual(most);
      }),
      { numRuns: 40 },
    );
  });

  it("is as good as the mean where nobody lies", async () => {
    const all = honestClients(clients);
    const { updates: got } = await combined(combiner, cohort(all, []), options);
    expect(distance(meanOf(got), center(all))).toBeLessThan(0.5 * boxSide(all));
  });
});

describe("one liar more than a rule claims", () => {
  it.each([
    ["median", median, {}, 9],
    ["trimmed-mean", trimmedMean, { trimFraction: 0.3 }, 10],
    ["multi-krum", multiKrum, { byzantineClients: 1, keptClients: 1 }, 5],
  ] as const)(
    "moves %s as far as it likes",
    async (_name, combiner: Combiner, options, clients) => {
      const claimed = combiner.liars(combiner.config.parse(options), clients);
      // Krum needs as many liars as make a neighbourhood of their own.
      const liars = combiner === multiKrum ? clients - claimed - 1 : claimed + 1;
      const honest = honestClients(clients - liars);
      const lie = center(honest).map((value) => value + 1000);
      const updates = cohort(honest, new Array<Float32Array>(liars).fill(lie));
      const { updates: got } = await combined(combiner, updates, options);
      expect(distance(meanOf(got), center(honest))).toBeGreaterThan(100 * boxSide(honest));
    },
  );
});

describe("norm-clipping", () => {
  const options = { clipNorm: 2 };

  it("[FW3] lets a client of share p move the mean by at most 2 p M, whatever it sends", async () => {
    const honest = honestClients(8);
    const lie = fc.array(fc.float({ min: -1e9, max: 1e9, noNaN: true }), {
      minLength: 24,
      maxLength: 24,
    });
    const others = await combined(normClipping, cohort(honest, []), options);
    const without = meanOf(others.updates);
    await fc.assert(
      fc.asyncProperty(lie, async (values) => {
        const updates = [...cohort(honest, []), updateOf(8, values)];
        const { updates: got } = await combined(normClipping, updates, options);
        expect(distance(meanOf(got), without)).toBeLessThanOrEqual((2 * 2) / 9 + rounding);
        const { updates: plain } = await combined(plainMean, updates);
        if (Math.hypot(...values) > 1e4)
          expect(distance(meanOf(plain), without)).toBeGreaterThan(100);
      }),
      { numRuns: 40 },
    );
  });

  it("keeps directions, weights and short updates, and tells how many it shortened", async () => {
    const updates = [
      updateOf(0, [0.3, -0.4], 5),
      updateOf(1, [30, -40], 7),
      updateOf(2, [0, 0], 2),
    ];
    const { updates: got, metrics, closed } = await combined(normClipping, updates, options);
    expect(got[0]!.delta).toEqual(updates[0]!.delta);
    expect(distance(got[1]!.delta, [1.2, -1.6])).toBeLessThan(1e-6);
    expect(got.map(({ weight }) => weight)).toEqual([5, 7, 2]);
    expect(closed.totalWeight).toBe(14);
    expect(metrics).toEqual({ combinerClipped: 1 / 3 });
  });
});
