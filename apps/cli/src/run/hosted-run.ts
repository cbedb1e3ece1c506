/** What a coordinator process does for one run beside its rounds: evaluation, a report, and the adapters that it saves. */
import { FedtuneError } from "@fedtune/core";
import type { Coordinator, CoordinatorListener, ResolvedRun, RunSetup } from "@fedtune/core";
import { userLevelPrivacy } from "@fedtune/dp";
import { nodeEntropy } from "@fedtune/node-ports";
import type { RunToServe } from "@fedtune/server";
import type { ExampleData } from "@fedtune/training";
import type { Io } from "../io.ts";
import { roundFolder, saveAdapter } from "./adapter-folder.ts";
import { openBaseModel, prepareWith, takenOutOf } from "./base-model.ts";
import type { BaseModel } from "./base-model.ts";
import { centralEvaluation } from "./evaluation.ts";
import { unusedTestText } from "./evaluation-label.ts";
import { liveReport } from "./live-report.ts";
import { openTrainer } from "./trainers.ts";
import type { ComputeOptions, OpenTrainer } from "./trainers.ts";

/** What a run is hosted with. */
export interface Hosting {
  readonly resolved: ResolvedRun;
  readonly dataDir: string;
  /** The operator's test data; null: no central evaluation. Not used where clients evaluate. */
  readonly test: ExampleData | null;
  readonly compute: ComputeOptions;
  /** A participant's name. */
  readonly nameOf: (index: number) => string;
}

/** A run that is ready to be opened by a server. */
export interface HostedRun {
  readonly setup: RunSetup;
  readonly toServe: RunToServe;
  /** Evaluates; null without test data. */
  readonly evaluator: OpenTrainer | null;
  /** Names the coordinator whose adapters are saved; before its rounds start. */
  bind(coordinator: Coordinator): void;
  /** Folder of the last saved adapter, once it is written; null: none in this process. */
  saved(): Promise<string | null>;
  close(): Promise<void>;
}

/** Opens the base model and, if there is test data, a trainer to evaluate with. */
export async function hostRun(hosting: Hosting, io: Io): Promise<HostedRun> {
  const { resolved, dataDir, test, nameOf } = hosting;
  const { config } = resolved;
  const model = await openBaseModel(config.model, io);
  const setup = await prepareWith(model, resolved);
  const takenOut = await takenOutOf(model, resolved);
  const evaluator = await openEvaluator(hosting, model, io);
  let coordinator: Coordinator | null = null;
  const saver = adapterSaver({ dataDir, model, resolved, takenOut });
  const report = liveReport({ resolved, evaluates: evaluator !== null, nameOf, live: true }, io);
  const listener: CoordinatorListener = {
    ...report.listener,
    roundCommitted(row) {
      if (coordinator !== null) saver.save(row.round, coordinator.adapter());
      report.listener.roundCommitted?.(row);
    },
  };
  const privacy = userLevelPrivacy(config, nodeEntropy);
  const evaluate = evaluatorOf(evaluator, { resolved, test, signal: io.signal });
  return {
    ...{ setup, evaluator, saved: saver.last },
    toServe: { setup, privacy, evaluate, listener },
    bind(opened) {
      coordinator = opened;
    },
    async close() {
      report.stop();
      await evaluator?.trainer.close();
    },
  };
}

/** A trainer to evaluate with, where the coordinator is to evaluate and has test data. */
async function openEvaluator(
  { test, resolved, compute }: Hosting,
  model: BaseModel,
  io: Io,
): Promise<OpenTrainer | null> {
  if (test === null) return null;
  const unused = unusedTestText(resolved);
  if (unused === null) return openTrainer(model, compute);
  io.note(unused);
  return null;
}

function evaluatorOf(
  open: OpenTrainer | null,
  task: {
    readonly resolved: ResolvedRun;
    readonly test: ExampleData | null;
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
function adapterSaver({ dataDir, model, resolved, takenOut }: Saving) {
  const { config } = resolved;
  let last: Promise<string | null> = Promise.resolve(null);
  return {
    save(round: number, values: Float32Array): void {
      const folder = roundFolder(dataDir, config.name, round);
      const description = model.describe(config);
      const saving = { description, values, resolved, round, takenOut };
      last = last.then(() => saveAdapter(folder, saving));
      last.catch(() => undefined);
    },
    last: async (): Promise<string | null> => {
      try {
        return await last;
      } catch (cause) {
        const message = `Cannot save the adapters of run "${config.name}" in ${dataDir}`;
        throw new FedtuneError("storage-failed", message, { cause });
      }
    },
  };
}
