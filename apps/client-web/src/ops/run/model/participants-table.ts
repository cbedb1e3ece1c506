/** The table of participants: who is here, how fast, how stale, how much each counts; trouble first. */
import type { MemberStateName, ParticipantStateName } from "@fedtune/figures";
import type { Participant } from "./api-types.ts";
import { standingOf } from "./members.ts";
import type { RoundMember } from "./members.ts";

/** What a participant is about: its part in the open round, or else in the run. */
export type ParticipantState =
  | { readonly in: "round"; readonly name: MemberStateName; readonly member: RoundMember }
  | { readonly in: "last-round"; readonly name: "lateDropped"; readonly round: number }
  | { readonly in: "run"; readonly name: ParticipantStateName };

/** A row of the table. */
export interface ParticipantRow {
  readonly facts: Participant;
  readonly state: ParticipantState;
}

/** What the states are made from. */
export interface ParticipantSources {
  readonly participants: readonly Participant[];
  /** Members of the open round; empty without one. */
  readonly members: readonly RoundMember[];
  /** The last committed round, and who was late to it. */
  readonly lateLast: { readonly round: number; readonly indices: ReadonlySet<number> } | null;
}

function stateOf(
  facts: Participant,
  member: RoundMember | undefined,
  lateLast: ParticipantSources["lateLast"],
): ParticipantState {
  if (facts.revokedAt !== null) return { in: "run", name: "revoked" };
  if (member !== undefined) return { in: "round", name: standingOf(member), member };
  if (lateLast?.indices.has(facts.index) === true)
    return { in: "last-round", name: "lateDropped", round: lateLast.round };
  return { in: "run", name: facts.isPresent ? "here" : "away" };
}

/** How pressing a state is, the most pressing first. */
const urgency: Readonly<Record<string, number>> = {
  ...{ refused: 0, declined: 1, lateDropped: 2, away: 3, training: 4, receiving: 4, uploading: 5 },
  ...{ waiting: 6, uploaded: 7, here: 8, left: 10, revoked: 11 },
};

/** Away matters more to an open round than to the run. */
const troubleOf = ({ state }: ParticipantRow): number =>
  state.in === "run" && state.name === "away" ? 9 : (urgency[state.name] ?? 12);

/** Columns that the table can be sorted by. */
export const participantColumns = [
  ...([
    "trouble",
    "name",
    "training",
    "seen",
    "behind",
    "share",
    "accepted",
    "refused",
    "sent",
  ] as const),
];
/** One of {@link participantColumns}. */
export type ParticipantColumn = (typeof participantColumns)[number];

/** How the table is sorted. */
export interface ParticipantOrder {
  readonly by: ParticipantColumn;
  readonly isDescending: boolean;
}

type Key = number | string | null;

const keyOf: Readonly<Record<ParticipantColumn, (row: ParticipantRow) => Key>> = {
  trouble: troubleOf,
  name: ({ facts }) => facts.client,
  training: ({ facts }) => facts.meanTrainingSeconds,
  seen: ({ facts }) => (facts.lastSeen === null ? null : Date.parse(facts.lastSeen)),
  behind: ({ facts }) => facts.staleness,
  share: ({ facts }) => facts.share,
  accepted: ({ facts }) => facts.accepted,
  refused: ({ facts }) => facts.refused,
  sent: ({ facts }) => facts.bytesUp,
};

const names = new Intl.Collator("en", { numeric: true });

function compareKeys(a: Key, b: Key): number {
  if (typeof a === "string" && typeof b === "string") return names.compare(a, b);
  return Number(a) - Number(b);
}

/** Rows in the wanted order; what is not known comes last either way, and equal ones stand in order of enrolment. */
export function sortedParticipants(
  rows: readonly ParticipantRow[],
  { by, isDescending }: ParticipantOrder,
): readonly ParticipantRow[] {
  const sign = isDescending ? -1 : 1;
  const keyed = rows.map((row) => ({ row, key: keyOf[by](row) }));
  keyed.sort((a, b) => {
    if (a.key === null || b.key === null) return Number(a.key === null) - Number(b.key === null);
    return sign * compareKeys(a.key, b.key) || a.row.facts.index - b.row.facts.index;
  });
  return keyed.map(({ row }) => row);
}

/** The rows, in order of enrolment. */
export function participantRows({
  participants,
  members,
  lateLast,
}: ParticipantSources): readonly ParticipantRow[] {
  const byIndex = new Map(members.map((member) => [member.index, member]));
  return participants.map((facts) => ({
    facts,
    state: stateOf(facts, byIndex.get(facts.index), lateLast),
  }));
}

/** Rows whose name, device or software has the text in it; capitals do not matter. */
export function filteredParticipants(
  rows: readonly ParticipantRow[],
  text: string,
): readonly ParticipantRow[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === "") return rows;
  return rows.filter(({ facts: { client, software, device } }) =>
    [client, software, device?.backend, device?.platform].some(
      (part) => part?.toLowerCase().includes(wanted) === true,
    ),
  );
}
