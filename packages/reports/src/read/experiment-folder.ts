/** Finished experiments from their folders, and single simulated runs as experiments of one cell. */
import { FedtuneError } from "@fedtune/core";
import {
  cellResultSchema,
  experimentRecordSchema,
  type CellResult,
  type ExperimentResult,
} from "@fedtune/simulation";
import { join } from "node:path";
import type { LabelledResult } from "../summary/layout.ts";
import { checked, jsonOf, textOf } from "./json-file.ts";
import { readSimulation } from "./simulation-folder.ts";

/**
 * Reads folders in their order. Where several have one name, it is followed by the folder's; a single run is read with the
 * first experiment's question.
 *
 * @throws FedtuneError `file-missing` where a folder or cells are missing, `state-corrupt` with the path of what cannot be read
 */
export async function readExperiments(folders: readonly string[]): Promise<LabelledResult[]> {
  const stored = await Promise.all(folders.map(readExperiment));
  const report = stored.find((one) => one !== null)?.experiment.report;
  const results = await Promise.all(
    folders.map(async (folder, at) => stored[at] ?? (await readSimulation(folder, report))),
  );
  const names = results.map(({ experiment }) => experiment.name);
  const isShared = (name: string): boolean => names.filter((one) => one === name).length > 1;
  return results.map((result, at) => {
    const { name } = result.experiment;
    const folder = folders[at] ?? "";
    return { label: isShared(name) ? `${name} (${folder})` : name, result };
  });
}

/** An experiment from its folder; null: it holds none. */
async function readExperiment(folder: string): Promise<ExperimentResult | null> {
  const path = join(folder, "experiment.json");
  const text = await textOf(path);
  if (text === null) return null;
  const { cells, ...record } = checked(experimentRecordSchema, jsonOf(text, path), path);
  const results: CellResult[] = [];
  const missing: string[] = [];
  for (const { hash } of cells) {
    const cellPath = join(folder, "cells", `${hash}.json`);
    const cellText = await textOf(cellPath);
    if (cellText === null) missing.push(cellPath);
    else results.push(checked(cellResultSchema, jsonOf(cellText, cellPath), cellPath));
  }
  if (missing.length > 0) throw unfinished({ folder, missing, of: cells.length });
  return { ...record, cells: results };
}

/** At most so many missing cells are named. */
const mostNamed = 3;

function unfinished({
  folder,
  missing,
  of,
}: {
  readonly folder: string;
  readonly missing: readonly string[];
  readonly of: number;
}): FedtuneError {
  const named = missing.slice(0, mostNamed).join(", ");
  const more = missing.length > mostNamed ? ` and ${String(missing.length - mostNamed)} more` : "";
  return new FedtuneError(
    "file-missing",
    `Cannot report ${folder}: ${String(missing.length)} of ${String(of)} cells are missing (${named}${more}), wanted all; fedtune simulate --resume plays them`,
    { data: { folder, missing } },
  );
}
