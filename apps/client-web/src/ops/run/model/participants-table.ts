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

/** Rows with those in trouble first; equal ones in order of enrolment. */
export function byTrouble(rows: readonly ParticipantRow[]): readonly ParticipantRow[] {
  return rows.toSorted((a, b) => troubleOf(a) - troubleOf(b) || a.facts.index - b.facts.index);
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
