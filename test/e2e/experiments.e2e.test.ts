/** One experiment of this repository, in a hurry; all of them are played so in the full tests. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { endsOf, playQuickly } from "./support/experiments.ts";
import { workFolder } from "./support/fedtune.ts";

const folder = workFolder();

it("plays every cell of lora-fair.yaml and writes its report", async () => {
  const { code, outcomes, stderr } = await playQuickly(folder, "lora-fair");
  expect([code, /error.*/i.exec(stderr)]).toEqual([0, null]);
  expect([...outcomes.keys()]).toEqual(["lora-fair"]);
  expect(endsOf(folder, "lora-fair")).toEqual(Array<string>(5).fill("completed"));
  for (const file of ["index.html", "results.csv", "figures/final.png"]) {
    expect(existsSync(join(folder, "quick/lora-fair", file)), file).toBe(true);
  }
});

it("names the experiments there are when another is asked for", async () => {
  const { code, outcomes, stderr } = await playQuickly(folder, "rolora", "rollora");
  expect([code, outcomes.size]).toEqual([2, 0]);
  expect(stderr).toMatch(/rollora.*aggregation.*rolora/);
});
