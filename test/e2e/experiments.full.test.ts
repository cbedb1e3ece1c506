/** Every experiment of this repository, in a hurry. */
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, it } from "vitest";
import { root } from "../support/repository.ts";
import { endsOf, playQuickly } from "./support/experiments.ts";
import { workFolder } from "./support/fedtune.ts";

const folder = workFolder();
const experiments = readdirSync(join(root, "experiments"))
  .filter((file) => file.endsWith(".yaml"))
  .map((file) => basename(file, ".yaml"));

it.each(experiments)("%s plays every cell, or says what is missing", async (name) => {
  const { code, outcomes } = await playQuickly(folder, name);
  expect(code).toBe(0);
  const outcome = outcomes.get(name) ?? "";
  if (outcome.startsWith("skipped")) {
    expect(outcome).toMatch(/experiments\/(data|models)\/.* is missing/);
  } else {
    expect(new Set(endsOf(folder, name))).toEqual(new Set(["completed"]));
  }
});
