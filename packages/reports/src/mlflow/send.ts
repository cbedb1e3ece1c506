/** Experiments to MLflow: an experiment of the same name, a run per cell. */
import { isFedtuneError } from "@fedtune/core";
import type { CellResult, ExperimentResult } from "@fedtune/simulation";
import { z } from "zod";
import { cellTitle, stepsOf } from "../cell-metrics.ts";
import { settingText, type LabelledResult } from "../summary/layout.ts";
import type { Mlflow } from "./client.ts";

/** What was sent. */
export interface SentRuns {
  readonly created: number;
  /** Cells that were there already, by their hash. */
  readonly present: number;
}

/** Limits of one `runs/log-batch`. */
const most = { metrics: 1000, params: 100, paramLength: 500 } as const;

const nothing = z.looseObject({});
const experimentAnswer = z.looseObject({
  experiment: z.looseObject({ experiment_id: z.string() }),
});
const createdAnswer = z.looseObject({ experiment_id: z.string() });
const runAnswer = z.looseObject({
  run: z.looseObject({ info: z.looseObject({ run_id: z.string() }) }),
});
const searchAnswer = z.looseObject({ runs: z.array(z.unknown()).optional() });

/** Names as MLflow takes them. */
const safeName = (text: string): string => text.replace(/[^\w\-. :/]/g, "_").slice(0, 250);

/**
 * Sends every cell that MLflow has not yet as a finished run. Repeating it after a failure sends the rest.
 *
 * @param nowMs start of the runs; metrics stand at their virtual time after it
 * @throws FedtuneError of the client
 */
export async function sendRuns(
  mlflow: Mlflow,
  experiments: readonly LabelledResult[],
  nowMs: number,
): Promise<SentRuns> {
  let [created, present] = [0, 0];
  for (const { label, result } of experiments) {
    const experimentId = await experimentNamed(mlflow, label);
    for (const cell of result.cells) {
      if (await isPresent(mlflow, experimentId, cell)) present += 1;
      else {
        await sendCell(mlflow, { experimentId, result, cell, nowMs });
        created += 1;
      }
    }
  }
  return { created, present };
}

/** The experiment's id; it is made where there is none. */
async function experimentNamed(mlflow: Mlflow, name: string): Promise<string> {
  try {
    const path = "experiments/get-by-name";
    const body = { experiment_name: name };
    const { experiment } = await mlflow({ method: "GET", path, body, answer: experimentAnswer });
    return experiment.experiment_id;
  } catch (error) {
    const isAbsent = isFedtuneError(error) && error.data["errorCode"] === "RESOURCE_DOES_NOT_EXIST";
    if (!isAbsent) throw error;
    const call = { path: "experiments/create", body: { name }, answer: createdAnswer };
    return (await mlflow({ method: "POST", ...call })).experiment_id;
  }
}

async function isPresent(mlflow: Mlflow, experimentId: string, cell: CellResult): Promise<boolean> {
  const filter = `tags."fedtune.cell" = '${cell.hash}' and attributes.status != 'RUNNING'`;
  const body = { experiment_ids: [experimentId], filter, max_results: 1 };
  const { runs = [] } = await mlflow({
    method: "POST",
    path: "runs/search",
    body,
    answer: searchAnswer,
  });
  return runs.length > 0;
}

interface CellToSend {
  readonly experimentId: string;
  readonly result: ExperimentResult;
  readonly cell: CellResult;
  readonly nowMs: number;
}

async function sendCell(
  mlflow: Mlflow,
  { experimentId, result, cell, nowMs }: CellToSend,
): Promise<void> {
  const post = (path: string, body: Readonly<Record<string, unknown>>) =>
    mlflow({ method: "POST", path, body, answer: nothing });
  const tags = Object.entries({
    "fedtune.cell": cell.hash,
    "fedtune.version": result.version,
    "fedtune.engine": result.engine,
    "fedtune.command": result.command,
    "fedtune.failure": cell.failure?.message ?? "",
  }).flatMap(([key, value]) => (value === "" ? [] : [{ key, value: value.slice(0, 5000) }]));
  const start = { experiment_id: experimentId, run_name: cellTitle(cell).slice(0, 250) };
  const { run } = await mlflow({
    ...{ method: "POST", path: "runs/create", answer: runAnswer },
    body: { ...start, start_time: nowMs, tags },
  });
  const run_id = run.info.run_id;
  for (const params of batches(paramsOf(cell), most.params)) {
    await post("runs/log-batch", { run_id, params });
  }
  for (const metrics of batches(metricsOf(cell, nowMs), most.metrics)) {
    await post("runs/log-batch", { run_id, metrics });
  }
  const status = cell.status === "completed" ? "FINISHED" : "FAILED";
  const seconds = stepsOf(cell).at(-1)?.seconds ?? 0;
  await post("runs/update", { run_id, status, end_time: nowMs + Math.round(1000 * seconds) });
}

const paramsOf = ({ variant, settings, seed }: CellResult) =>
  Object.entries({ ...(variant === null ? {} : { variant }), ...settings, seed }).map(
    ([key, value]) => ({
      key: safeName(key),
      value: settingText(value).slice(0, most.paramLength),
    }),
  );

const metricsOf = (cell: CellResult, nowMs: number) =>
  stepsOf(cell).flatMap(({ step, seconds, values }) =>
    Object.entries(values).map(([key, value]) => {
      const timestamp = nowMs + Math.round(1000 * seconds);
      return { key: safeName(key), value, timestamp, step };
    }),
  );

const batches = <T>(all: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, i) =>
    all.slice(i * size, (i + 1) * size),
  );
