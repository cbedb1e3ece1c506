import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  bytesQuantity,
  commonExponent,
  formatBytes,
  formatCount,
  formatDecimal,
  formatDelta,
  formatEpsilon,
  formatEpsilonLeft,
  formatEpsilonOf,
  formatExactBytes,
  formatHash,
  formatLoss,
  formatPercent,
  formatPoints,
  formatScientific,
  formatSignificant,
  formatWithHalfWidth,
  orNoValue,
  powerOfTen,
} from "./format.ts";
import { joinTexts, plainText } from "./text.ts";

/** Expected texts are typed with an ordinary space before the unit. */
const unitSpace = (text: string): string => text.replace(/ (?=(B|[kMGTP]B|%|s|ms)$)/, "\u202F");

describe("numbers", () => {
  it.each([
    [0, "0"],
    [912, "912"],
    [1842, "1,842"],
    [36_864, "36,864"],
    [1_234_567.6, "1,234,568"],
    [-0.4, "0"],
    [-1200, "−1,200"],
    [NaN, "not finite"],
  ])("a count of %d is %s", (count, text) => expect(formatCount(count)).toBe(text));

  it.each([
    [-1.74, 1, "−1.7"],
    [-0.04, 1, "0.0"],
    [1234.5, 2, "1,234.50"],
    [Infinity, 1, "not finite"],
  ])("%d to %d decimals is %s", (value, decimals, text) =>
    expect(formatDecimal(value, decimals)).toBe(text),
  );

  it.each([
    [0, "0"],
    [1.18, "1.18"],
    [91, "91"],
    [0.002, "0.002"],
    [0.00123456, "0.00123"],
    [999.6, "1,000"],
    [12_345, "12,300"],
  ])("%d in three significant digits is %s", (value, text) =>
    expect(formatSignificant(value)).toBe(text),
  );

  it("missing is a dash, never 0", () => {
    expect(orNoValue(null, formatCount)).toBe("–");
    expect(orNoValue(undefined, formatCount)).toBe("–");
    expect(orNoValue(0, formatCount)).toBe("0");
  });
});

describe("bytes", () => {
  it.each([
    [0, "0 B", "0 B"],
    [912, "912 B", "912 B"],
    [999.6, "1.0 kB", "1 kB"],
    [1000, "1.0 kB", "1 kB"],
    [147_552, "147.6 kB", "148 kB"],
    [999_949, "999.9 kB", "1 MB"],
    [999_951, "1.0 MB", "1 MB"],
    [1_180_416, "1.2 MB", "1.18 MB"],
    [5_902_080, "5.9 MB", "5.9 MB"],
    [63_742_464, "63.7 MB", "63.7 MB"],
    [90_868_376, "90.9 MB", "90.9 MB"],
    [2e15, "2.0 PB", "2 PB"],
    [-2500, "−2.5 kB", "−2.5 kB"],
  ])("%d B is %s in tables and %s in prose", (bytes, table, prose) => {
    expect(formatBytes(bytes)).toBe(unitSpace(table));
    expect(formatBytes(bytes, "prose")).toBe(unitSpace(prose));
  });

  it("tells number and unit apart, and every byte on demand", () => {
    expect(bytesQuantity(147_552)).toEqual({ value: "147.6", unit: "kB" });
    expect(formatExactBytes(147_552)).toBe(unitSpace("147,552 B"));
  });

  it("never shows 1,000 of a unit, and is off by at most half of its last digit", () => {
    const sizes = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12, PB: 1e15 } as const;
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9e14 }), (bytes) => {
        const { value, unit } = bytesQuantity(bytes);
        const scale = sizes[unit as keyof typeof sizes];
        expect(Number(value)).toBeLessThan(1000);
        expect(Math.abs(Number(value) * scale - bytes)).toBeLessThanOrEqual(0.0500001 * scale);
      }),
    );
  });
});

