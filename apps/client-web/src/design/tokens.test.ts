/** One source of colours: the tokens are the palette, and no other file of the pages holds a colour of its own. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { palettes } from "@fedtune/figures";
import { expect, it } from "vitest";

const source = join(import.meta.dirname, "..");
const tokens = readFileSync(join(import.meta.dirname, "tokens.css"), "utf8");
const files = readdirSync(source, { recursive: true, encoding: "utf8" })
  .filter((path) => /\.(tsx?|css)$/.test(path) && !/\.test\.tsx?$|test-support/.test(path))
  .map((path) => ({ path, text: readFileSync(join(source, path), "utf8") }));

it("tokens and palette hold the same colours", () => {
  const pairs = [
    ...tokens.matchAll(/--([a-z0-9-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);/g),
  ];
  const found = pairs.map(([, name = "", light, dark]) => [name, [light, dark]] as const);
  const wanted = Object.keys(palettes.light).map((name) => {
    const token = name as keyof typeof palettes.light;
    return [token, [palettes.light[token], palettes.dark[token]]];
  });
  expect(Object.fromEntries(found)).toEqual(Object.fromEntries(wanted));
  expect(found.length).toBe(wanted.length);
});

it("no hex colour stands outside of the tokens", () => {
  const hex = /#[0-9a-f]{3,8}\b/gi;
  const found = files
    .filter(({ path }) => path !== join("design", "tokens.css"))
    .flatMap(({ path, text }) => (text.match(hex) ?? []).map((colour) => `${path}: ${colour}`))
    // An address' fragment or an issue is not a colour; both have a letter or digit that hex lacks, or too few of them.
    .filter((line) => /#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/i.test(line));
  expect(found).toEqual([]);
});

it("numbers become text in one place only", () => {
  const found = files.filter(({ text }) =>
    /\.to(Fixed|LocaleString|LocaleDateString|LocaleTimeString)\(|Intl\.(Number|DateTime)Format\((?!\)\.resolvedOptions)/.test(
      text,
    ),
  );
  expect(found.map(({ path }) => path)).toEqual([]);
});
