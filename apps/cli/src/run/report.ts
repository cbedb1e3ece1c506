/** The body of `fedtune report`. */
import { FedtuneError } from "@fedtune/core";
import {
  mlflowClient,
  readExperiments,
  sendRuns,
  writeComparison,
  writeEvents,
  type LabelledResult,
} from "@fedtune/reports";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { exitCodes } from "../edge.ts";
import type { Io } from "../io.ts";

/** What `fedtune report` was asked for. */
export interface ReportOptions {
  readonly folders: readonly string[];
  readonly out?: string | undefined;
  readonly tensorboard?: string | undefined;
  readonly mlflow?: string | undefined;
}

/**
 * Writes a report and whatever else was asked for.
 *
 * @throws FedtuneError `usage` where several folders have no place for their comparison
 */
export async function runReport(options: ReportOptions, io: Io): Promise<number> {
  const { folders, tensorboard, mlflow } = options;
  const out = placeOf(options);
  const experiments = await readExperiments(folders);
  await writeComparison(experiments, out);
  if (tensorboard !== undefined) await writeEvents(experiments, tensorboard);
  const sent = mlflow === undefined ? null : await send(experiments, mlflow, io);
  const page = join(out, "index.html");
  const cells = experiments.flatMap(({ result }) => result.cells);
  const failed = cells.filter(({ status }) => status === "failed").length;
  const value = {
    page,
    cells: cells.length,
    failed,
    tensorboard: tensorboard ?? null,
    mlflow: sent,
  };
  io.result(value, () =>
    [
      `Report: ${page}`,
      `Cells: ${String(cells.length)}${failed > 0 ? `, of which ${String(failed)} failed` : ""}`,
      ...(tensorboard === undefined ? [] : [`Event files: ${tensorboard}`]),
      ...(sent === null
        ? []
        : [`MLflow: ${String(sent.created)} runs sent, ${String(sent.present)} were there`]),
    ].join("\n"),
  );
  return exitCodes.ok;
}

function placeOf({ folders, out }: ReportOptions): string {
  const [only, ...others] = folders;
  if (out !== undefined) return out;
  if (only !== undefined && others.length === 0) return only;
  throw new FedtuneError(
    "usage",
    `Cannot compare ${String(folders.length)} folders without --out, wanted a folder for their report`,
  );
}

function send(experiments: readonly LabelledResult[], url: string, io: Io) {
  const { env } = process;
  const client = mlflowClient({
    url,
    fetch,
    wait: (ms) => wait(ms, undefined, { signal: io.signal }),
    signal: io.signal,
    token: env["MLFLOW_TRACKING_TOKEN"],
    username: env["MLFLOW_TRACKING_USERNAME"],
    password: env["MLFLOW_TRACKING_PASSWORD"],
  });
  return sendRuns(client, experiments, Date.now());
}
