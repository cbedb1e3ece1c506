/** State, events and effects of the round engine: plain data, clients named by `participantIndex`. */
import type { Digest } from "../ids.ts";
import type { ErrorCode } from "../errors.ts";
import type { Metrics } from "../metrics.ts";
import type { StoredUpdate } from "../store/store.ts";

/** What the engine does at the moment. */
export type Phase =
  | "idle"
  | "waiting"
  | "collecting"
  | "aggregating"
  | "committing"
  | "evaluating"
  | "completed"
  | "failed"
  | "stopped";

/** A client that has enrolled; `present` while it is connected and ready for orders. */
export interface Participant {
  readonly index: number;
  readonly rank: number;
  readonly present: boolean;
  /** Round whose adapter it holds in full; null: it needs a snapshot. */
  readonly holds: number | null;
}

/** How far one cohort member is in this attempt. `away`: its connection is lost and the grace is running. */
export type MemberStatus =
  "ordered" | "training" | "storing" | "accepted" | "refused" | "declined" | "gone";

/** One client of the cohort. */
export interface Member {
  readonly index: number;
  readonly status: MemberStatus;
  readonly away: boolean;
  /** Its update is on the wire: the deadline gives it the upload grace. */
  readonly uploading: boolean;
  /** Hash of the update being stored or accepted. */
  readonly hash: Digest | null;
  /** The round of the order that it works on or has delivered; absent: the round at hand. */
  readonly ordered?: number;
}

/** The whole state of a run's rounds; arrays are replaced, never changed. */
export interface RoundState {
  readonly phase: Phase;
  /** The round being worked on, counted from 1; 0 until the first opens; the last finished one when the run has ended. */
  readonly round: number;
  readonly attempt: number;
  /** By participantIndex; holes are indices that have not joined in this process. */
  readonly participants: readonly (Participant | undefined)[];
  readonly presentCount: number;
  /** Ascending participantIndex. */
  readonly cohort: readonly Member[];
  /** Accepted updates that close the round. */
  readonly target: number;
  readonly counts: Readonly<Record<MemberStatus, number>>;
  /** Updates of this round that earlier attempts accepted: they count again when their client is drawn again. */
  readonly stored: readonly { readonly index: number; readonly hash: Digest }[];
  /**
   * Clients of a round that has closed that may deliver into the one after it, or have; by index, `ordered` says of which
   * round. While a round is collected those are late with the one before; once it has closed, its own join them.
   */
  readonly late: readonly Member[];
  /** The attempt is past its deadline and waits for uploads under way. */
  readonly inGrace: boolean;
  /** The adapter after `round` has not been evaluated; it is, before anything else happens, if the rules say so. */
  readonly owesEvaluation: boolean;
  /** The best evaluation so far, and how many came after it; null before the first. */
  readonly best: BestEvaluation | null;
  /** An attempt that an earlier process left; taken up by `start`. */
  readonly left: LeftAttempt | null;
  /** A stop was asked for: the run ends after the step at hand. */
  readonly stopping: boolean;
  readonly paused: boolean;
  readonly failure: { readonly code: ErrorCode; readonly message: string } | null;
}

/** The evaluation that early stopping compares with. */
export interface BestEvaluation {
  readonly round: number;
  readonly value: number;
  /** Evaluations since then, none of which was better. */
  readonly since: number;
}

/** An attempt as an earlier process left it. */
export interface LeftAttempt {
  readonly attempt: number;
  /** Ascending participantIndex. */
  readonly cohort: readonly number[];
  readonly target: number;
  readonly status: "open" | "closed" | "abandoned";
  /** Of a closed attempt: the participants whose updates make the round. */
  readonly accepted: readonly number[];
  /** Members whose update was refused for what it is. */
  readonly refused: readonly number[];
  /** Accepted updates of the round, of this and of earlier attempts. */
  readonly updates: readonly {
    readonly index: number;
    readonly attempt: number;
    readonly hash: Digest;
    /** The round of its order, where that is an earlier one. */
    readonly ordered?: number;
  }[];
}