describe("shares", () => {
  it.each([
    [0.846, "84.6 %"],
    [0, "0.0 %"],
    [1, "100.0 %"],
    [0.99999, "99.9 %"],
    [0.0001, "0.1 %"],
  ])("%d is %s", (fraction, text) => expect(formatPercent(fraction)).toBe(unitSpace(text)));

  it("keeps 0 and 100 for exactly none and all, at any precision", () => {
    expect(formatPercent(0.999, 0)).toBe(unitSpace("99 %"));
    expect(formatPercent(0.001, 0)).toBe(unitSpace("1 %"));
    expect(formatPercent(0.64, 0)).toBe(unitSpace("64 %"));
  });

  it.each([
    [0.012, "+1.2 points"],
    [-0.017, "−1.7 points"],
    [0.0001, "0.0 points"],
    [-0.0001, "0.0 points"],
  ])("a difference of %d is %s", (difference, text) => expect(formatPoints(difference)).toBe(text));

  it("an interval has the decimals of its value", () => {
    const given = { value: 84.42, halfWidth: 1.5, unit: "%" };
    expect(formatWithHalfWidth(given)).toBe(unitSpace("84.4 ± 1.5 %"));
  });
});

describe("loss", () => {
  it.each([
    [0.612, "0.612"],
    [0.61, "0.610"],
    [2.3026, "2.30"],
    [12.34, "12.3"],
    [0.9996, "1.00"],
    [2310.4, "2,310"],
    [0, "0"],
    [0.0000123, "0.0000123"],
    [Infinity, "not finite"],
  ])("%d is %s", (loss, text) => expect(formatLoss(loss)).toBe(text));
});

describe("epsilon", () => {
  it.each([
    [2.3601, "2.37", "2.36"],
    [2.37, "2.37", "2.37"],
    [0.29, "0.29", "0.29"],
    [1.1, "1.10", "1.10"],
    [0.000_01, "0.01", "0.00"],
    [0, "0.00", "0.00"],
    [Infinity, "no bound", "no bound"],
  ])("%d is %s spent and %s left", (epsilon, spent, left) => {
    expect(formatEpsilon(epsilon)).toBe(spent);
    expect(formatEpsilonLeft(epsilon)).toBe(left);
  });

  it("is rounded against us, by less than a hundredth", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 900, noNaN: true }), (epsilon) => {
        const [spent, left] = [Number(formatEpsilon(epsilon)), Number(formatEpsilonLeft(epsilon))];
        expect(spent).toBeGreaterThanOrEqual(epsilon);
        expect(left).toBeLessThanOrEqual(epsilon);
        expect(spent - left).toBeLessThan(0.010001);
      }),
    );
  });

  it("stands with its limit", () => expect(formatEpsilonOf(2.361, 3)).toBe("2.37 of 3.00"));
});

describe("small numbers", () => {
  it.each([
    [0.003_55, "3.55 × 10^−3"],
    [0, "0 (exact)"],
    [0.009_999, "1.00 × 10^−2"],
    [-0.000_12, "−1.20 × 10^−4"],
    [NaN, "not finite"],
  ])("%d is %s", (value, text) => expect(plainText(formatScientific(value))).toBe(text));

  it("share one exponent in a column", () => {
    const exponent = commonExponent([0.000_78, 0.008_63, 0, NaN]);
    expect(exponent).toBe(-3);
    expect(plainText(formatScientific(0.000_78, { exponent }))).toBe("0.78 × 10^−3");
    expect(commonExponent([0, 0])).toBe(0);
  });

  it("delta is a bare power of ten where it is one", () => {
    expect(formatDelta(1e-5)).toEqual(powerOfTen(-5));
    expect(plainText(formatDelta(1e-6))).toBe("10^−6");
    expect(plainText(formatDelta(2.5e-6))).toBe("2.5 × 10^−6");
    expect(plainText(joinTexts("ε 3.00 at δ = ", formatDelta(1e-5)))).toBe("ε 3.00 at δ = 10^−5");
  });
});

it("a hash shows its ends", () => {
  expect(formatHash("b41f0123456789abcdef09c2")).toBe("b41f…09c2");
  expect(formatHash("short")).toBe("short");
});
