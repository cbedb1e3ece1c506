import { experimentSchema, expandExperiment, presets } from "@fedtune/simulation";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parseConfig } from "../config/yaml-file.ts";
import { draftSimulation } from "../run/prepare-simulation.ts";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const page = readFileSync(`${root}docs/experiments.md`, "utf8");
const files = [...page.matchAll(/```yaml\n([^`]*)```/g)].map(([, text = ""]) => text);

/** The cells of a file, each tried once, whatever its seed. */
async function resolved(text: string, name: string) {
  const cells = expandExperiment(experimentSchema.parse(parseConfig(text, name).value));
  for (const cell of cells.filter(({ seed }) => seed === cells[0]!.seed))
    await draftSimulation({ value: cell.config, place: () => null });
  return cells;
}

it.each([
  [0, 30],
  [1, 15],
])("file %i of docs/experiments.md has %i cells that resolve", async (index, count) => {
  expect(await resolved(files[index] ?? "", "docs/experiments.md")).toHaveLength(count);
});

describe.each(readdirSync(`${root}experiments`).filter((name) => name.endsWith(".yaml")))(
  "experiments/%s",
  (name) => {
    const text = readFileSync(`${root}experiments/${name}`, "utf8");
    // Data and models of others are not part of the repository.
    const missing = [...text.matchAll(/\b(?:model|data|test): (experiments\/\S+\w)/g)]
      .map(([, path = ""]) => path)
      .filter((path) => !existsSync(`${root}${path}`));
    const title =
      missing.length > 0 ? `resolves (skipped: ${missing.join(" and ")} missing)` : "resolves";
    it.skipIf(missing.length > 0)(title, async () => {
      expect((await resolved(text, name)).length).toBeGreaterThan(5);
    });
  },
);

it("docs/experiments.md lists every preset", () => {
  const rows = [...page.matchAll(/^\| `([\w-]+)` +\| (.*?) +\|$/gm)].map(([, ...row]) => row);
  for (const { name, summary } of presets) expect(rows).toContainEqual([name, summary]);
});
