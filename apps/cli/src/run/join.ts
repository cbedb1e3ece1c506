import { clientId, FedtuneError, parseInput, idPattern } from "@fedtune/core";
import type { MessageOf, RunSpec, SessionEnd } from "@fedtune/core";
import { startNodeClient } from "@fedtune/client-node";
import { fileData } from "@fedtune/training";
import { builtinModelFolder } from "@fedtune/training/node";
import { resolve } from "node:path";
import { z } from "zod";
import { exitCodes } from "../edge.ts";
import type { Io } from "../io.ts";
import { version } from "../version.ts";
import { openBaseModel } from "./base-model.ts";
import type { BaseModel } from "./base-model.ts";
import { lateTrainer } from "./late-trainer.ts";
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
  const name = parseInput(
    z.string().regex(idPattern, "letters, digits, - and _, at most 64"),
    options.name,
    {
      what: "the option --name",
      code: "usage",
    },
  );
  const data = joinData(options);
  const model = modelOf(options.model);
  // The run names the base model, and a thread can be opened only for a known one.
  const trainer = lateTrainer();
  const describe = async (spec: RunSpec) => {
    const base = await model(spec.model);
    const open = await openTrainer(base, options.backend);
    io.note(`Training on ${open.backend.name}, base model ${base.name}`);
    trainer.provide(open.trainer);
    return base.describe(spec);
  };
  const bar = io.progress("training", 0);
  const totals = { rounds: 0, bytesUp: 0 };
  try {
    const client = startNodeClient({
      url: options.server,
      client: clientId(name),
      run: null,
      data,
      trainer,
      describe,
      stateDir: resolve(options.stateDir),
      software: `fedtune ${version()}`,
      signal: io.signal,
      listener: {
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
          io.event({
            event: "delivered",
            round,
            bytes,
            accepted,
            ...(reason === undefined ? {} : { reason }),
          });
          io.note(
            accepted
              ? `Round ${round}: sent ${bytesText(bytes)}, accepted`
              : `Round ${round}: not counted: ${reason ?? ""}`,
          );
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
      },
    });
    const end = await client.done;
    return finish(end, totals, io);
  } finally {
    bar.stop();
    await trainer.close();
  }
}

function joinData({
  data,
  text = "text",
  textPair,
  label = "label",
  where,
}: JoinOptions): ReturnType<typeof fileData> {
  const [column, ...value] = where === undefined ? [] : where.split("=");
  return fileData({
    kind: "file",
    path: resolve(data),
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

function finish(end: SessionEnd, totals: { rounds: number; bytesUp: number }, io: Io): number {
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
