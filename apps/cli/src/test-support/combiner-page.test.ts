import { combiners, methods } from "@fedtune/aggregators";
import type { Combiner, Method } from "@fedtune/core";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { markdownTable } from "./markdown-table.ts";

const page = fileURLToPath(new URL("../../../../docs/combiners.md", import.meta.url));
const [begin, end] = ["<!-- combiners: begin -->", "<!-- combiners: end -->"] as const;

const all: readonly Combiner[] = combiners;
const comparable = (methods as readonly Method[]).filter(({ claims }) => claims.sharedGauge);

function row(combiner: Combiner): string[] {
  const options = combiner.config.parse({});
  const { compares, memory } = combiner.claims;
  return [
    `\`${combiner.name}\``,
    combiner.summary,
    String(combiner.leastUpdates(options)),
    String(combiner.liars(options, 10)),
    memory,
    compares ? comparable.map(({ name }) => name).join(", ") : "all",
    combiner.paper?.id ?? "-",
  ];
}

it("docs/combiners.md lists every combiner with what it claims (UPDATE_DOCS=1 writes the table anew)", () => {
  const text = readFileSync(page, "utf8");
  const [before = "", rest = ""] = text.split(begin);
  const [, after = ""] = rest.split(end);
  const heads = ["combiner", "what it does", "fewest updates", "liars of 10", "memory", "methods"];
  const table = markdownTable([[...heads, "paper"], ...all.map(row)]);
  const wanted = `${before}${begin}\n\n${table}\n\n${end}${after}`;
  if (process.env["UPDATE_DOCS"] === "1") writeFileSync(page, wanted);
  expect(readFileSync(page, "utf8")).toBe(wanted);
  for (const { name } of all) expect(text).toContain(`\n## ${name}\n`);
});
