/**
 * The states that people see: one word, one icon, one tone each, in all views, in the terminal and in the documents.
 * Colour never stands alone.
 */

/** What a colour says: going on, well, late, wrong, at rest, about privacy. */
export type Tone = "accent" | "ok" | "wait" | "bad" | "idle" | "privacy";

/** Icons by their lucide names. */
export type StateIcon =
  | "arrow-up"
  | "ban"
  | "check"
  | "circle"
  | "circle-dashed"
  | "circle-pause"
  | "circle-stop"
  | "clock-3"
  | "combine"
  | "hourglass"
  | "loader-circle"
  | "log-out"
  | "mail"
  | "minus"
  | "octagon-x"
  | "rotate-ccw"
  | "shield-off"
  | "unplug"
  | "users"
  | "wifi"
  | "wifi-off";

/** How a state is shown. */
export interface StateLook {
  /** What people read; a sentence may go on after it ("Training 71 %"). */
  readonly word: string;
  readonly icon: StateIcon;
  readonly tone: Tone;
}

const look = (word: string, icon: StateIcon, tone: Tone): StateLook => ({ word, icon, tone });

/** A round, open or over. */
export const roundStates = {
  selecting: look("Selecting", "users", "idle"),
  collecting: look("Collecting", "loader-circle", "accent"),
  grace: look("Grace", "hourglass", "accent"),
  aggregating: look("Aggregating", "combine", "accent"),
  evaluating: look("Evaluating", "loader-circle", "accent"),
  published: look("Published", "check", "ok"),
  publishedAtDeadline: look("Published at deadline", "clock-3", "wait"),
  repeated: look("No quorum, repeated", "rotate-ccw", "wait"),
  failed: look("Failed", "octagon-x", "bad"),
  paused: look("Paused", "circle-pause", "idle"),
} as const satisfies Record<string, StateLook>;

/** A client in one round. "Late" exists only after the round has closed; no answer is not a refusal. */
export const memberStates = {
  notAsked: look("Not asked", "minus", "idle"),
  waiting: look("Waiting", "hourglass", "idle"),
  receiving: look("Receiving", "loader-circle", "accent"),
  training: look("Training", "loader-circle", "accent"),
  uploading: look("Uploading", "arrow-up", "accent"),
  uploaded: look("Uploaded", "check", "ok"),
  lateKept: look("Late, kept", "clock-3", "wait"),
  lateDropped: look("Late, dropped", "clock-3", "wait"),
  refused: look("Refused", "octagon-x", "bad"),
  declined: look("Declined", "ban", "idle"),
  away: look("Away", "unplug", "idle"),
  noAnswer: look("No answer", "circle-dashed", "idle"),
} as const satisfies Record<string, StateLook>;

/** A client in a run. */
export const participantStates = {
  invited: look("Invited", "mail", "idle"),
  here: look("Here", "circle", "ok"),
  away: look("Away", "unplug", "idle"),
  paused: look("Paused by its owner", "circle-pause", "idle"),
  budgetSpent: look("Budget spent", "shield-off", "privacy"),
  rests: look("Rests after refusals", "octagon-x", "bad"),
  left: look("Left", "log-out", "idle"),
  revoked: look("Revoked", "ban", "bad"),
} as const satisfies Record<string, StateLook>;

/** A run. */
export const runStates = {
  draft: look("Draft", "circle-dashed", "idle"),
  waiting: look("Waiting for people", "users", "wait"),
  running: look("Running", "loader-circle", "accent"),
  paused: look("Paused", "circle-pause", "idle"),
  finished: look("Finished", "check", "ok"),
  stopped: look("Stopped", "circle-stop", "idle"),
  failed: look("Failed", "octagon-x", "bad"),
} as const satisfies Record<string, StateLook>;

/** A page's connection to the server. */
export const connectionStates = {
  live: look("Live", "wifi", "ok"),
  reconnecting: look("Reconnecting", "loader-circle", "wait"),
  offline: look("Offline", "wifi-off", "bad"),
  ended: look("Ended", "check", "idle"),
} as const satisfies Record<string, StateLook>;

/** Names of the states of each table. */
export type RoundStateName = keyof typeof roundStates;
export type MemberStateName = keyof typeof memberStates;
export type ParticipantStateName = keyof typeof participantStates;
export type RunStateName = keyof typeof runStates;
export type ConnectionStateName = keyof typeof connectionStates;
