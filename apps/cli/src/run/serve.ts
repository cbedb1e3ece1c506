import { resolveRun } from "@fedtune/core";
import type { ResolvedRun } from "@fedtune/core";
import { nodeHash } from "@fedtune/node-ports";
import { discoverLabels, fileData } from "@fedtune/training";
import type { FileData } from "@fedtune/training";
import { nodeFiles } from "@fedtune/training/node";
import { loadConfig, withPlaces } from "../config/load.ts";
import type { ConfigSource } from "../config/load.ts";
import { exitCodes } from "../edge.ts";
import type { Io } from "../io.ts";
import type { Assignment } from "../values.ts";
import { checkLabels } from "./check-data.ts";
import { dataPath } from "./data-path.ts";
import { evaluationLabel } from "./evaluation-label.ts";
import { lacksOf } from "./plan-of-method.ts";
import { runText } from "./report-text.ts";
import { startServing } from "./serving.ts";
import { registries } from "./registries.ts";

/** What `fedtune serve` was asked for. */
export interface ServeOptions {
  readonly config: string;
  readonly set?: readonly Assignment[] | undefined;
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  readonly databaseUrl?: string | undefined;
  readonly data?: string | undefined;
  readonly text?: string | undefined;
  readonly textPair?: string | undefined;
  readonly label?: string | undefined;
  readonly backend?: string | undefined;
  readonly method?: string | undefined;
  readonly model?: string | undefined;
  readonly rounds?: number | undefined;
  readonly seed?: number | undefined;
}

/** Serves a run until it ends or is interrupted. */
export async function runServe(options: ServeOptions, io: Io): Promise<number> {
  const { method, model, rounds, seed } = options;
  const source = await loadConfig({
    file: options.config,
    flags: {
      "--method": ["method.name", method],
      "--model": ["model", model],
      "--rounds": ["rounds.numRounds", rounds],
      "--seed": ["seed", seed],
    },
    set: options.set,
  });
  const test = options.data === undefined ? null : testData(options, options.data);
  const resolved = await resolveServed(source, test);
  if (test !== null) await checkLabels(test, resolved.config.task.labels);
  const databaseUrl = options.databaseUrl ?? process.env["DATABASE_URL"] ?? null;
  const interrupt = "leave";
  const { backend } = options;
  const served = await startServing(
    { ...options, resolved, test, backend, databaseUrl, interrupt },
    io,
  );
  const { url } = served.server.address;
  const { config } = resolved;
  io.event({ event: "listening", url, run: config.name });
  io.note(
    `Run "${config.name}" (${String(config.method["name"])}, ${config.rounds.numRounds} rounds) at ${url}`,
  );
  io.note(`Clients join with: fedtune join --server ${url} --name NAME --data FILE`);
  const { end, rows, adapter, privacy } = await served.run().finally(() => served.close());
  const incomplete = lacksOf(resolved);
  io.result({ run: config.name, ...end, rounds: rows, adapter, privacy, incomplete }, () =>
    runText({ rows, label: evaluationLabel(resolved), adapter, incomplete, privacy, end }),
  );
  return end.status === "completed" ? exitCodes.ok : exitCodes.failure;
}

/** The run config; a task without labels takes those of the operator's test data. */
async function resolveServed(source: ConfigSource, test: FileData | null): Promise<ResolvedRun> {
  const task = source.value["task"] ?? (test === null ? undefined : await taskOf(test));
  return withPlaces(source, (value) =>
    resolveRun(task === undefined ? value : { ...value, task }, registries, nodeHash),
  );
}

async function taskOf(test: FileData): Promise<unknown> {
  return { kind: "sequence-classification", labels: await discoverLabels(nodeFiles, test) };
}

function testData(
  {
    text = "text",
    textPair = null,
    label = "label",
  }: {
    text?: string | undefined;
    textPair?: string | null | undefined;
    label?: string | undefined;
  },
  path: string,
): FileData {
  return fileData({ kind: "file", path: dataPath(path, "test"), text, textPair, label });
}
