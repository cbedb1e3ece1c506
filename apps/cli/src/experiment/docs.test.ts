import { experimentSchema, expandExperiment, presets } from "@fedtune/simulation";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { parseConfig } from "../config/yaml-file.ts";
import { draftSimulation } from "../run/prepare-simulation.ts";

const page = readFileSync(
  fileURLToPath(new URL("../../../../docs/experiments.md", import.meta.url)),
  "utf8",
);
const files = [...page.matchAll(/```yaml\n([^`]*)```/g)].map(([, text = ""]) => text);

it.each([
  [0, 30],
  [1, 15],
])("file %i of docs/experiments.md has %i cells that resolve", async (index, count) => {
  const { value } = parseConfig(files[index] ?? "", "docs/experiments.md");
  const cells = expandExperiment(experimentSchema.parse(value));
  expect(cells).toHaveLength(count);
  for (const cell of cells.filter(({ seed }) => seed === cells[0]!.seed))
    await draftSimulation({ value: cell.config, place: () => null });
});

it("docs/experiments.md lists every preset", () => {
  const rows = [...page.matchAll(/^\| `([\w-]+)` +\| (.*?) +\|$/gm)].map(([, ...row]) => row);
  for (const { name, summary } of presets) expect(rows).toContainEqual([name, summary]);
});
