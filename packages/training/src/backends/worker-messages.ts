/** What a worker's parent and the worker say to each other; all of it survives the structured clone. */
import type {
  ErrorCode,
  ErrorData,
  EvaluateJob,
  Metrics,
  TrainJob,
  TrainResult,
} from "@fedtune/core";
import { asFedtuneError, FedtuneError } from "@fedtune/core";
import type { BasePrecision } from "../layers/stored-matrix.ts";
import type { Generated, GenerateJob } from "../trainer/generate.ts";
import type { Prediction } from "../trainer/evaluation.ts";
import type { BackendRequest } from "./backend.ts";
import type { NodeBackendOptions } from "./node-choose.ts";

/** What a worker is started with. */
export interface WorkerSetup extends NodeBackendOptions {
  /** Folder of the base model. */
  readonly model: string;
  readonly backend: BackendRequest;
  /** How the base model's weights are kept; default `f32`. */
  readonly basePrecision?: BasePrecision;
  /** How many such workers share this machine's memory; default 1. */
  readonly trainers?: number;
}

/** What can be asked for: the job and its result. */
interface Task {
  readonly job: unknown;
  readonly result: unknown;
}
/** Tasks by name. */
export type TaskTable<T> = { readonly [Name in keyof T]: Task };

/** What every worker with a trainer can be asked for. */
export interface TrainerTasks {
  readonly train: { readonly job: TrainJob; readonly result: TrainResult };
  readonly evaluate: { readonly job: EvaluateJob; readonly result: Metrics };
  readonly predict: { readonly job: EvaluateJob; readonly result: Prediction };
  readonly generate: { readonly job: GenerateJob; readonly result: Generated };
}

/** A task and its job, under a number of its own. */
export type AskMessage<T extends TaskTable<T>> = {
  [Name in keyof T]: {
    readonly type: "ask";
    readonly task: Name;
    readonly id: number;
    readonly job: T[Name]["job"];
  };
}[keyof T];

/** From parent to worker. */
export type ToWorker<T extends TaskTable<T>> =
  | AskMessage<T>
  | { readonly type: "abort"; readonly id: number }
  /** Nothing more is wanted: end, once the device owes no answer. */
  | { readonly type: "close" };

/** A step of a running task. */
export interface Progress {
  readonly done: number;
  readonly total: number;
  readonly loss?: number;
}

/** From worker to parent; `Ready` is what it tells of itself once it can work. */
export type FromWorker<T extends TaskTable<T>, Ready> =
  | { readonly type: "ready"; readonly ready: Ready }
  /** The worker cannot go on: it never got ready, or lost what it needs. */
  | { readonly type: "failed"; readonly error: PlainError }
  | { readonly type: "progress"; readonly id: number; readonly progress: Progress }
  | { readonly type: "done"; readonly id: number; readonly result: T[keyof T]["result"] }
  | { readonly type: "error"; readonly id: number; readonly error: PlainError };

/** An error as plain data: the structured clone keeps no code. */
export interface PlainError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly data: ErrorData;
}

/** Takes an error apart. */
export function toPlain(error: unknown): PlainError {
  const { code, message, data } = asFedtuneError(error, "training-failed").toJSON();
  return { code, message, data };
}

/** Puts it together again. */
export function fromPlain({ code, message, data }: PlainError): FedtuneError {
  return new FedtuneError(code, message, { data });
}
