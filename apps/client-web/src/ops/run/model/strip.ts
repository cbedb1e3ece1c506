/** The open round as its strip shows it. */
import type { Arrival, MemberStateName } from "@fedtune/figures";
import type { RunState } from "./api-types.ts";
import { arrivalsOf } from "./arrivals.ts";
import { outlook } from "./forecast.ts";
import type { FinishTimes, Outlook, RoundClock } from "./forecast.ts";
import { inTileOrder, standingOf } from "./members.ts";
import type { RoundMember } from "./members.ts";

/** How the members are drawn: a tile with name and time, a square, or only as a part of a bar. */
export type MemberForm = "tiles" | "squares" | "bar";

/** More members than this are squares. */
const maxTiles = 24;
/** More members than this are a bar. */
const maxSquares = 120;

/** How so many members are drawn. */
export const memberForm = (count: number): MemberForm =>
  count <= maxTiles ? "tiles" : count <= maxSquares ? "squares" : "bar";

/** Where members may stand in an open round, as the strip counts them. */
export const standings = [
  "uploaded",
  "uploading",
  "training",
  "refused",
  "away",
  "waiting",
] as const;
/** One of {@link standings}. */
export type Standing = (typeof standings)[number];

/** Members by where they stand. */
export type StandingCounts = Readonly<Record<Standing, number>>;

/** A member that declined has answered, like one that was refused. */
const countedAs = (state: MemberStateName): Standing =>
  standings.find((standing) => standing === state) ?? "refused";

function countsOf(members: readonly RoundMember[]): StandingCounts {
  const counts = { uploaded: 0, uploading: 0, training: 0, refused: 0, away: 0, waiting: 0 };
  for (const member of members) counts[countedAs(standingOf(member))] += 1;
  return counts;
}

function countsOfState(counts: NonNullable<RunState["counts"]>): StandingCounts {
  const { ordered, training, storing, accepted } = counts;
  const { refused, declined, gone } = counts;
  return {
    ...{ uploaded: accepted, uploading: storing, training, away: gone, waiting: ordered },
    refused: refused + declined,
  };
}

/** What the strip is made from. */
export interface StripSources {
  readonly state: RunState;
  /** Of the open attempt; empty where it is hidden, or not read yet. */
  readonly members: readonly RoundMember[];
  readonly times: FinishTimes;
  /** Accepted updates without which the round fails. */
  readonly quorum: number;
  /** Null: the round has no deadline at the moment. */
  readonly clock: RoundClock | null;
}

/** The strip of a round that collects. */
export interface RoundStrip {
  readonly round: number;
  readonly attempt: number;
  /** Accepted updates that the round needs, and those that close it before its deadline; null: hidden. */
  readonly needed: number;
  readonly target: number | null;
  /** Null: who takes part is hidden. */
  readonly counts: StandingCounts | null;
  readonly selected: number | null;
  readonly form: MemberForm;
  /** In the order of their tiles. */
  readonly members: readonly RoundMember[];
  readonly arrivals: readonly Arrival[];
  readonly clock: RoundClock | null;
  readonly outlook: Outlook;
}

/** Puts the strip together. */
export function roundStrip({ state, members, times, quorum, clock }: StripSources): RoundStrip {
  const told = state.counts === null ? null : countsOfState(state.counts);
  const counts = members.length === 0 ? told : countsOf(members);
  const selected = counts === null ? null : standings.reduce((sum, name) => sum + counts[name], 0);
  return {
    ...{ round: state.round, attempt: state.attempt, needed: quorum, target: state.target },
    ...{ counts, selected, clock, form: memberForm(selected ?? 0) },
    members: inTileOrder(members),
    arrivals: clock === null ? [] : arrivalsOf(members, times, clock),
    outlook:
      clock === null || members.length === 0
        ? { kind: "unknown" }
        : outlook(members, { needed: quorum, times, clock }),
  };
}

/** When a countdown was told, and what it said. */
export interface ToldCountdown {
  readonly remainingMs: number;
  /** On the same clock as `nowMs`. */
  readonly toldAtMs: number;
}

/** Where a round stands in time, from how long it had left when that was told. */
export function roundClock(
  { remainingMs, toldAtMs }: ToldCountdown,
  { nowMs, roundTimeoutMs }: { readonly nowMs: number; readonly roundTimeoutMs: number },
): RoundClock {
  const left = remainingMs - (nowMs - toldAtMs);
  // A grace may run beyond the deadline.
  const deadlineMs = Math.max(roundTimeoutMs, remainingMs);
  return { deadlineMs, nowMs: Math.min(Math.max(deadlineMs - left, 0), deadlineMs) };
}
