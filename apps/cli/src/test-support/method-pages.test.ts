import { methods } from "@fedtune/aggregators";
import type { Method } from "@fedtune/core";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { claimsTable, methodFacts, trafficTable } from "./method-facts.ts";

const docs = new URL("../../../../docs/", import.meta.url);
const pageOf = ({ name }: Method) => fileURLToPath(new URL(`methods/${name}.md`, docs));

/** Holds the text between `<!-- name: begin -->` and `<!-- name: end -->` against what it should be. */
function expectBlock(page: string, name: string, block: string): void {
  const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
  const text = readFileSync(page, "utf8");
  const [before = "", rest] = text.split(begin);
  expect(rest, `${page} has no ${begin}`).toBeDefined();
  const [, after] = rest!.split(end);
  expect(after, `${page} has no ${end}`).toBeDefined();
  const wanted = `${before}${begin}\n\n${block}\n\n${end}${after!}`;
  if (process.env["UPDATE_DOCS"] === "1") writeFileSync(page, wanted);
  expect(readFileSync(page, "utf8")).toBe(wanted);
}

describe("the pages about methods (UPDATE_DOCS=1 writes their facts anew)", () => {
  it("[CI17] every method has a page docs/methods/<name>.md, and every page a method", () => {
    const missing = methods.filter((method) => !existsSync(pageOf(method)));
    expect(missing.map(({ name }) => `docs/methods/${name}.md is missing`)).toEqual([]);
    const known = new Set<string>(methods.map(({ name }) => `${name}.md`));
    const pages = readdirSync(new URL("methods/", docs));
    expect(pages.filter((page) => !known.has(page))).toEqual([]);
  });

  const written = methods.filter((method) => existsSync(pageOf(method)));
  it.each(written.map((method: Method) => [method.name, method] as const))(
    "[CI10] docs/methods/%s.md has the method's facts and an explanation",
    (name, method) => {
      expectBlock(pageOf(method), "facts", methodFacts(method));
      const text = readFileSync(pageOf(method), "utf8");
      expect(text.startsWith(`# ${name}\n`)).toBe(true);
      const own = text.split("<!-- facts: end -->")[1]!.split("\n");
      expect(own.filter((line) => line.trim() !== "").length).toBeGreaterThan(15);
    },
  );

  it("[CI17] docs/methods.md lists every method with its claims and its traffic", () => {
    const page = fileURLToPath(new URL("methods.md", docs));
    expectBlock(page, "claims", claimsTable());
    expectBlock(page, "traffic", trafficTable());
  });
});
