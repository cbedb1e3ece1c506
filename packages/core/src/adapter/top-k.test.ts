import { vectors } from "@fedtune/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sparseMasks } from "../method.ts";
import type { Sparsify } from "../method.ts";
import { rngFromSeed } from "../rng.ts";
import { layoutOf } from "./layout.ts";
import { keptCount, largest, pick, supportOf } from "./top-k.ts";

/** The obvious way: sort all positions, the larger magnitude first, then the lower position. */
function sorted(values: ArrayLike<number>, positions: readonly number[], count: number): number[] {
  const magnitude = (i: number): number => Math.abs(values[i] ?? 0);
  const order = [...positions].sort((i, j) => magnitude(j) - magnitude(i) || i - j);
  return order.slice(0, count).sort((i, j) => i - j);
}

const positionsOf = (values: Float32Array): number[] => [...values.keys()];

describe("the largest values", () => {
  it.each<[string, number[], number, number[]]>([
    ["none", [1, 2], 0, []],
    ["all", [1, 0, 2], 3, [0, 1, 2]],
    ["by magnitude", [1, -3, 2, 0], 2, [1, 2]],
    ["the lower position on a tie", [1, -1, 1, 2, 1], 3, [0, 1, 3]],
    ["zeros of either sign alike", [-0, 0, -0, 1], 2, [0, 3]],
    ["infinities and the smallest float", [1e-45, 0, -Infinity, 3e38], 3, [0, 2, 3]],
    ["of one value", [5], 1, [0]],
  ])("are found: %s", (_what, values, count, expected) => {
    expect([...largest(Float32Array.from(values), count)]).toEqual(expected);
  });

  it("[AG20] are those of a sort, for any values, also where many are equal", () => {
    const coarse = fc
      .array(fc.integer({ min: -3, max: 3 }), { maxLength: 60 })
      .map((values) => Float32Array.from(values));
    const fine = fc.integer({ min: 0, max: 60 }).chain(vectors);
    const bits = fc
      .array(fc.integer({ min: 0, max: 0x7f7fffff }), { maxLength: 60 })
      .map((words) => new Float32Array(Uint32Array.from(words).buffer));
    fc.assert(
      fc.property(
        fc.oneof(coarse, fine, bits),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (v, share) => {
          const count = Math.floor(share * v.length);
          expect([...largest(v, count)]).toEqual(sorted(v, positionsOf(v), count));
        },
      ),
    );
  });

  it("are found in a view of a larger memory, which is not changed", () => {
    const rng = rngFromSeed("largest");
    const memory = Float32Array.from({ length: 5000 }, () => rng.normal());
    const copy = memory.slice();
    const view = memory.subarray(17, 4700);
    expect([...largest(view, 300)]).toEqual(sorted(view, positionsOf(view), 300));
    expect(memory).toEqual(copy);
  });

  it.each([-1, 3, 0.5, Number.NaN])("cannot be %s of two", (count) => {
    expect(() => largest(new Float32Array(2), count)).toThrow(RangeError);
  });
});

const layout = layoutOf([
  { name: "q.A", module: "q", role: "down", shape: [4, 10] },
  { name: "q.B", module: "q", role: "up", shape: [6, 4] },
  { name: "q.m", module: "q", role: "magnitude", shape: [6] },
  { name: "v.A", module: "v", role: "down", shape: [4, 3] },
  { name: "v.B", module: "v", role: "up", shape: [5, 4] },
  { name: "head", module: "head", role: "head", shape: [2, 7] },
]);
const rng = rngFromSeed("support");
const values = Float32Array.from({ length: layout.size }, () => Math.fround(rng.normal()));
const base: Sparsify = {
  density: 0.25,
  mask: "global",
  dense: [],
  errorFeedbackRounds: 0,
  freezeZeros: false,
};

/** Groups by hand: the factors' names. */
const groups = {
  global: [["q.A", "q.B", "q.m", "v.A", "v.B", "head"]],
  tensor: [["q.A"], ["q.B"], ["q.m"], ["v.A"], ["v.B"], ["head"]],
  role: [["q.A", "v.A"], ["q.B", "v.B"], ["q.m"], ["head"]],
};

describe("the support of a packed vector", () => {
  it.each(sparseMasks)(
    "[AG14] holds the largest of each group and all of what is dense: %s",
    (mask) => {
      for (const dense of [[], ["head", "magnitude"]] as const) {
        for (const density of [1e-6, 0.1, 0.25, 0.7, 1]) {
          const sparsify = { ...base, density, mask, dense };
          const expected = groups[mask].flatMap((names) => {
            const factors = layout.factors.filter(({ name }) => names.includes(name));
            const positions = (some: typeof factors) =>
              some.flatMap(({ offset, size }) =>
                Array.from({ length: size }, (_, i) => offset + i),
              );
            const whole = factors.filter(({ role }) => (dense as readonly string[]).includes(role));
            const ranked = positions(factors.filter((factor) => !whole.includes(factor)));
            const count =
              ranked.length === 0 ? 0 : Math.max(1, Math.floor(density * ranked.length));
            return [...positions(whole), ...sorted(values, ranked, count)];
          });
          const support = supportOf(layout, values, sparsify);
          expect([...support]).toEqual(expected.sort((a, b) => a - b));
          expect(keptCount(layout, sparsify)).toBe(expected.length);
          expect([...pick(values, support)]).toEqual([...support].map((i) => values[i]));
        }
      }
    },
  );

  it("[AG20] of equal values is made of the first ones of a group, through all its factors", () => {
    const support = supportOf(layout, new Float32Array(layout.size), { ...base, density: 0.5 });
    expect([...support]).toEqual([...support.keys()]);
    const perRole = supportOf(layout, new Float32Array(layout.size), { ...base, mask: "role" });
    expect([...perRole].slice(0, 14)).toEqual([...Array(13).keys(), 40]);
  });

  it("cannot be taken of another number of values", () => {
    expect(() => supportOf(layout, new Float32Array(3), base)).toThrow(RangeError);
  });
});
