import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { holm } from "./holm.ts";
import { meanOf } from "./mean.ts";
import { pairedTests, signedRankTest, signTest } from "./paired.ts";
import { tQuantile, tTail } from "./student.ts";

interface Golden {
  readonly tails: readonly [t: number, degrees: number, tail: number][];
  readonly quantiles: readonly [tail: number, degrees: number, t: number][];
  readonly means: readonly {
    readonly values: readonly number[];
    readonly mean: number;
    readonly deviation: number;
    readonly low: number;
    readonly high: number;
  }[];
  readonly paired: readonly {
    readonly differences: readonly number[];
    readonly t: number;
    readonly mean: number;
    readonly low: number;
    readonly high: number;
    readonly sign: number;
    readonly wilcoxon: number;
  }[];
  readonly holm: readonly {
    readonly p: readonly number[];
    readonly corrected: readonly number[];
  }[];
}

const golden = JSON.parse(
  readFileSync(new URL("../../golden/statistics.json", import.meta.url), "utf8"),
) as Golden;

/** Relative, so that the far tails count. */
function expectNear(actual: number | null, wanted: number, tolerance = 1e-12): void {
  expect(Math.abs((actual ?? NaN) - wanted)).toBeLessThanOrEqual(tolerance * Math.abs(wanted));
}

describe("Student's t", () => {
  it("has the tails of a computation with 60 digits, far out as well", () => {
    for (const [t, degrees, tail] of golden.tails) expectNear(tTail(t, degrees), tail);
  });

  it("has SciPy's quantiles", () => {
    for (const [tail, degrees, t] of golden.quantiles) expectNear(tQuantile(tail, degrees), t);
  });

  it("with one degree of freedom is Cauchy's, with two has a closed form", () => {
    const any = fc.double({ min: 0, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(any, (t) => {
        expectNear(tTail(t, 1), 1 - (2 / Math.PI) * Math.atan(t), 1e-9);
        expectNear(tTail(t, 2), 2 / (t * t + 2 + t * Math.sqrt(t * t + 2)), 1e-11);
      }),
    );
  });

  it("has no tail beyond infinity, and refuses what it is not made for", () => {
    expect(tTail(Infinity, 3)).toBe(0);
    expect(tTail(-2, 3)).toBe(tTail(2, 3));
    expect(() => tTail(1, 1.5)).toThrow(RangeError);
    expect(() => tTail(NaN, 1)).toThrow(RangeError);
    expect(() => tQuantile(0, 1)).toThrow(RangeError);
  });
});

describe("a mean", () => {
  it("has SciPy's interval", () => {
    for (const { values, mean, deviation, low, high } of golden.means) {
      const found = meanOf(values)!;
      expectNear(found.mean, mean);
      expectNear(found.deviation, deviation);
      expectNear(found.mean - found.halfWidth!, low);
      expectNear(found.mean + found.halfWidth!, high);
    }
  });

  it("of one value has no interval, of none there is none", () => {
    expect(meanOf([0.3])).toEqual({ mean: 0.3, n: 1, deviation: null, halfWidth: null });
    expect(meanOf([])).toBeNull();
  });

  it("of equal values is that value without spread", () => {
    const any = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(any, fc.integer({ min: 2, max: 40 }), (value, n) => {
        const found = meanOf(Array<number>(n).fill(value))!;
        expect(found.mean).toBeCloseTo(value, 9);
        expect(found.halfWidth!).toBeLessThanOrEqual(1e-9 * Math.abs(value));
      }),
    );
  });
});

describe("paired tests", () => {
  it("have SciPy's p values and intervals", () => {
    for (const one of golden.paired) {
      const found = pairedTests(one.differences)!;
      expectNear(found.t, one.t, 1e-10);
      expectNear(found.sign, one.sign);
      expectNear(found.wilcoxon, one.wilcoxon);
      expect(found.difference.mean - found.difference.halfWidth!).toBeCloseTo(one.low, 12);
      expect(found.difference.mean + found.difference.halfWidth!).toBeCloseTo(one.high, 12);
    }
  });

  it("of ties alone have p 1", () => {
    expect(pairedTests([0, 0, 0])).toMatchObject({ t: 1, sign: 1, wilcoxon: 1 });
  });

  it("of one pair or of differences without spread say nothing about t", () => {
    expect(pairedTests([0.2])!.t).toBeNull();
    expect(pairedTests([0.1 + 0.2, 0.3, 0.3])!.t).toBeNull();
    expect(pairedTests([])).toBeNull();
  });

  it("do not depend on who is compared with whom", () => {
    const many = fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(many, (differences) => {
        const turned = differences.map((one) => -one);
        expect(signTest(turned)).toBe(signTest(differences));
        expectNear(signedRankTest(turned), signedRankTest(differences)!);
      }),
    );
  });

  it("of three seeds can never reach 5 % by ranks or signs", () => {
    expect(signTest([1, 2, 3])).toBe(0.25);
    expect(signedRankTest([1, 2, 3])).toBe(0.25);
  });

  it("keep the promise of 5 % where nothing differs", () => {
    // All signs of one set of sizes: an exact test rejects at most 5 % of them.
    const sizes = [1, 2, 2, 4, 5, 7, 8, 9];
    let rejected = 0;
    for (let bits = 0; bits < 2 ** sizes.length; bits += 1) {
      const differences = sizes.map((size, i) => ((bits >> i) & 1 ? size : -size));
      if (signedRankTest(differences)! <= 0.05) rejected += 1;
    }
    expect(rejected / 2 ** sizes.length).toBeLessThanOrEqual(0.05);
    expect(rejected).toBeGreaterThan(0);
  });
});

describe("Holm's correction", () => {
  it("has statsmodels' values", () => {
    for (const { p, corrected } of golden.holm) {
      holm(p).forEach((value, i) => expectNear(value, corrected[i]!));
    }
  });

  it("leaves out what was not tested", () => {
    expect(holm([null, 0.01, null, 0.02])).toEqual([null, 0.02, null, 0.02]);
    expect(holm([])).toEqual([]);
  });
});