/** Names of the engine's timers. */
export type TimerName = "wait" | "round" | `grace-${number}`;

/** Everything that can happen to a run. */
export type RoundEvent =
  | { readonly type: "start" }
  | {
      readonly type: "joined";
      readonly index: number;
      readonly rank: number;
      readonly holds: number | null;
      /** The round of an update that it has and that was not answered; null or absent: none. */
      readonly pending?: number | null;
    }
  | { readonly type: "left"; readonly index: number; readonly forGood: boolean }
  | {
      readonly type: "taken";
      readonly index: number;
      readonly round: number;
      readonly attempt: number;
      readonly holds: number | null;
      readonly from: number | null;
    }
  | {
      readonly type: "declined";
      readonly index: number;
      readonly round: number;
      readonly attempt: number;
      readonly code: ErrorCode;
    }
  | {
      readonly type: "arrived";
      readonly index: number;
      readonly round: number;
      readonly hash: Digest;
      readonly problem: ErrorCode | null;
    }
  | {
      readonly type: "stored";
      readonly index: number;
      readonly round: number;
      readonly attempt: number;
      readonly hash: Digest;
      readonly outcome: StoredUpdate;
    }
  | { readonly type: "uploading"; readonly index: number; readonly round: number }
  | { readonly type: "timer"; readonly timer: TimerName }
  | { readonly type: "aggregated" }
  | { readonly type: "aggregationFailed"; readonly code: ErrorCode; readonly message: string }
  | { readonly type: "committed" }
  | { readonly type: "evaluated"; readonly metrics: Metrics | null }
  | { readonly type: "pause" }
  | { readonly type: "resume" }
  | { readonly type: "stop" }
  | { readonly type: "broken"; readonly code: ErrorCode; readonly message: string }
  /** The run has ended and that could not be written down. */
  | { readonly type: "endLost"; readonly code: ErrorCode; readonly message: string };

/** Everything the engine asks of the world; `round/drive` is the only interpreter. */
export type RoundEffect =
  | {
      readonly type: "open";
      readonly round: number;
      readonly attempt: number;
      readonly cohort: readonly number[];
      readonly target: number;
    }
  | {
      readonly type: "order";
      readonly index: number;
      readonly round: number;
      readonly attempt: number;
    }
  | {
      readonly type: "cancel";
      readonly index: number;
      readonly round: number;
      readonly code: ErrorCode;
    }
  | {
      readonly type: "store";
      readonly index: number;
      readonly round: number;
      readonly attempt: number;
      readonly hash: Digest;
    }
  | {
      readonly type: "accept";
      readonly index: number;
      readonly round: number;
      readonly hash: Digest;
    }
  | {
      readonly type: "refuse";
      readonly index: number;
      readonly round: number;
      /** The attempt that was at hand when it came. */
      readonly attempt: number;
      readonly hash: Digest;
      readonly code: ErrorCode;
    }
  | { readonly type: "startTimer"; readonly timer: TimerName; readonly ms: number }
  | { readonly type: "stopTimer"; readonly timer: TimerName }
  | {
      readonly type: "close";
      readonly round: number;
      readonly attempt: number;
      readonly accepted: readonly number[];
    }
  | {
      readonly type: "aggregate";
      readonly round: number;
      readonly accepted: readonly number[];
      readonly sampled: number;
    }
  | { readonly type: "commit"; readonly round: number }
  | { readonly type: "publish"; readonly round: number }
  | { readonly type: "evaluate"; readonly round: number }
  | {
      readonly type: "abandon";
      readonly round: number;
      readonly attempt: number;
      readonly code: ErrorCode;
      readonly message: string;
      /** Members whose accepted updates a later attempt may use. */
      readonly accepted: readonly number[];
    }
  | { readonly type: "savePaused"; readonly paused: boolean }
  | { readonly type: "finish"; readonly status: "completed" | "failed" | "stopped" };
