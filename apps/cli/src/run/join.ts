import { clientId, FedtuneError, idPattern } from "@fedtune/core";
import type { DataRef, MessageOf, Metrics, RunSpec, SessionEnd } from "@fedtune/core";
import type { ClientListener, OwnAdapter } from "@fedtune/client";
import { startNodeClient } from "@fedtune/client-node";
import type { ExampleData, ModelDescription } from "@fedtune/training";
import { builtinModelFolder, peakMemoryBytes } from "@fedtune/training/node";
import { arch, availableParallelism, platform } from "node:os";
import { resolve } from "node:path";
import { exitCodes } from "../edge.ts";
import type { Io } from "../io.ts";
import type { Progress } from "../progress.ts";
import { version } from "../version.ts";
import { saveWhole } from "./adapter-folder.ts";
import { isPinned, openBaseModel } from "./base-model.ts";
import type { BaseModel } from "./base-model.ts";
import { checkExamples, checkRows } from "./check-data.ts";
import { dataPath } from "./data-path.ts";
import { dataReference } from "./data-reference.ts";
import type { DataOptions } from "./data-reference.ts";
import { fingerprint } from "./fingerprint.ts";
import { joiningOf } from "./join-link.ts";
import { lateTrainer } from "./late-trainer.ts";
import type { LateTrainer } from "./late-trainer.ts";
import { bytesText, decimal, percent, savedText } from "./report-text.ts";
import { backendText, openTrainer } from "./trainers.ts";
import type { ComputeOptions } from "./trainers.ts";

/** What `fedtune join` was asked for. */
export interface JoinOptions extends ComputeOptions, DataOptions {
  readonly link?: string | undefined;
  /** An address or a join link, where `link` is absent. */
  readonly server?: string | undefined;
  readonly run?: string | undefined;
  readonly token?: string | undefined;
  readonly name: string;
  readonly data: string;
  readonly evalData?: string | undefined;
  readonly where?: string | undefined;
  readonly model?: string | undefined;
  readonly stateDir: string;
  readonly holder?: string | undefined;
  readonly budgetEpsilon?: number | undefined;
  readonly saveAdapter?: string | undefined;
}

/** Takes part in a run until it ends. */
export async function runJoin(options: JoinOptions, io: Io): Promise<number> {
  const { name } = options;
  const { url, run, token } = joiningOf(options);
  if (!idPattern.test(name)) {
    const wanted = "letters, digits, - and _, at most 64";
    throw new FedtuneError("usage", `Cannot join as "${name}": wanted --name of ${wanted}`);
  }
  const data = joinData(options, dataPath(options.data, "train"));
  const { evalData } = options;
  const evaluationData =
    evalData === undefined ? null : joinData(options, dataPath(evalData, "test"));
  const files = evaluationData === null ? [data] : [data, evaluationData];
  // What is wrong with the files whatever the run is said before anybody is called.
  for (const file of files) await checkRows(file);
  const trainer = lateTrainer();
  const { describe, described } = describer({ options, files, trainer }, io);
  const bar = io.progress("training", 0);
  const totals: Totals = { rounds: 0, bytesUp: 0 };
  const outcome: Outcome = { welcome: null, adapter: null };
  io.note(`Connecting to ${url}`);
  try {
    const client = startNodeClient({
      ...{ url, run, client: clientId(name) },
      enrolment: run === null ? null : { run, token },
      data,
      evaluationData,
      trainer,
      describe,
      stateDir: resolve(options.stateDir),
      privacy: {
        holder: options.holder ?? name,
        dataset: await fingerprint(data.path),
        budgetEpsilon: options.budgetEpsilon ?? null,
      },
      software: `fedtune ${version()}`,
      device: {
        backend: options.backend ?? "auto",
        platform: `Node ${process.versions.node}, ${platform()} ${arch()}`,
        threads: options.threads ?? availableParallelism(),
      },
      signal: io.signal,
      listener: {
        ...joinListener(bar, totals, io),
        welcomed(welcome) {
          outcome.welcome = welcome;
          welcomed(welcome, evaluationData, io);
        },
        ended(adapter) {
          outcome.adapter = adapter;
        },
      },
    });
    const end = await client.done;
    const saved = await saveOwn(options.saveAdapter, { ...outcome, description: described() });
    return finish({ end, totals, saved }, io);
  } finally {
    bar.stop();
    await trainer.close();
  }
}

/** What is known when the session is over. */
interface Outcome {
  welcome: MessageOf<"welcome"> | null;
  adapter: OwnAdapter | null;
}

/**
 * Writes the client's whole adapter; nothing when that was not asked for.
 *
 * @throws FedtuneError `adapter-invalid` when the session ended before this client had one
 */
async function saveOwn(
  folder: string | undefined,
  { welcome, adapter, description }: Outcome & { readonly description: ModelDescription | null },
): Promise<Saved | null> {
  if (folder === undefined) return null;
  if (welcome === null || adapter === null || description === null) {
    const message = `Cannot save an adapter in ${folder}: the session ended before this client had one of its own`;
    throw new FedtuneError("adapter-invalid", message, { data: { folder } });
  }
  const { run, spec } = welcome;
  const { round, values, changesBase } = adapter;
  const incomplete = changesBase ? ["base"] : [];
  const { model, task } = spec;
  const whole = { description, values, adapter: spec.adapter, model, labels: task.labels };
  const path = resolve(folder);
  await saveWhole(path, { ...whole, run, round, lacking: incomplete, takenOut: null });
  return { folder: path, round, incomplete };
}

/** Where an adapter went. */
interface Saved {
  readonly folder: string;
  readonly round: number;
  readonly incomplete: readonly string[];
}

interface Describer {
  readonly options: JoinOptions;
  readonly files: readonly ExampleData[];
  readonly trainer: LateTrainer;
}

