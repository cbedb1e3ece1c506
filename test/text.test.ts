/** What holds for every text file of the repository: names, length, and words that have no place in it. */
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, it } from "vitest";
import { repositoryFiles, root } from "./support/repository.ts";

/** Long by nature: written by programs, or prose that one searches. */
const mayBeLong = [
  /^package-lock\.json$/,
  /(^|\/)(golden|generated|assets|data)\//,
  /^prisma\/(migrations\/|schema\.prisma$)/,
  /^(SPEC|bench\/README)\.md$/,
  /^test\/exports\//,
  /^scripts\/household-intents\/grammar\.ts$/,
  /\.(csv|jsonl|svg|safetensors|schema\.json)$/,
];
const longest = 300;
/** Tests are lists of cases, catalogues lists of texts. */
const longestLists = 400;
const isList = (path: string): boolean =>
  /\.test\.tsx?$|\/test-support\/|\/words(\/|\.ts$)/.test(path);

/** Names that their tools or the custom of repositories prescribe. */
const prescribedNames = /^([A-Z]+(\.md)?|tsconfig(\.[a-z]+)?\.json|.*\.(py|sql|md)|\..*)$/;

/** Spelt in two halves, so that this file may speak of them. */
const unwanted = [
  ["/wo", "rk/"],
  ["registry.", "npmjs"],
  ["pypi.", "org/simple"],
  ["this ses", "sion of"],
  ["previous ses", "sion"],
  ["earlier ses", "sion"],
  ["sub", "agent"],
  ["anth", "ropic"],
  ["cla", "ude"],
  ["as an a", "i "],
  ["the bri", "ef says"],
].map((halves) => halves.join(""));

const files = repositoryFiles().flatMap((path) => {
  const bytes = readFileSync(join(root, path));
  const isBinary = bytes.subarray(0, 8192).includes(0);
  return isBinary ? [] : [{ path, text: bytes.toString("utf8") }];
});

it("no file speaks of the place where it was written", () => {
  const found = files
    .filter(({ path }) => !/(^|\/)(data|assets)\//.test(path))
    .flatMap(({ path, text }) => {
      const lower = text.toLowerCase();
      return unwanted.filter((word) => lower.includes(word)).map((word) => `${path}: "${word}"`);
    });
  expect(found).toEqual([]);
});

it(`no file is longer than ${String(longest)} lines`, () => {
  const long = files
    .filter(({ path }) => !mayBeLong.some((pattern) => pattern.test(path)))
    .map(({ path, text }) => ({ path, lines: text.split("\n").length - 1 }))
    .filter(({ path, lines }) => lines > (isList(path) ? longestLists : longest));
  expect(long.map(({ path, lines }) => `${path}: ${String(lines)} lines`)).toEqual([]);
});

it("source files have names in kebab-case", () => {
  const odd = files
    .map(({ path }) => path)
    .filter((path) => /^(packages\/[^/]+\/src|apps\/[^/]+\/src|test|bench|scripts)\//.test(path))
    .filter((path) => !mayBeLong.some((pattern) => pattern.test(path)))
    .filter((path) => !prescribedNames.test(basename(path)))
    .filter((path) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9-]+)*$/.test(basename(path)));
  expect(odd).toEqual([]);
});

it("no product file silences the compiler or the linter without a reason", () => {
  const silent =
    /(@ts-(ignore|nocheck)|eslint-disable(-next-line|-line)? *(\*\/|$)|eslint-disable(?![^\n]*--))/m;
  const found = files
    .filter(({ path }) => /^(packages|apps)\/.*\.tsx?$/.test(path))
    .filter(({ path }) => !path.includes("/generated/"))
    .filter(({ text }) => silent.test(text));
  expect(found.map(({ path }) => path)).toEqual([]);
});
