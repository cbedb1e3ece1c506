/** What `fedtune simulate --out` leaves of a single run, read as an experiment of one cell. */
import { FedtuneError } from "@fedtune/core";
import {
  cellResultSchema,
  experimentSchema,
  type CellResult,
  type Experiment,
  type ExperimentResult,
} from "@fedtune/simulation";
import { createHash } from "node:crypto";
import { basename, join, resolve } from "node:path";
import { z } from "zod";
import { checked, jsonOf, textOf } from "./json-file.ts";

const configSchema = z.looseObject({ seed: z.int().min(0) });

/**
 * Reads `rounds.jsonl`, `config.json` and `shares.json` of a folder.
 *
 * @param report which metric, as other experiments beside it ask; absent: accuracy, or the loss where there is none
 * @throws FedtuneError `file-missing`, `state-corrupt`
 */
export async function readSimulation(
  folder: string,
  report: Experiment["report"] | undefined,
): Promise<ExperimentResult> {
  const at = (name: string): string => join(folder, name);
  const [rounds, config, shares] = await Promise.all(
    ["rounds.jsonl", "config.json", "shares.json"].map((name) => textOf(at(name))),
  );
  if (typeof rounds !== "string" || typeof config !== "string") {
    throw new FedtuneError(
      "file-missing",
      `Cannot report ${folder}: wanted an experiment (experiment.json and cells) or a run (rounds.jsonl and config.json)`,
      { data: { folder } },
    );
  }
  const parsed = checked(configSchema, jsonOf(config, at("config.json")), at("config.json"));
  const rows = rounds
    .split("\n")
    .filter((line) => line !== "")
    .map((line, index) => jsonOf(line, `${at("rounds.jsonl")}, line ${String(index + 1)}`));
  const cell = checked(
    cellResultSchema,
    {
      hash: createHash("sha256").update(config).digest("hex"),
      ...{ variant: null, settings: {}, seed: parsed.seed, config: parsed },
      ...{ status: "completed", failure: null, configHash: null, adapterHash: null },
      rows,
      shares: typeof shares === "string" ? jsonOf(shares, at("shares.json")) : null,
      clients: [],
    },
    at("rounds.jsonl"),
  );
  return {
    experiment: experimentSchema.parse({
      name: nameOf(folder),
      base: parsed,
      seeds: [parsed.seed],
      report: report ?? reportOf(cell),
    }),
    version: "not recorded",
    engine: "engine not recorded",
    command: `fedtune simulate --config ${at("config.json")}`,
    cells: [cell],
  };
}

/** Accuracy where it was measured, else the loss. */
function reportOf({ rows }: CellResult): Partial<Experiment["report"]> {
  const hasAccuracy = rows.some(({ evaluation }) => evaluation?.["accuracy"] !== undefined);
  return hasAccuracy ? {} : { metric: "loss", better: "lower" };
}

/** The folder's name as an experiment may have it. */
const nameOf = (folder: string): string =>
  basename(resolve(folder))
    .replace(/[^A-Za-z0-9_-]+/g, "-")
    .slice(0, 64) || "run";
