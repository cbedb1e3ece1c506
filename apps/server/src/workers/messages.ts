/** What the server and its threads tell each other: structured-cloneable. */
import { asFedtuneError, FedtuneError } from "@fedtune/core";
import type {
  CheckedBlob,
  Combined,
  CombineJob,
  Digest,
  ErrorCode,
  ErrorData,
  ExpectedUpdate,
  PlainSetup,
} from "@fedtune/core";
import type { Estimate, EstimateTask } from "../http/estimate.ts";
import type { Announced } from "../http/invitation-announced.ts";

/** Where a thread finds blobs: in a folder that it reads by itself, or with whoever gave it the task. */
export type BlobSource =
  | { readonly kind: "folder"; readonly directory: string; readonly verify: boolean }
  | { readonly kind: "asked" };

/** A closed round as plain data; its state is named by the blob, or comes along before there is one. */
export interface PlainJob extends Pick<CombineJob, "facts" | "updates" | "privacy"> {
  readonly state: { readonly hash: Digest } | { readonly bytes: Uint8Array };
}

/** What a thread can do, and what it answers. */
export interface Tasks {
  readonly check: {
    readonly task: { readonly hash: Digest; readonly expected: ExpectedUpdate };
    readonly result: CheckedBlob;
  };
  readonly combine: {
    readonly task: { readonly setup: PlainSetup; readonly job: PlainJob };
    readonly result: Combined;
  };
  readonly estimate: {
    readonly task: EstimateTask;
    readonly result: Estimate;
  };
  readonly announce: {
    readonly task: { readonly setup: PlainSetup };
    readonly result: Announced;
  };
}

/** Name of a task. */
export type TaskName = keyof Tasks;

/** One task for a thread, which works on one at a time. */
export type Task = {
  [Name in TaskName]: {
    readonly type: Name;
    readonly source: BlobSource;
    readonly task: Tasks[Name]["task"];
  };
}[TaskName];

/** To a thread: a task, or the answer to its question for a blob. */
export type ToThread =
  | Task
  | { readonly type: "blob"; readonly bytes: Uint8Array }
  | { readonly type: "no-blob"; readonly error: PlainError };

/** From a thread: a question, or the end of its task. */
export type FromThread =
  | { readonly type: "need"; readonly hash: Digest }
  | { readonly type: "done"; readonly result: Tasks[TaskName]["result"] }
  | { readonly type: "failed"; readonly error: PlainError };

/** An error as plain data: the structured clone keeps no code. */
export interface PlainError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly data: ErrorData;
}

/** Takes an error apart. */
export function toPlain(error: unknown): PlainError {
  const { code, message, data } = asFedtuneError(error).toJSON();
  return { code, message, data };
}

/** Puts it together again. */
export function fromPlain({ code, message, data }: PlainError): FedtuneError {
  return new FedtuneError(code, message, { data });
}

/** The bytes alone: a clone of a view would take along all that lies beside it. */
export function compact(bytes: Uint8Array): Uint8Array {
  const whole = bytes.buffer instanceof ArrayBuffer && bytes.length === bytes.buffer.byteLength;
  return whole ? bytes : bytes.slice();
}