/**
 * Opens the base model that the run names, once: a thread can be opened only for a known model, and every welcome after
 * a lost connection asks again.
 */
function describer({ options, files, trainer }: Describer, io: Io) {
  const model = modelOf(options.model, io);
  let opening: Promise<BaseModel> | null = null;
  const open = async (named: string): Promise<BaseModel> => {
    const base = await model(named);
    let backends = 0;
    const { trainer: inner } = await openTrainer(base, options, {
      onBackend(backend) {
        const { name, matmulPrecision = "f32", notes } = backend;
        backends += 1;
        io.event({ event: "backend", backend: name, matmulPrecision, notes });
        if (backends === 1) {
          io.note(`Training on ${backendText(backend, options)}, base model ${base.name}`);
          return;
        }
        io.note([`Goes on in a new training thread, on ${name}`, ...notes].join("; "));
      },
    });
    trainer.provide(inner);
    return base;
  };
  let last: ModelDescription | null = null;
  return {
    describe: async (spec: RunSpec): Promise<ModelDescription> => {
      for (const file of files) await checkExamples(file, spec.task);
      opening ??= open(spec.model);
      last = (await opening).describe(spec);
      return last;
    },
    described: () => last,
  };
}

interface Totals {
  rounds: number;
  bytesUp: number;
}

/** Reports what happens to this client. */
function joinListener(bar: Progress, totals: Totals, io: Io): ClientListener {
  return {
    roundStarted: (round) => {
      io.event({ event: "round", round });
    },
    progress({ round, done, total, loss }) {
      bar.setTotal(total);
      bar.update(done, `round ${round}${loss === undefined ? "" : `, loss ${decimal(loss)}`}`);
    },
    delivered({ round, bytes, accepted, reason }) {
      const why = reason === undefined ? {} : { reason };
      io.event({ event: "delivered", round, bytes, accepted, ...why });
      const fate = accepted ? `sent ${bytesText(bytes)}, accepted` : `not counted: ${reason ?? ""}`;
      io.note(`Round ${round}: ${fate}`);
      if (accepted) {
        totals.rounds += 1;
        totals.bytesUp += bytes;
      }
    },
    evaluated({ round, metrics, message }) {
      const found = metrics === null ? { metrics, message } : { metrics };
      io.event({ event: "evaluated", round, ...found });
      io.note(evaluationText(round, metrics, message));
    },
    declined: ({ round, message }) => {
      io.note(`Round ${round}: could not train: ${message}`);
    },
    disconnected: () => {
      io.note("Connection lost; trying again");
    },
  };
}

function evaluationText(round: number, metrics: Metrics | null, message = ""): string {
  if (metrics === null) return `Round ${round}: could not evaluate: ${message}`;
  const { accuracy, tokenAccuracy, examples = 0 } = metrics;
  const found =
    accuracy === undefined
      ? `own token accuracy ${percent(tokenAccuracy)}`
      : `own accuracy ${percent(accuracy)}`;
  return `Round ${round}: ${found} on ${examples} examples`;
}

function joinData(options: JoinOptions, path: string): DataRef & ExampleData {
  const { where } = options;
  const [column, ...value] = where === undefined ? [] : where.split("=");
  if (column === "" || (where !== undefined && value.length === 0)) {
    throw new FedtuneError("usage", `Cannot use --where "${String(where)}": wanted column=value`);
  }
  const filter = column === undefined ? null : { column, equals: value.join("=") };
  return dataReference(path, options, filter);
}

/**
 * The local copy of the run's base model: what was named here, or what the run names if that is built in or a commit of a
 * hub. A folder of the coordinator's means nothing here, and a branch of a hub not always the same.
 */
function modelOf(given: string | undefined, io: Io): (named: string) => Promise<BaseModel> {
  return (named) => {
    const isKnown = builtinModelFolder(named) !== null || isPinned(named);
    if (given === undefined && !isKnown) {
      const message = `Cannot take part: the run uses base model "${named}", which is not built in; say where it lies here with --model`;
      throw new FedtuneError("model-invalid", message, { data: { model: named } });
    }
    return openBaseModel(given ?? named, io);
  };
}

function welcomed(
  { run, index, spec }: MessageOf<"welcome">,
  evaluationData: ExampleData | null,
  io: Io,
): void {
  io.event({ event: "welcome", run, index, model: spec.model, labels: spec.task.labels.length });
  io.note(
    `Joined run "${run}" as participant ${index}: ${spec.task.labels.length} labels, ${spec.adapter.kind} of rank ${spec.adapter.rank}`,
  );
  if (spec.holdout > 0 && evaluationData === null)
    io.note(`Keeps ${percent(spec.holdout)} of its examples out of training, to evaluate on`);
}

interface Finished {
  readonly end: SessionEnd;
  readonly totals: Totals;
  readonly saved: Saved | null;
}

function finish({ end, totals, saved }: Finished, io: Io): number {
  if (end.kind === "refused")
    throw new FedtuneError(end.code, `The coordinator ended the session: ${end.message}`);
  const told = { end, ...totals, adapter: saved, peakMemoryBytes: peakMemoryBytes() };
  io.result(told, () => {
    const how =
      end.kind === "left" ? "Left the run" : `The run ${end.status} after ${end.rounds} rounds`;
    const sent = `${how}; ${totals.rounds} updates accepted, ${bytesText(totals.bytesUp)} sent`;
    if (saved === null) return sent;
    return `${sent}\n${savedText(saved.folder, saved.incomplete)} (this client's own, after round ${saved.round})`;
  });
  if (end.kind === "left") return exitCodes.interrupted;
  return end.status === "completed" ? exitCodes.ok : exitCodes.failure;
}
