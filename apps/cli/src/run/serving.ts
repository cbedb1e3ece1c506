/** A coordinator process: its port, its run, its evaluation, and the adapters that it saves. */
import { FedtuneError, memoryStore } from "@fedtune/core";
import type { CoordinatorListener, Coordinator, ResolvedRun, RunEnd, Store } from "@fedtune/core";
import { runGuarantee, userLevelPrivacy } from "@fedtune/dp";
import { nodeEntropy, nodeHash } from "@fedtune/node-ports";
import { openFolderBlobs, startServer } from "@fedtune/server";
import type { CoordinatorServer } from "@fedtune/server";
import { reportRows } from "@fedtune/simulation";
import type { ReportRow } from "@fedtune/simulation";
import type { FileData } from "@fedtune/training";
import { join } from "node:path";
import type { Io } from "../io.ts";
import { roundFolder, saveAdapter } from "./adapter-folder.ts";
import { openBaseModel, prepareWith, takenOutOf } from "./base-model.ts";
import type { BaseModel } from "./base-model.ts";
import { centralEvaluation } from "./evaluation.ts";
import { unusedTestText } from "./evaluation-label.ts";
import { liveReport } from "./live-report.ts";
import { openTrainer } from "./trainers.ts";
import type { OpenTrainer } from "./trainers.ts";

/** What a coordinator process needs, whoever asks for it. */
export interface Serving {
  readonly resolved: ResolvedRun;
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  /** The operator's test data; null: no central evaluation. Not used where clients evaluate. */
  readonly test: FileData | null;
  readonly backend: string | undefined;
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
  readonly privacy: ReturnType<typeof runGuarantee>;
}

/** Opens port, run and, if there is test data, a trainer to evaluate with. */
export async function startServing(serving: Serving, io: Io): Promise<Served> {
  const { resolved, host, port, dataDir, test } = serving;
  const { config } = resolved;
  const model = await openBaseModel(config.model);
  const setup = await prepareWith(model, resolved);
  const takenOut = await takenOutOf(model, resolved);
  const evaluator = await openEvaluator(serving, model, io);
  const { store, nameOf } = namedStore();
  const saved = adapterSaver({ dataDir, model, resolved, takenOut }, () => coordinator.adapter());
  const report = liveReport({ resolved, evaluates: evaluator !== null, nameOf, live: true }, io);
  const closing = async (): Promise<void> => {
    report.stop();
    await evaluator?.trainer.close();
  };
  const run = {
    setup,
    privacy: userLevelPrivacy(resolved.config, nodeEntropy),
    evaluate: evaluatorOf(evaluator, { resolved, test, signal: io.signal }),
    listener: {
      ...report.listener,
      roundCommitted(row) {
        saved.save(row.round);
        report.listener.roundCommitted?.(row);
      },
    } satisfies CoordinatorListener,
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
      const end = await coordinator.run().finally(report.stop);
      const adapter = await saved.last();
      const history = await store.getHistory(setup.id);
      const rows = history === null ? [] : reportRows(history, resolved.config);
      const privacy = runGuarantee(resolved.config, history?.rounds.length ?? 0);
      return { end, rows, adapter, privacy };
    },
    async close() {
      await server.close();
      await closing();
    },
  };
}

/** A trainer to evaluate with, where the coordinator is to evaluate and has test data. */
async function openEvaluator(
  { test, resolved, backend }: Serving,
  model: BaseModel,
  io: Io,
): Promise<OpenTrainer | null> {
  if (test === null) return null;
  const unused = unusedTestText(resolved);
  if (unused === null) return openTrainer(model, backend);
  io.note(unused);
  return null;
}

/** The store, and the names of those who enrolled in it. */
function namedStore(): { readonly store: Store; readonly nameOf: (index: number) => string } {
  const store = memoryStore();
  const names = new Map<number, string>();
  return {
    store: {
      ...store,
      async enrol(run, client, roster) {
        const index = await store.enrol(run, client, roster);
        names.set(index, client);
        return index;
      },
    },
    nameOf: (index) => names.get(index) ?? `participant ${index}`,
  };
}

/** Runs `open`; when it fails, closes what was opened before. */
async function opened<T>(close: () => Promise<void>, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    await close();
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
  readonly takenOut: Float32Array | null;
}

/** Writes each round's adapter as a PEFT folder, one after the other. */
function adapterSaver({ dataDir, model, resolved, takenOut }: Saving, adapter: () => Float32Array) {
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
          resolved,
          round,
          takenOut,
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
