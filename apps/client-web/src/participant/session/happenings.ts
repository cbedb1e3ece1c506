/** What happens to a device in a run, as plain data: a session's report follows from them alone. */
import type { ErrorCode } from "@fedtune/core";
import type { MissedBecause, Notice, OwnAccuracy, Transfer } from "../session-report.ts";

/** Milliseconds since 1970, by this device's clock. */
interface Timed {
  readonly at: number;
}

/** What is kept over reloads. */
export type KeptHappening =
  /** A device came into the run when so many rounds were committed. */
  | ({ readonly type: "joined"; readonly committed: number; readonly total: number } & Timed)
  /** From here on rounds are missed for a reason, until the next order. */
  | ({ readonly type: "away"; readonly because: MissedBecause } & Timed)
  | ({
      readonly type: "answered";
      readonly round: number;
      readonly result: "accepted" | "late" | "refused" | "declined";
      readonly code: ErrorCode | null;
      readonly message: string | null;
      readonly bytes: number;
    } & Timed)
  | ({ readonly type: "called-off"; readonly round: number; readonly code: ErrorCode } & Timed)
  | { readonly type: "transfer"; readonly transfer: Transfer }
  /** Control messages since the last of these. */
  | { readonly type: "messages"; readonly bytesUp: number; readonly bytesDown: number }
  | { readonly type: "accuracy"; readonly accuracy: OwnAccuracy }
  | { readonly type: "notice"; readonly notice: Notice }
  | ({ readonly type: "ended"; readonly rounds: number } & Timed);

/** What a reload forgets. */
export type PassingHappening =
  | ({
      readonly type: "link";
      readonly link: "none" | "connecting" | "live" | "reconnecting" | "offline";
    } & Timed)
  | ({
      readonly type: "ordered";
      readonly round: number;
      readonly attempt: number;
      readonly deadlineMs: number;
      readonly addsNoise: boolean;
    } & Timed)
  | ({
      readonly type: "received";
      readonly round: number;
      readonly bytes: number;
      readonly seconds: number;
    } & Timed)
  | ({
      readonly type: "step";
      readonly round: number;
      readonly done: number;
      readonly total: number;
      readonly loss: number | null;
    } & Timed)
  | ({ readonly type: "trained"; readonly round: number } & Timed)
  | ({ readonly type: "sending"; readonly round: number; readonly bytes: number } & Timed)
  | ({ readonly type: "sent"; readonly round: number } & Timed)
  | ({ readonly type: "clock"; readonly offsetMs: number } & Timed);

/** Anything that happens. */
export type Happening = KeptHappening | PassingHappening;

const kept: Readonly<Record<KeptHappening["type"], true>> = {
  ...{ joined: true, away: true, answered: true, "called-off": true, transfer: true },
  ...{ messages: true, accuracy: true, notice: true, ended: true },
};

/** Whether something is kept over reloads. */
export function isKept(happening: Happening): happening is KeptHappening {
  return happening.type in kept;
}
