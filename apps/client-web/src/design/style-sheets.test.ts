/** What a compiler would say of style sheets: nothing undefined, nothing unused. */
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";

const source = join(import.meta.dirname, "..");
const files = readdirSync(source, { recursive: true, encoding: "utf8" })
  .filter((path) => /\.(tsx?|css)$/.test(path) && !/\.test\.tsx?$/.test(path))
  .map((path) => ({ path, text: readFileSync(join(source, path), "utf8") }));
const sheets = files.filter(({ path }) => path.endsWith(".css"));

const all = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].flatMap((match) => match[1] ?? []);

it("no style sheet uses a custom property that nobody defines", () => {
  const defined = new Set(
    files.flatMap(({ text }) =>
      all(text, /(?:^|[\s"'{[(])(--[a-z0-9-]+)["']?(?: as \w+)?\]?\s*:/gm),
    ),
  );
  // The component library sets these on its popups.
  const ofLibrary = /^--(anchor|available|transform|positioner|popup|active-tab)-/;
  const missing = sheets.flatMap(({ path, text }) =>
    all(text, /var\((--[a-z0-9-]+)/g)
      .filter((name) => !defined.has(name) && !ofLibrary.test(name))
      .map((name) => `${path}: ${name}`),
  );
  expect(missing).toEqual([]);
});

/** Classes that components read from a sheet; null: some are computed, so any may be. */
function classesUsed(sheet: string): { names: Set<string>; isComputed: boolean } {
  const names = new Set<string>();
  let isComputed = false;
  for (const { path, text } of files) {
    const imports = [...text.matchAll(/import (\w+) from "([^"]+\.module\.css)"/g)];
    const local = imports.find(([, , from = ""]) => join(dirname(path), from) === sheet)?.[1];
    if (local === undefined) continue;
    for (const name of all(text, new RegExp(`\\b${local}\\["([^"]+)"\\]`, "g"))) names.add(name);
    isComputed ||= new RegExp(`\\b${local}\\[[^"]`).test(text);
  }
  return { names, isComputed };
}

it("components use the classes that their sheets define, and all of them", () => {
  const problems = sheets
    .filter(({ path }) => path.endsWith(".module.css"))
    .flatMap(({ path, text }) => {
      const { names, isComputed } = classesUsed(path);
      const rules = text.replace(/\/\*[^]*?\*\//g, "");
      const defined = new Set(all(rules, /\.([a-zA-Z][\w-]*)/g));
      const undefinedOnes = [...names].filter((name) => !defined.has(name));
      const unused = isComputed ? [] : [...defined].filter((name) => !names.has(name));
      return [
        ...undefinedOnes.map((name) => `${path}: .${name} is used, not defined`),
        ...unused.map((name) => `${path}: .${name} is defined, not used`),
      ];
    });
  expect(problems).toEqual([]);
});
