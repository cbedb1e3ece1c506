/** Short names for what the API tells of a run. */
import type { ItemOf, OutputOf } from "@fedtune/api";

/** A run as it is now. */
export type Run = OutputOf<"getRun">;
/** What changes while a run goes on. */
export type RunState = Run["state"];
/** A committed round. */
export type Round = ItemOf<"listRounds">;
/** An evaluation after a round. */
export type Evaluation = ItemOf<"listEvaluations">;
/** A round with its attempts. */
export type RoundDetails = OutputOf<"getRound">;
/** An attempt with what became of each member. */
export type AttemptTimeline = RoundDetails["attempts"][number];
/** A member's way through an attempt. */
export type MemberTimeline = AttemptTimeline["members"][number];
/** How far a member is. */
export type MemberStatus = MemberTimeline["status"];
/** A participant with what it has done. */
export type Participant = ItemOf<"listParticipants">;
/** What a follower of a run is told. */
export type RunEvent = OutputOf<"followRun">;
/** What has changed for one member of the cohort. */
export type MemberChange = Extract<RunEvent, { readonly type: "members" }>["members"][number];
/** An update that was not taken. */
export type Refusal = ItemOf<"listRefusals">;
/** What a run guarantees, and what it has charged. */
export type Ledger = OutputOf<"getLedger">;
/** What a run would cost. */
export type RunCost = NonNullable<OutputOf<"estimateRun">["cost"]>;
