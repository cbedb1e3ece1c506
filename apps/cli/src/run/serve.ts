import { methods } from "@fedtune/aggregators";
import {
  adapterKinds,
  FedtuneError,
  memoryStore,
  prepareRun,
  resolveRun,
  runId,
} from "@fedtune/core";
import type { CoordinatorListener, Coordinator, ResolvedRun, RunEnd } from "@fedtune/core";
import { nodeHash } from "@fedtune/node-ports";
import { openFolderBlobs, startServer } from "@fedtune/server";
import type { CoordinatorServer } from "@fedtune/server";
import { reportRow, reportRows } from "@fedtune/simulation";
import type { ReportRow } from "@fedtune/simulation";
import { fileData, discoverLabels } from "@fedtune/training";
import type { FileData } from "@fedtune/training";
import { nodeFiles } from "@fedtune/training/node";
import { join } from "node:path";
import { loadConfig, withPlaces } from "../config/load.ts";
import type { ConfigSource } from "../config/load.ts";
import { exitCodes } from "../edge.ts";
import type { Io } from "../io.ts";
import type { Assignment } from "../values.ts";
import { saveAdapter } from "./adapter-folder.ts";
import { openBaseModel } from "./base-model.ts";
import type { BaseModel } from "./base-model.ts";
import { centralEvaluation } from "./evaluation.ts";
import { roundsTable } from "./report-text.ts";
import { openTrainer } from "./trainers.ts";
import type { OpenTrainer } from "./trainers.ts";

/** What `fedtune serve` was asked for. */
export interface ServeOptions {
  readonly config: string;
  readonly set?: readonly Assignment[] | undefined;
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
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
  const served = await startServing({ ...options, resolved, test, backend: options.backend }, io);
  const { url } = served.server.address;
  const { config } = resolved;
  io.event({ event: "listening", url, run: config.name });
  io.note(
    `Run "${config.name}" (${String(config.method["name"])}, ${config.rounds.numRounds} rounds) at ${url}`,
  );
  io.note(`Clients join with: fedtune join --server ${url} --name NAME --data FILE`);
  const result = await served.run().finally(() => served.close());
  const { end, rows, adapter } = result;
  io.result({ run: config.name, ...end, rounds: rows, adapter }, () => servedText(result));
  return end.status === "completed" ? exitCodes.ok : exitCodes.failure;
}

