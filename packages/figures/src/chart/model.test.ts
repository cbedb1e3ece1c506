import { describe, expect, it } from "vitest";
import { bareValueText, shownUnit, spokenValue, tickText, valueText } from "./number-kind.ts";
import { plainText } from "../text.ts";
import { seriesByRound } from "./model.ts";

describe("values by round", () => {
  it("a missing round is a gap, of a repeated one the later value counts", () => {
    const { x, y } = seriesByRound([
      [1, 0.5],
      [2, 0.6],
      [5, 0.9],
      [2, 0.7],
      [3, null],
    ]);
    expect([...x]).toEqual([1, 2, 3, 4, 5]);
    expect([...y]).toEqual([0.5, 0.7, NaN, NaN, 0.9]);
  });

  it("come in any order, and may be none", () => {
    expect([
      ...seriesByRound([
        [9, 1],
        [8, 2],
      ]).y,
    ]).toEqual([2, 1]);
    expect(seriesByRound([]).x.length).toBe(0);
  });
});

describe("numbers of an axis", () => {
  const text = (value: string): string => value.replace("\u202F", " ");

  it.each([
    ["round", 12, "12"],
    ["fraction", 0.763, "76.3 %"],
    ["bytes", 147_552, "147.6 kB"],
    ["duration", 218_000, "3 min 38 s"],
    ["epsilon", 2.361, "2.37"],
    ["loss", 0.6123, "0.612"],
    ["ratio", 0.0625, "0.0625"],
    ["ratio", 0.000355, "3.55 × 10^−4"],
    ["number", 12_345.678, "12,350"],
    ["count", NaN, "–"],
    ["loss", Infinity, "not finite"],
  ] as const)("%s %d is %s", (kind, value, wanted) =>
    expect(spokenValue(kind, value).replaceAll("\u202F", " ")).toBe(wanted),
  );

  it("a small ratio has its exponent raised", () => {
    expect(valueText("ratio", 0.000355)).toEqual(["3.55 × 10", { raised: "−4" }]);
  });

  it("an axis has one unit, and labels at lines leave it to the subtitle", () => {
    const unit = shownUnit("bytes", 135e6);
    expect(unit.unit).toBe("MB");
    expect(bareValueText("bytes", 400_000, unit)).toBe("0.4");
    expect(bareValueText("fraction", 0.822, shownUnit("fraction", 1))).toBe("82.2");
    expect(shownUnit("duration", 90_000).unit).toBe("s");
    expect(shownUnit("duration", 7 * 3_600_000).unit).toBe("h");
    expect(text(bareValueText("loss", Infinity, unit))).toBe("not finite");
  });

  it.each([
    [0.5, 0.5, "0.5"],
    [1, 0.5, "1.0"],
    [2.5, 2.5, "2.5"],
    [5, 2.5, "5.0"],
    [20, 20, "20"],
    [1500, 500, "1,500"],
    [0.25, 0.05, "0.25"],
  ])("a tick at %d in steps of %d is %s", (value, step, wanted) =>
    expect(tickText(value, step)).toBe(wanted),
  );

  it("small ticks share one power of ten", () => {
    const texts = [0, 0.00005, 0.0001].map((value) => tickText(value, 0.00005, 0.0001));
    expect(texts.map(plainText)).toEqual(["0", "0.5 × 10^−4", "1.0 × 10^−4"]);
  });
});
