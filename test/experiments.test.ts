/** The experiments of this repository can be read, and each is named as its file. */
import { parseInput } from "@fedtune/core";
import { expandExperiment, experimentSchema } from "@fedtune/simulation";
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { readText, root } from "./support/repository.ts";

const files = readdirSync(join(root, "experiments")).filter((name) => name.endsWith(".yaml"));

it.each(files)("experiments/%s is an experiment, and is in the list", (file) => {
  const text = readText(`experiments/${file}`);
  const experiment = parseInput(experimentSchema, parse(text), { what: file });
  expect(experiment.name).toBe(basename(file, ".yaml"));
  expect(expandExperiment(experiment).length).toBeGreaterThan(5);
  expect(readText("experiments/README.md")).toContain(`| ${file} `);
});
