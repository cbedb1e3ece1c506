import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readingGrade, syllables } from "../test-support/reading-grade.ts";
import { catalogue, sampleSlots } from "../test-support/catalogue.ts";
import { slotsOf } from "./fill.ts";

const texts = catalogue.flatMap(([area, words]) =>
  textsOf(words).map(([key, text]) => [`${area}.${key}`, text] as const),
);

function textsOf(words: unknown, path = ""): (readonly [string, string])[] {
  if (typeof words === "string") return [[path, words]];
  if (typeof words !== "object" || words === null) return [];
  return Object.entries(words).flatMap(([key, value]) =>
    textsOf(value, path === "" ? key : `${path}.${key}`),
  );
}

const spoken = (text: string): string =>
  text.replaceAll("**", "").replace(/\{(\w+)\}/g, (_, slot: string) => sampleSlots[slot] ?? "this");

describe("the texts of the join pages", () => {
  test.each(catalogue.map(([area, words]) => [area, words] as const))(
    "%s is read after nine years of school",
    (_area, words) => {
      const sentences = textsOf(words)
        .map(([, text]) => spoken(text))
        .filter((text) => /[.?]$/.test(text));
      expect(readingGrade(sentences.join(" "))).toBeLessThanOrEqual(9);
    },
  );

  test("no single text asks for more than twelve", () => {
    const hard = texts
      .map(([key, text]) => ({ key, text: spoken(text), grade: readingGrade(spoken(text)) }))
      .filter(({ text, grade }) => text.split(" ").length >= 12 && grade > 12);
    expect(hard).toEqual([]);
  });

  test("nothing is promised that no numbers can hold", () => {
    const forbidden = /anonym|\bsafe|secure|traced|encrypt|upload|guaranteed|trust us/i;
    expect(texts.filter(([, text]) => forbidden.test(text))).toEqual([]);
  });

  test("only letters that the typeface has", () => {
    // IBM Plex Sans' subsets lack the signs for at most, about and arrows, and most raised digits.
    expect(
      texts.filter(([, text]) => /[\u2190-\u21ff\u2248\u2264\u2265\u207a-\u208e]/u.test(text)),
    ).toEqual([]);
  });

  test("every place has a name that the sample knows", () => {
    const unknown = texts.flatMap(([key, text]) =>
      slotsOf(text)
        .filter((slot) => !(slot in sampleSlots))
        .map((slot) => `${key}: ${slot}`),
    );
    expect(unknown).toEqual([]);
  });

  test("no text lies about that nobody shows", () => {
    const folder = join(import.meta.dirname, "..");
    const sources = readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((path) => /\.tsx?$/.test(path) && !/^words|test-support|\.test\./.test(path))
      .map((path) => readFileSync(join(folder, path), "utf8"))
      .join("\n");
    // These are looked up by what they are about.
    const looked =
      /^(messages|actions|refusals|missing)\.|^train\.(accepted|late|refused|missed|notAsked|before|toCome)$/;
    const unused = texts
      .map(([key]) => key.replace(/\.\d+$/, ""))
      .filter(
        (key) =>
          !looked.test(key) && !new RegExp(`[Ww]ords\\.${key.split(".")[1]}\\b`).test(sources),
      );
    expect(unused).toEqual([]);
  });

  test("straight quotes and three dots stay out", () => {
    expect(texts.filter(([, text]) => /['"]|\.\.\./.test(text))).toEqual([]);
  });
});

describe("the reading grade", () => {
  test.each([
    ["file", 1],
    ["table", 2],
    ["stopped", 1],
    ["wanted", 2],
    ["messages", 3],
    ["numbers", 2],
    ["device", 2],
    ["devices", 3],
    ["organiser", 4],
    ["the", 1],
    ["people", 2],
    ["sees", 1],
    ["leaves", 1],
    ["added", 2],
    ["noise", 1],
    ["used", 1],
    ["takes", 1],
    ["privacy", 3],
  ])("%s has %i syllables", (word, wanted) => {
    expect(syllables(word)).toBe(wanted);
  });

  test("long words and long sentences count", () => {
    expect(readingGrade("The cat sat on the mat. It was a big cat.")).toBeLessThan(2);
    expect(
      readingGrade(
        "Notwithstanding considerable methodological heterogeneity, participating institutions collaboratively operationalise federated optimisation.",
      ),
    ).toBeGreaterThan(20);
  });
});
