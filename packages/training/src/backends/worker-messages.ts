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
import type { Prediction } from "../trainer/trainer.ts";
import type { BackendRequest, ChosenBackend } from "./backend.ts";
import type { KernelOptions } from "./node-choose.ts";

/** What a worker is started with. */
export interface WorkerSetup extends KernelOptions {
  /** Folder of the base model. */
  readonly model: string;
  readonly backend: BackendRequest;
}

/** What can be asked for, by name: the job and its result. */
export interface Tasks {
  readonly train: { readonly job: TrainJob; readonly result: TrainResult };
  readonly evaluate: { readonly job: EvaluateJob; readonly result: Metrics };
  readonly predict: { readonly job: EvaluateJob; readonly result: Prediction };
}
/** Name of a task. */
export type TaskName = keyof Tasks;

/** From parent to worker. */
export type ToWorker =
  | {
      [Name in TaskName]: {
        readonly type: Name;
        readonly id: number;
        readonly job: Tasks[Name]["job"];
      };
    }[TaskName]
  | { readonly type: "abort"; readonly id: number }
  | { readonly type: "close" };

/** A step of a running task. */
export interface Progress {
  readonly done: number;
  readonly total: number;
  readonly loss?: number;
}

/** From worker to parent. */
export type FromWorker =
  | { readonly type: "ready"; readonly backend: ChosenBackend }
  | { readonly type: "failed"; readonly error: PlainError }
  | { readonly type: "progress"; readonly id: number; readonly progress: Progress }
  | { readonly type: "done"; readonly id: number; readonly result: Tasks[TaskName]["result"] }
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
