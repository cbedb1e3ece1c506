/** The table of rounds. Every row adds up: in, late, refused and no answer are all that were selected. */
import type { RoundStateName } from "@fedtune/figures";
import type { RunState } from "./api-types.ts";
import type { NamedNumbers, RoundFigures } from "./round-figures.ts";
import type { RoundStrip } from "./strip.ts";

/** What became of the members of a round. */
export interface RoundShares {
  readonly selected: number;
  readonly accepted: number;
  readonly late: number;
  readonly refused: number;
  readonly noAnswer: number;
}

/** A row of the table; null: hidden, or not there yet. */
export interface RoundsTableRow {
  readonly round: number;
  readonly state: RoundStateName;
  readonly attempt: number | null;
  readonly seconds: number | null;
  readonly shares: RoundShares | null;
  /** Whether late ones can be told already: only a closed round has any. */
  readonly isClosed: boolean;
  /** Refusals by code, without late ones. */
  readonly reasons: Readonly<Record<string, number>>;
  /** Null: not measured. */
  readonly error: number | null;
  readonly accuracy: number | null;
  readonly loss: number | null;
  readonly bytesUp: number | null;
  readonly epsilon: number | null;
}

const sum = (counts: Iterable<number>): number =>
  [...counts].reduce((total, count) => total + count, 0);

/**
 * Splits the selected of a committed round. A client may be refused more than once and be accepted in the end, so that
 * no part takes more than what is left over.
 */
export function sharesOf(
  { sampled, accepted, refusals, declined }: RoundFigures,
  lateAfterwards = 0,
): RoundShares | null {
  if (sampled === null || accepted === null) return null;
  const counts = refusals ?? {};
  const lateThen = counts["late-update"] ?? 0;
  const refusedThen = sum(Object.values(counts).map((count) => count ?? 0)) - lateThen;
  let left = Math.max(sampled - accepted, 0);
  const take = (wanted: number): number => {
    const taken = Math.min(Math.max(wanted, 0), left);
    left -= taken;
    return taken;
  };
  // The row counts what came before its commit, the list of refusals all of it.
  const late = take(Math.max(lateThen, lateAfterwards));
  const refused = take(refusedThen + (declined ?? 0));
  return { selected: accepted + late + refused + left, accepted, late, refused, noAnswer: left };
}

/** What decides how a committed round ended. */
export interface RoundRules {
  readonly roundTimeoutMs: number;
  readonly lateByRound: ReadonlyMap<number, number>;
}

/** An evaluation's accuracy: over clients where each counts the same, else over examples. */
export const accuracyOf = (metrics: NamedNumbers | null): number | null =>
  metrics?.["accuracyMean"] ?? metrics?.["accuracy"] ?? null;

function stateOf({ seconds, attempt }: RoundFigures, roundTimeoutMs: number): RoundStateName {
  if (seconds !== null && seconds * 1000 >= roundTimeoutMs) return "publishedAtDeadline";
  return attempt !== null && attempt > 1 ? "repeated" : "published";
}

/** The row of a committed round. */
export function committedRow(figures: RoundFigures, rules: RoundRules): RoundsTableRow {
  const { round, attempt, seconds, refusals, aggregationError, bytesUp, epsilon } = figures;
  const reasons = Object.entries(refusals ?? {}).filter(([code]) => code !== "late-update");
  return {
    ...{ round, attempt, seconds, bytesUp, epsilon, isClosed: true },
    state: stateOf(figures, rules.roundTimeoutMs),
    shares: sharesOf(figures, rules.lateByRound.get(round)),
    reasons: Object.fromEntries(reasons.map(([code, count]) => [code, count ?? 0])),
    error: aggregationError?.total ?? null,
    accuracy: accuracyOf(figures.evaluation),
    loss: figures.evaluation?.["loss"] ?? null,
  };
}

/** A phase of an open round as its state. */
export function openState({ phase, paused }: Pick<RunState, "phase" | "paused">): RoundStateName {
  switch (phase) {
    case "collecting":
      return "collecting";
    case "aggregating":
    case "committing":
      return "aggregating";
    case "evaluating":
      return "evaluating";
    case "failed":
      return "failed";
    default:
      return paused ? "paused" : "selecting";
  }
}

/** The row of the round at hand: whoever has not been accepted or refused has not answered yet. */
export function openRow(state: RunState, strip: RoundStrip): RoundsTableRow {
  const { counts, selected, clock, members } = strip;
  const reasons = new Map<string, number>();
  for (const { status, code } of members) {
    if (code !== null && (status === "refused" || status === "declined"))
      reasons.set(code, (reasons.get(code) ?? 0) + 1);
  }
  const shares = counts === null || selected === null ? null : openShares(counts, selected);
  return {
    ...{ round: state.round, attempt: state.attempt, state: openState(state), isClosed: false },
    ...{ shares, reasons: Object.fromEntries(reasons) },
    seconds: clock === null ? null : clock.nowMs / 1000,
    ...{ error: null, accuracy: null, loss: null, epsilon: null },
    bytesUp: members.length === 0 ? null : sum(members.map(({ bytesUp }) => bytesUp)),
  };
}

function openShares(counts: NonNullable<RoundStrip["counts"]>, selected: number): RoundShares {
  const { uploaded, refused } = counts;
  return {
    selected,
    accepted: uploaded,
    late: 0,
    refused,
    noAnswer: selected - uploaded - refused,
  };
}

/** What the table is made from. */
export interface RoundsTableSources extends RoundRules {
  readonly rows: readonly RoundFigures[];
  /** The row at hand; null: no round is open. */
  readonly open: RoundsTableRow | null;
}

/** Rows, the latest first, each made when it is asked for: a run may have ten thousand. */
export function roundsTable({ rows, open, ...rules }: RoundsTableSources) {
  const committed = rows.filter(({ round }) => round > 0);
  const isAhead = open !== null && open.round > (committed.at(-1)?.round ?? 0);
  const ahead = isAhead ? 1 : 0;
  return {
    length: committed.length + ahead,
    at(index: number): RoundsTableRow | null {
      if (isAhead && index === 0) return open;
      const figures = committed[committed.length - 1 - (index - ahead)];
      return figures === undefined ? null : committedRow(figures, rules);
    },
  };
}
