/** Who is told what a coordinator does. */
import type { ErrorCode } from "../errors.ts";
import type { EvaluationRow, RoundRow } from "../store/store.ts";
import type { MemberChange } from "./timeline.ts";
import type { RoundEvent, RoundState } from "./types.ts";

/** Tells its owner what happens; for logs, progress and the live feed. All calls are synchronous and after the fact. */
export interface CoordinatorListener {
  stateChanged?(state: RoundState, event: RoundEvent): void;
  roundCommitted?(row: RoundRow): void;
  evaluated?(row: EvaluationRow): void;
  refused?(refusal: {
    readonly client: string;
    readonly code: ErrorCode;
    readonly message: string;
    readonly round: number | null;
  }): void;
  /** How far a member of the cohort is; not told by coordinators that keep only the latest round. */
  memberChanged?(change: MemberChange): void;
  attemptAbandoned?(attempt: {
    readonly round: number;
    readonly attempt: number;
    readonly code: ErrorCode;
  }): void;
}
