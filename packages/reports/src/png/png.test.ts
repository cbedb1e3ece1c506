import { describe, expect, it } from "vitest";
import { coverageOf } from "./coverage.ts";
import { runsOf, type Coverage } from "./runs.ts";
import { fontFile, subsets, weights } from "./typeface.ts";

const coverage = async (): Promise<Coverage> =>
  Promise.all(
    subsets.map(async (subset) => [subset, coverageOf(await fontFile(subset, 400))] as const),
  );

describe("the typeface's characters", () => {
  it("are those of its parts", async () => {
    const [[, latin], [, extended], [, greek]] = (await coverage()) as [
      Coverage[0],
      Coverage[0],
      Coverage[0],
    ];
    for (const character of "AZaz09 .,%()±×–−…·ö") {
      expect([character, latin.has(character.codePointAt(0)!)]).toEqual([character, true]);
    }
    expect(extended.has("ł".codePointAt(0)!)).toBe(true);
    expect(greek.has("ε".codePointAt(0)!)).toBe(true);
    // The typeface's known gaps.
    for (const missing of "\u2264\u2248\u{1F600}") {
      expect(latin.has(missing.codePointAt(0)!)).toBe(false);
    }
  });

  it("are the same in all weights", async () => {
    for (const subset of subsets) {
      const sets = await Promise.all(
        weights.map(async (weight) => [...coverageOf(await fontFile(subset, weight))].join()),
      );
      expect(new Set(sets).size).toBe(1);
    }
  });

  it("have all that numbers are written with, so that none comes from the system", async () => {
    const parts = await coverage();
    const shown = (text: string): string =>
      runsOf(text, parts)
        .map((run) => run.text)
        .join("");
    expect(shown("−1,234.50 ± 0.5 × 10 – … %")).toBe("−1,234.50 ± 0.5 × 10 – … %");
    expect(shown("147.6\u202FkB")).toBe("147.6\u00A0kB");
  });

  it("that the typeface has not are question marks, never another face", async () => {
    const parts = await coverage();
    expect(runsOf("a\u{1F600}ε漢", parts)).toEqual([
      { subset: "latin", text: "a?" },
      { subset: "greek", text: "ε" },
      { subset: "latin", text: "?" },
    ]);
  });

  it("cannot be read from something else", () => {
    expect(() => coverageOf(new Uint8Array(100))).toThrow(RangeError);
  });
});
