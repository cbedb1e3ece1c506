import { clientId, FedtuneError, idPattern } from "@fedtune/core";
import type { MessageOf, RunSpec, SessionEnd } from "@fedtune/core";
import type { ClientListener } from "@fedtune/client";
import { startNodeClient } from "@fedtune/client-node";
import { fileData } from "@fedtune/training";
import type { FileData, ModelDescription } from "@fedtune/training";
import { builtinModelFolder } from "@fedtune/training/node";
import { resolve } from "node:path";
import { exitCodes } from "../edge.ts";
import type { Io } from "../io.ts";
import type { Progress } from "../progress.ts";
import { version } from "../version.ts";
import { openBaseModel } from "./base-model.ts";
import type { BaseModel } from "./base-model.ts";
import { checkLabels, checkRows } from "./check-data.ts";
import { dataPath } from "./data-path.ts";
import { lateTrainer } from "./late-trainer.ts";
import type { LateTrainer } from "./late-trainer.ts";
import { bytesText, decimal } from "./report-text.ts";
import { openTrainer } from "./trainers.ts";

/** What `fedtune join` was asked for. */
export interface JoinOptions {
  readonly server: string;
  readonly name: string;
  readonly data: string;
  readonly text?: string | undefined;
  readonly textPair?: string | undefined;
  readonly label?: string | undefined;
  readonly where?: string | undefined;
  readonly model?: string | undefined;
  readonly backend?: string | undefined;
  readonly stateDir: string;
}

/** Takes part in a run until it ends. */
export async function runJoin(options: JoinOptions, io: Io): Promise<number> {
  const { name, server } = options;
  if (!idPattern.test(name)) {
    const wanted = "letters, digits, - and _, at most 64";
    throw new FedtuneError("usage", `Cannot join as "${name}": wanted --name of ${wanted}`);
  }
  const data = joinData(options);
  // What is wrong with the file whatever the run is said before anybody is called.
  await checkRows(data);
  const trainer = lateTrainer();
  const describe = describer({ options, data, trainer }, io);
  const bar = io.progress("training", 0);
  const totals: Totals = { rounds: 0, bytesUp: 0 };
  io.note(`Connecting to ${server}`);
  try {
    const client = startNodeClient({
      url: server,
      client: clientId(name),
      run: null,
      data,
      trainer,
      describe,
      stateDir: resolve(options.stateDir),
      software: `fedtune ${version()}`,
      signal: io.signal,
      listener: joinListener(bar, totals, io),
    });
    return finish(await client.done, totals, io);
  } finally {
    bar.stop();
    await trainer.close();
  }
}

interface Describer {
  readonly options: JoinOptions;
  readonly data: FileData;
  readonly trainer: LateTrainer;
}

/**
 * Opens the base model that the run names, once: a thread can be opened only for a known model, and every welcome after
 * a lost connection asks again.
 */
function describer({ options, data, trainer }: Describer, io: Io) {
  const model = modelOf(options.model);
  let opening: Promise<BaseModel> | null = null;
  const open = async (named: string): Promise<BaseModel> => {
    const base = await model(named);
    const { trainer: inner, backend } = await openTrainer(base, options.backend);
    io.note(`Training on ${backend.name}, base model ${base.name}`);
    trainer.provide(inner);
    return base;
  };
  return async (spec: RunSpec): Promise<ModelDescription> => {
    await checkLabels(data, spec.task.labels);
    opening ??= open(spec.model);
    return (await opening).describe(spec);
  };
}

interface Totals {
  rounds: number;
  bytesUp: number;
}

/** Reports what happens to this client. */
function joinListener(bar: Progress, totals: Totals, io: Io): ClientListener {
  return {
    welcomed: (welcome) => {
      welcomed(welcome, io);
    },
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
    declined: ({ round, message }) => {
      io.note(`Round ${round}: could not train: ${message}`);
    },
    disconnected: () => {
      io.note("Connection lost; trying again");
    },
  };
}

function joinData({
  data,
  text = "text",
  textPair,
  label = "label",
  where,
}: JoinOptions): ReturnType<typeof fileData> {
  const [column, ...value] = where === undefined ? [] : where.split("=");
  if (column === "" || (where !== undefined && value.length === 0)) {
    throw new FedtuneError("usage", `Cannot use --where "${String(where)}": wanted column=value`);
  }
  return fileData({
    kind: "file",
    path: dataPath(data, "train"),
    text,
    textPair: textPair ?? null,
    label,
    where: column === undefined ? null : { column, equals: value.join("=") },
  });
}

/** The local copy of the run's base model: the folder given here, or the built-in model that the run names. */
function modelOf(folder: string | undefined): (named: string) => Promise<BaseModel> {
  return (named) => {
    if (folder === undefined && builtinModelFolder(named) === null) {
      const message = `Cannot take part: the run uses base model "${named}", which is not built in; say where it lies here with --model`;
      throw new FedtuneError("model-invalid", message, { data: { model: named } });
    }
    return openBaseModel(folder ?? named);
  };
}

function welcomed({ run, index, spec }: MessageOf<"welcome">, io: Io): void {
  io.event({ event: "welcome", run, index, model: spec.model, labels: spec.task.labels.length });
  io.note(
    `Joined run "${run}" as participant ${index}: ${spec.task.labels.length} labels, ${spec.adapter.kind} of rank ${spec.adapter.rank}`,
  );
}

function finish(end: SessionEnd, totals: Totals, io: Io): number {
  if (end.kind === "refused")
    throw new FedtuneError(end.code, `The coordinator ended the session: ${end.message}`);
  io.result({ end, ...totals }, () => {
    const how =
      end.kind === "left" ? "Left the run" : `The run ${end.status} after ${end.rounds} rounds`;
    return `${how}; ${totals.rounds} updates accepted, ${bytesText(totals.bytesUp)} sent`;
  });
  if (end.kind === "left") return exitCodes.interrupted;
  return end.status === "completed" ? exitCodes.ok : exitCodes.failure;
}
