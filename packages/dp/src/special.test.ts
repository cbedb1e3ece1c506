import { loadGolden } from "@fedtune/testkit";
import type { Provenance } from "@fedtune/testkit";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { erfc, erfcx, lgamma, log1pExp, logBinomial, logSumExp, normalCdf } from "./special.ts";

type Table = readonly (readonly [number, number])[];

const golden = loadGolden<{
  readonly provenance: Provenance;
  readonly erfc: Table;
  readonly logErfc: Table;
  readonly lgamma: Table;
  readonly normalCdf: Table;
}>(new URL("../golden/special.json", import.meta.url));

/** Difference over the larger of the expected value and the smallest normal number's neighbourhood. */
function relative(actual: number, expected: number): number {
  return actual === expected ? 0 : Math.abs(actual - expected) / Math.abs(expected);
}

describe("special functions agree with 60 digits", () => {
  it.each(golden.erfc)("erfc(%d)", (x, expected) => {
    expect(relative(erfc(x), expected)).toBeLessThan(1e-15);
    if (x >= 0) expect(relative(erfcx(x) * Math.exp(-x * x), expected)).toBeLessThan(2e-13);
  });

  it.each(golden.logErfc)("erfcx(%d), far beyond where erfc underflows", (x, expected) => {
    if (x >= 0) expect(relative(Math.log(erfcx(x)) - x * x, expected)).toBeLessThan(2e-15);
  });

  it.each(golden.lgamma)("ln Gamma(%d)", (x, expected) => {
    expect(Math.abs(lgamma(x) - expected)).toBeLessThan(4e-15 * Math.max(1, Math.abs(expected)));
  });

  it.each(golden.normalCdf)("the normal distribution function at %d", (x, expected) => {
    expect(relative(normalCdf(x), expected)).toBeLessThan(1e-13);
  });
});

describe("logarithms of sums and products", () => {
  it("binomials equal Pascal's triangle", () => {
    let row = [1];
    for (let n = 1; n <= 40; n++) {
      row = [1, ...row.slice(1).map((value, k) => value + row[k]!), 1];
      row.forEach((value, k) => {
        expect(relative(Math.exp(logBinomial(n, k)), value)).toBeLessThan(1e-12);
      });
    }
  });

  it("sums in logarithms equal the plain ones, and survive what overflows", () => {
    const value = fc.double({ min: -30, max: 30, noNaN: true });
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 20 }), (values) => {
        const plain = Math.log(values.reduce((sum, x) => sum + Math.exp(x), 0));
        expect(logSumExp(Float64Array.from(values))).toBeCloseTo(plain, 11);
        const shifted = Float64Array.from(values, (x) => x + 1e4);
        expect(logSumExp(shifted)).toBeCloseTo(plain + 1e4, 8);
      }),
    );
    expect(logSumExp(new Float64Array([-Infinity, -Infinity]))).toBe(-Infinity);
    expect(lgamma(-1)).toBeNaN();
    expect(log1pExp(-40)).toBe(Math.exp(-40));
    expect(log1pExp(0)).toBe(Math.LN2);
    expect(log1pExp(1e4)).toBe(1e4);
  });
});
