/** Holds SPEC.md and the titles of all tests against each other. */
import { describe, expect, it } from "vitest";
import { citations, rules } from "./support/titles.ts";
import { readText } from "./support/repository.ts";

const spec = rules();
const ids = spec.map(({ area, number }) => `${area}${String(number)}`);
const cited = citations();

describe("SPEC.md", () => {
  it("writes every rule in the one form that is read", () => {
    const lines = readText("SPEC.md").match(/^- .*$/gm) ?? [];
    expect(lines).toHaveLength(ids.length);
  });

  it("numbers the rules of each area 1, 2, 3 without gap or repetition", () => {
    for (const area of new Set(spec.map((rule) => rule.area))) {
      const numbers = spec.filter((rule) => rule.area === area).map(({ number }) => number);
      expect(numbers, area).toEqual(numbers.map((_, index) => index + 1));
    }
  });

  it("has a test for every rule", () => {
    const uncited = ids.filter((id) => !cited.has(id));
    expect(uncited, `no test title cites ${uncited.join(", ")}`).toEqual([]);
  });

  it("has every rule that a test cites", () => {
    const known = new Set(ids);
    const unknown = [...cited].filter(([id]) => !known.has(id));
    const places = unknown.map(([id, files]) => `${id} in ${[...files].join(", ")}`);
    expect(places).toEqual([]);
  });
});
