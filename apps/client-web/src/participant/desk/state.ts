/** Everything that a desk knows, and the stage that follows from it. */
import type { DeviceState, Power, Settings } from "../device-report.ts";
import type { FileState } from "../file-report.ts";
import type { Problem } from "../invitation.ts";
import type { PrivacyStanding } from "../privacy-standing.ts";
import type { SessionReport } from "../session-report.ts";
import { noMemory } from "../session/report.ts";
import type { SessionMemory } from "../session/report.ts";
import type { StoredMembership } from "../storage/memberships.ts";
import { defaultSettings } from "../storage/settings-store.ts";
import type { Keepings, ParticipantSnapshot, PausedBy, Road, Stage, StageKind } from "../types.ts";

/** Before there is a road, or when there cannot be one. */
export type Front = Extract<
  Stage,
  {
    readonly kind:
      | "opening"
      | "unsupported"
      | "no-storage"
      | "no-invitation"
      | "reading-invitation"
      | "invitation-refused";
  }
>;

/** What goes on at this moment, as no reload would find it. */
export type Live =
  | { readonly kind: "idle" }
  | { readonly kind: "starting" }
  | { readonly kind: "training" }
  | { readonly kind: "paused"; readonly by: PausedBy }
  /** `report`: what the other tab says; null: it has said nothing yet. */
  | { readonly kind: "elsewhere"; readonly report: SessionReport | null }
  | { readonly kind: "failed"; readonly problem: Problem };

/** Everything that a desk knows. */
export interface DeskState {
  /** Null: there is a road. */
  readonly front: Front | null;
  readonly membership: StoredMembership | null;
  readonly file: FileState;
  readonly device: DeviceState;
  readonly privacy: PrivacyStanding | null;
  readonly memory: SessionMemory;
  readonly live: Live;
  readonly settings: Settings;
  readonly power: Power;
  readonly keepings: Keepings | null;
  readonly failure: ParticipantSnapshot["failure"];
}

/** Before the store is open. */
export const initialState: DeskState = {
  front: { kind: "opening" },
  membership: null,
  file: { kind: "none" },
  device: { kind: "none" },
  privacy: null,
  memory: noMemory,
  live: { kind: "idle" },
  settings: defaultSettings,
  power: { source: "unknown", charge: null },
  keepings: null,
  failure: null,
};

/** What of a state belongs to one road. */
export const noRoad = {
  membership: null,
  file: initialState.file,
  device: initialState.device,
  privacy: null,
  memory: noMemory,
  live: { kind: "idle" },
} as const satisfies Partial<DeskState>;

/** What pages are shown. */
export function snapshotOf(state: DeskState): ParticipantSnapshot {
  const { settings, power, keepings, failure } = state;
  return { stage: stageOf(state), settings, power, keepings, failure };
}

/** Where the holder is. */
export function stageOf(state: DeskState): Stage {
  const { front, membership } = state;
  if (front !== null) return front;
  if (membership === null) return { kind: "no-invitation" };
  const road = roadOf(state, membership);
  const { step } = membership;
  switch (step) {
    case "invited":
    case "file":
    case "device":
    case "ready":
    case "left":
      return liveStage(state, road) ?? { kind: step, ...road };
    case "started":
      return liveStage(state, road) ?? { kind: "paused", by: "holder", ...road };
    case "finished": {
      const { status, rounds } = membership.end ?? { status: "completed", rounds: 0 };
      return { kind: "finished", status, rounds, ...road };
    }
    case "refused":
      return { kind: "refused", problem: membership.problem ?? unknownProblem, ...road };
  }
}

function roadOf(
  { file, device, privacy, memory, live }: DeskState,
  { invitation, client }: StoredMembership,
): Road {
  const session = live.kind === "elsewhere" ? (live.report ?? memory.report) : memory.report;
  return { invitation, client, file, device, privacy, session };
}

function liveStage({ live }: DeskState, road: Road): Stage | null {
  switch (live.kind) {
    case "idle":
      return null;
    case "starting":
    case "training":
    case "elsewhere":
      return { kind: live.kind, ...road };
    case "paused":
      return { kind: "paused", by: live.by, ...road };
    case "failed":
      return { kind: "failed", problem: live.problem, ...road };
  }
}

const unknownProblem: Problem = {
  ...{ code: "internal", message: "It ended for a reason that was not kept", data: {} },
  retryable: false,
};

/** The stage on which a membership would be shown in a list. */
export function stageKindOf({ step, pausedByHolder }: StoredMembership): StageKind {
  if (step !== "started") return step;
  return pausedByHolder ? "paused" : "training";
}
