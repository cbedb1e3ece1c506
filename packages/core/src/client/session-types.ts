/** State, events and effects of a client session: plain data. */
import type { ErrorCode } from "../errors.ts";
import type { ClientId, Digest, RunId } from "../ids.ts";
import type { Metrics } from "../metrics.ts";
import type { BlobRef } from "../ports.ts";
import type { ClientMessage, DeviceFacts, MessageOf, ServerMessage } from "../protocol/messages.ts";

/** The adapter that a client holds: a finished round and the hash of its values. */
export interface Holding {
  readonly round: number;
  readonly hash: Digest;
}

/** An update that is stored at the client and not yet answered. */
export interface Delivery {
  readonly round: number;
  readonly blob: BlobRef;
  readonly examples: number;
  readonly metrics: Metrics;
}

/** How a session ended. */
export type SessionEnd =
  | {
      readonly kind: "finished";
      readonly status: "completed" | "failed" | "stopped";
      readonly rounds: number;
    }
  | { readonly kind: "refused"; readonly code: ErrorCode; readonly message: string }
  | { readonly kind: "left" };

/** The whole state of a session. */
export interface SessionState {
  readonly client: ClientId;
  readonly software: string;
  readonly device: DeviceFacts | null;
  readonly wantedRun: RunId | null;
  readonly link: "down" | "greeting" | "welcomed";
  readonly activity:
    "unprepared" | "preparing" | "idle" | "working" | "evaluating" | "delivering" | "ended";
  readonly run: RunId | null;
  readonly configHash: Digest | null;
  readonly layoutHash: Digest | null;
  /** An order of the next round waits for the work at hand: the run takes it while that round is open. */
  readonly finishesLate: boolean;
  readonly holds: Holding | null;
  readonly work: { readonly round: number; readonly attempt: number } | null;
  readonly delivery: (Delivery & { readonly uploaded: boolean }) | null;
  /** The last round that was asked about; `answer` is null while the evaluation is under way or when it was called off. */
  readonly evaluation: {
    readonly round: number;
    readonly answer: MessageOf<"evaluated"> | null;
  } | null;
}

/** What an evaluation found. */
export interface Evaluated {
  readonly round: number;
  /** Null: it could not be done, and `code` says why. */
  readonly result: { readonly examples: number; readonly metrics: Metrics } | null;
  readonly code: ErrorCode | null;
  readonly holds: Holding | null;
}

/** What can happen to a session. */
export type SessionEvent =
  | { readonly type: "opened" }
  | { readonly type: "disconnected" }
  | { readonly type: "message"; readonly message: ServerMessage }
  | {
      readonly type: "prepared";
      readonly layoutHash: Digest;
      readonly holds: Holding;
      readonly delivery: Delivery | null;
    }
  | { readonly type: "worked"; readonly delivery: Delivery; readonly holds: Holding }
  | {
      readonly type: "workFailed";
      readonly round: number;
      readonly attempt: number;
      readonly code: ErrorCode;
      readonly holds: Holding | null;
    }
  /** So much of the work at hand is done, from 0 to 1. */
  | {
      readonly type: "progress";
      readonly round: number;
      readonly attempt: number;
      readonly done: number;
    }
  | ({ readonly type: "evaluated" } & Evaluated)
  | { readonly type: "uploaded"; readonly round: number }
  | {
      readonly type: "uploadFailed";
      readonly round: number;
      readonly code: ErrorCode;
      readonly message: string;
      readonly retryable: boolean;
    }
  | { readonly type: "timer"; readonly timer: SessionTimer }
  | { readonly type: "leave" };

/** `greeting` repeats hello, `heartbeat` repeats join while idle, `delivery` repeats upload or update. */
export type SessionTimer = "greeting" | "heartbeat" | "delivery";

/** What a session asks for. */
export type SessionEffect =
  | { readonly type: "send"; readonly message: ClientMessage }
  | { readonly type: "prepare"; readonly welcome: MessageOf<"welcome"> }
  | { readonly type: "work"; readonly order: MessageOf<"order"> }
  | { readonly type: "evaluate"; readonly request: MessageOf<"evaluate"> }
  /** Stops training or evaluating. */
  | { readonly type: "abortWork" }
  | { readonly type: "upload"; readonly delivery: Delivery }
  /** The update was accepted: next personal factors become current, the pending bytes go. */
  | { readonly type: "promote"; readonly round: number }
  /** The update will never be accepted: its bytes and next personal factors go. */
  | {
      readonly type: "discard";
      readonly round: number;
      readonly code: ErrorCode;
      readonly message: string;
    }
  | { readonly type: "startTimer"; readonly timer: SessionTimer }
  | { readonly type: "stopTimer"; readonly timer: SessionTimer }
  | { readonly type: "end"; readonly end: SessionEnd };

/** A state and what it asks for. */
export type SessionStep = readonly [SessionState, readonly SessionEffect[]];
