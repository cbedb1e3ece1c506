import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { configReference } from "../test-support/config-reference.ts";

const page = fileURLToPath(new URL("../../../../docs/config.md", import.meta.url));
const [begin, end] = ["<!-- fields: begin -->", "<!-- fields: end -->"] as const;

it("[CF6] docs/config.md lists the fields of the schema (UPDATE_DOCS=1 writes them anew)", () => {
  const text = readFileSync(page, "utf8");
  const [before = "", rest = ""] = text.split(begin);
  const [, after = ""] = rest.split(end);
  const wanted = `${before}${begin}\n\n${configReference()}\n\n${end}${after}`;
  if (process.env["UPDATE_DOCS"] === "1") writeFileSync(page, wanted);
  expect(readFileSync(page, "utf8")).toBe(wanted);
});
