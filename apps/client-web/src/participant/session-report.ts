/** What happens while a device takes part, and what has happened so far. */
import type { ErrorCode } from "@fedtune/core";
import type { BrowserBackend } from "./device-report.ts";

/** How things stand with the coordinator; `since` in milliseconds since 1970, by this device's clock. */
export type Connection =
  | { readonly kind: "none" }
  | { readonly kind: "connecting"; readonly since: number }
  | { readonly kind: "live"; readonly since: number }
  | { readonly kind: "reconnecting"; readonly since: number }
  /** The browser itself says that there is no network. */
  | { readonly kind: "offline"; readonly since: number };

/** Where a round is on this device, in this order. */
export const roundPhases = ["receive", "learn", "protect", "send", "confirm"] as const;
/** One of {@link roundPhases}. */
export type RoundPhase = (typeof roundPhases)[number];

/** The round at hand. */
export interface RoundWork {
  readonly round: number;
  readonly attempt: number;
  readonly phase: RoundPhase;
  /** Milliseconds since 1970, by this device's clock: when its order came, and when the round closes. */
  readonly startedAt: number;
  readonly closesAt: number;
  readonly receive: { readonly bytes: number; readonly seconds: number | null };
  /** Of the training steps; `total` 0: not known yet. */
  readonly learn: {
    readonly done: number;
    readonly total: number;
    readonly loss: number | null;
    /** Milliseconds since 1970; null: not begun. */
    readonly startedAt: number | null;
    readonly seconds: number | null;
    /** Time that the rest of this phase takes; null: not known yet. */
    readonly secondsLeft: number | null;
  };
  /** Whether this device adds noise before anything leaves. */
  readonly addsNoise: boolean;
  readonly send: {
    readonly bytes: number | null;
    readonly startedAt: number | null;
    readonly seconds: number | null;
  };
}

/** Why a round has no update of this device. */
export type MissedBecause = "paused" | "closed" | "asleep" | "offline" | "slow" | "called-off";

/** What became of a round. */
export interface RoundOutcome {
  readonly round: number;
  readonly result: "accepted" | "late" | "refused" | "declined" | "missed" | "not-asked";
  /** Of missed rounds; null: not known. */
  readonly because: MissedBecause | null;
  /** Of late, refused and declined ones. */
  readonly code: ErrorCode | null;
  readonly message: string | null;
  /** Milliseconds since 1970: when it was known. */
  readonly at: number;
  /** Of the update that was sent; 0: nothing left this device. */
  readonly bytes: number;
}

/** Bytes that travelled. */
export interface Transfer {
  /** Milliseconds since 1970: when it was complete. */
  readonly at: number;
  readonly direction: "up" | "down";
  readonly what: "update" | "joint-result" | "model" | "enrolment";
  /** Null: of no round. */
  readonly round: number | null;
  readonly bytes: number;
  readonly seconds: number;
  /** False: the connection was lost on the way, and at most these bytes travelled. */
  readonly isComplete: boolean;
}

/** What this device's own adapter is worth on its own examples that training never sees; it stays here. */
export interface OwnAccuracy {
  /** 0: before the first round. */
  readonly round: number;
  /** 0 to 1. */
  readonly accuracy: number;
  readonly loss: number | null;
  readonly examples: number;
}

/** Something that was dealt with by itself and that the holder should know. */
export type Notice =
  | {
      readonly kind: "backend-lost";
      readonly at: number;
      readonly from: BrowserBackend;
      readonly to: BrowserBackend;
      readonly round: number | null;
      readonly step: number;
    }
  /** The device's clock is off by more than two minutes: the server's time is used. */
  | { readonly kind: "clock-wrong"; readonly at: number; readonly offsetMs: number }
  /** A part of the stored place was damaged and is begun afresh; the privacy record is not. */
  | { readonly kind: "state-lost"; readonly at: number };

/** A device's part in a run. */
export interface SessionReport {
  readonly connection: Connection;
  /** How far this device's clock is behind the server's; null: not known. */
  readonly clockOffsetMs: number | null;
  /** Null: waiting for the next round. */
  readonly work: RoundWork | null;
  /** Rounds in order, from the one that was open when this device joined to the last that is known of. */
  readonly rounds: readonly RoundOutcome[];
  readonly totalRounds: number;
  /** Updates, joint results and the model, in order; control messages are counted below. */
  readonly transfers: readonly Transfer[];
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** Part of `bytesUp`: greetings, receipts and device facts. */
  readonly messageBytesUp: number;
  readonly accuracy: readonly OwnAccuracy[];
  /** Over the last round; null: none yet. */
  readonly stepsPerSecond: number | null;
  /** Of the rest of the run, when two rounds have shown how long one takes; null: not known. */
  readonly secondsLeft: number | null;
  readonly notices: readonly Notice[];
}