/** The run config; a task without labels takes those of the operator's test data. */
async function resolveServed(source: ConfigSource, test: FileData | null): Promise<ResolvedRun> {
  const task = source.value["task"] ?? (test === null ? undefined : await taskOf(test));
  return withPlaces(source, (value) =>
    resolveRun(
      task === undefined ? value : { ...value, task },
      { methods, kinds: adapterKinds },
      nodeHash,
    ),
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
  return fileData({ kind: "file", path, text, textPair, label });
}

/** What a coordinator process needs, whoever asks for it. */
export interface Serving {
  readonly resolved: ResolvedRun;
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  /** The operator's test data; null: no central evaluation. */
  readonly test: FileData | null;
  readonly backend: string | undefined;
  readonly listener?: CoordinatorListener;
}

/** A coordinator that listens. */
export interface Served {
  readonly server: CoordinatorServer;
  readonly coordinator: Coordinator;
  /** Evaluates; null without test data. */
  readonly evaluator: OpenTrainer | null;
  /** Runs the rounds to their end and saves every round's adapter. */
  run(): Promise<ServedResult>;
  close(): Promise<void>;
}

/** How a served run ended. */
export interface ServedResult {
  readonly end: RunEnd;
  readonly rows: readonly ReportRow[];
  /** Folder of the last round's adapter; null when no round was finished. */
  readonly adapter: string | null;
}

/** Opens port, run and, if there is test data, a trainer to evaluate with. */
export async function startServing(serving: Serving, io: Io): Promise<Served> {
  const { resolved, host, port, dataDir, test } = serving;
  const { config } = resolved;
  const model = await openBaseModel(config.model);
  const description = model.describe(config);
  const setup = prepareRun(runId(config.name), resolved, { shape: description, hash: nodeHash });
  const evaluator = test === null ? null : await openTrainer(model, serving.backend);
  const store = memoryStore();
  const saved = adapterSaver({ dataDir, model, resolved }, () => coordinator.adapter());
  const bar = io.progress("rounds", config.rounds.numRounds);
  const closing = [
    () => {
      bar.stop();
    },
    () => evaluator?.trainer.close(),
  ];
  const run = {
    setup,
    evaluate: evaluatorOf(evaluator, { resolved, test, signal: io.signal }),
    listener: servingListener(serving, io, (round, loss) => {
      saved.save(round);
      bar.update(round, `loss ${loss.toFixed(4)}`);
    }),
  };
  const server = await opened(closing, async () => {
    const blobs = await openFolderBlobs(join(dataDir, "blobs"), { verify: nodeHash });
    return startServer({ host, port, store, blobs, runs: [run] });
  });
  const coordinator = server.coordinator(setup.id);
  io.signal.addEventListener(
    "abort",
    () => {
      coordinator.stop();
    },
    { once: true },
  );
  return {
    server,
    coordinator,
    evaluator,
    async run() {
      const end = await coordinator.run();
      const adapter = await saved.last();
      const history = await store.getHistory(setup.id);
      return { end, rows: history === null ? [] : reportRows(history), adapter };
    },
    async close() {
      await server.close();
      for (const close of closing) await close();
    },
  };
}

/** Reports what happens, to the terminal and to whoever started the coordinator. */
function servingListener(
  { listener = {} }: Pick<Serving, "listener">,
  io: Io,
  committed: (round: number, loss: number) => void,
): CoordinatorListener {
  return {
    ...listener,
    roundCommitted(row) {
      committed(row.round, row.training["loss"] ?? NaN);
      io.event({ event: "round", ...reportRow(row, undefined) });
      listener.roundCommitted?.(row);
    },
    evaluated(row) {
      io.event({ event: "evaluation", ...row });
      listener.evaluated?.(row);
    },
    refused(refusal) {
      io.note(`Refused ${refusal.client}: ${refusal.message} (${refusal.code})`);
      listener.refused?.(refusal);
    },
  };
}

/** Runs `open`; when it fails, closes what was opened before. */
async function opened<T>(closing: readonly (() => unknown)[], open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    for (const close of closing) await close();
    throw error;
  }
}

function evaluatorOf(
  open: OpenTrainer | null,
  task: {
    readonly resolved: ResolvedRun;
    readonly test: FileData | null;
    readonly signal: AbortSignal;
  },
): ReturnType<typeof centralEvaluation> | null {
  if (open === null || task.test === null) return null;
  return centralEvaluation({
    trainer: open.trainer,
    resolved: task.resolved,
    data: task.test,
    control: { signal: task.signal },
  });
}

interface Saving {
  readonly dataDir: string;
  readonly model: BaseModel;
  readonly resolved: ResolvedRun;
}

/** Writes each round's adapter as a PEFT folder, one after the other. */
function adapterSaver({ dataDir, model, resolved }: Saving, adapter: () => Float32Array) {
  const { config } = resolved;
  let last: Promise<string | null> = Promise.resolve(null);
  return {
    save(round: number): void {
      const values = adapter();
      const folder = roundFolder(dataDir, config.name, round);
      last = last.then(() =>
        saveAdapter(folder, {
          description: model.describe(config),
          values,
          config,
          metadata: { run: config.name, round: String(round) },
        }),
      );
      last.catch(() => undefined);
    },
    last: async (): Promise<string | null> => {
      try {
        return await last;
      } catch (cause) {
        throw new FedtuneError(
          "storage-failed",
          `Cannot save the adapters of run "${config.name}" in ${dataDir}`,
          { cause },
        );
      }
    },
  };
}

/** Where a coordinator keeps the adapter of a round. */
export function roundFolder(dataDir: string, run: string, round: number): string {
  return join(dataDir, "runs", run, `round-${round}`);
}

function servedText({ end, rows, adapter }: ServedResult): string {
  const failure =
    end.failure === null ? "" : `\n\nThe run failed: ${end.failure.message} (${end.failure.code})`;
  return `${roundsTable(rows)}${adapter === null ? "" : `\n\nAdapter: ${adapter}`}${failure}`;
}
