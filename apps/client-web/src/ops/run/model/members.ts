/** The members of the open round: what is known of their way so far, and where each stands. */
import type { MemberStateName } from "@fedtune/figures";
import type { AttemptTimeline, MemberChange, MemberStatus, MemberTimeline } from "./api-types.ts";

/** What the feed has told of the open attempt, by index of the participant. */
export interface LiveMembers {
  readonly round: number;
  readonly attempt: number;
  readonly changes: ReadonlyMap<number, MemberChange>;
}

/** A member as the strip shows it. Times in ms since the attempt opened. */
export interface RoundMember {
  readonly index: number;
  /** The client's name, or `c07` where names are not told. */
  readonly name: string;
  readonly status: MemberStatus;
  readonly isAway: boolean;
  readonly isUploading: boolean;
  /** When its state last changed; null: not known. */
  readonly atMs: number | null;
  /** Of its training or its upload; null: not told. */
  readonly progress: number | null;
  readonly code: string | null;
  readonly message: string | null;
  readonly bytesUp: number;
}

/** A participant without a name: `c07`. */
export const indexName = (index: number): string => `c${String(index).padStart(2, "0")}`;

function lastTime(member: MemberTimeline): number | null {
  const times = [member.orderedMs, member.startedMs, member.uploadedMs, member.acceptedMs];
  const known = [...times, member.refusedMs].filter((time) => time !== null);
  return known.length === 0 ? null : Math.max(...known);
}

/** A refusal's own time is shown although later messages came. */
const finalTime = (member: MemberTimeline): number | null =>
  member.acceptedMs ?? (member.status === "refused" ? member.refusedMs : null) ?? lastTime(member);

function fromTimeline(member: MemberTimeline): RoundMember {
  const { index, client, status, code, message, bytesUp } = member;
  return {
    ...{ index, name: client ?? indexName(index), status, code, message, bytesUp },
    ...{ isAway: false, isUploading: false, atMs: finalTime(member), progress: null },
  };
}

function withChange(member: RoundMember, change: MemberChange): RoundMember {
  const { status, isAway, isUploading, atMs, progress, code, bytesUp } = change;
  const message = code === member.code ? member.message : null;
  return { ...member, status, isAway, isUploading, atMs, progress, code, bytesUp, message };
}

const unknown = (index: number, status: MemberStatus): RoundMember => ({
  ...{ index, name: indexName(index), status, isAway: false, isUploading: false, atMs: null },
  ...{ progress: null, code: null, message: null, bytesUp: 0 },
});

/** What the members are put together from. */
export interface MemberSources {
  /** The attempt as it was read; null: it has not been read. */
  readonly timeline: AttemptTimeline | null;
  /** What has been told since; null: nothing, or of another attempt. */
  readonly live: LiveMembers | null;
  readonly nameOf: (index: number) => string;
}

/** The members in order of their index. What was told later counts, whichever way it came. */
export function membersOf({ timeline, live, nameOf }: MemberSources): readonly RoundMember[] {
  const members = new Map(
    (timeline?.members ?? []).map((member) => [member.index, fromTimeline(member)]),
  );
  for (const [index, change] of live?.changes ?? []) {
    const known = members.get(index) ?? unknown(index, change.status);
    const isNews = known.atMs === null || change.atMs >= known.atMs;
    if (isNews) members.set(index, withChange(known, change));
  }
  return [...members.values()]
    .map((member) => ({ ...member, name: nameOf(member.index) }))
    .sort((a, b) => a.index - b.index);
}

/** Where a member stands, in the words of the table of states. */
export function standingOf({
  status,
  isAway,
  isUploading,
}: Pick<RoundMember, "status" | "isAway" | "isUploading">): MemberStateName {
  if (status === "accepted") return "uploaded";
  if (status === "refused") return "refused";
  if (status === "declined") return "declined";
  if (status === "gone" || isAway) return "away";
  if (status === "storing" || isUploading) return "uploading";
  return status === "training" ? "training" : "waiting";
}

/** Whether an update of the member may still come. */
export const isExpected = (member: RoundMember): boolean =>
  ["uploading", "training", "waiting"].includes(standingOf(member));

/** The order of tiles: what has arrived, by time; what is on its way; what will not come. */
const ranks: Readonly<Partial<Record<MemberStateName, number>>> = {
  ...{ uploaded: 0, uploading: 1, training: 2, waiting: 3, refused: 4, declined: 5, away: 6 },
};

/** Members as their tiles stand. */
export function inTileOrder(members: readonly RoundMember[]): readonly RoundMember[] {
  const rank = (member: RoundMember): number => ranks[standingOf(member)] ?? 9;
  const within = (a: RoundMember, b: RoundMember): number =>
    rank(a) === 0 ? (a.atMs ?? 0) - (b.atMs ?? 0) || a.index - b.index : a.index - b.index;
  return [...members].sort((a, b) => rank(a) - rank(b) || within(a, b));
}

/** Where a member of any attempt stands: what was late counts, and after the close whoever has not arrived was late or silent. */
export function closedStanding(member: MemberTimeline, isClosed: boolean): MemberStateName {
  const standing = standingOf({ ...member, isAway: false, isUploading: false });
  if (standing === "uploaded") return member.order === null ? standing : "lateKept";
  if (!isClosed) return standing;
  if (member.code === "late-update") return "lateDropped";
  return standing === "training" || standing === "waiting" || standing === "uploading"
    ? "noAnswer"
    : standing;
}
