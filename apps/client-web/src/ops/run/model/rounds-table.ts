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
function committedRow(figures: RoundFigures, rules: RoundRules): RoundsTableRow {
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

interface Made {
  readonly late: number | undefined;
  readonly row: RoundsTableRow;
}

const made = new WeakMap<RoundFigures, Made>();

/** A committed row is made once: tables of ten thousand get one more with every round. */
function rowOnce(figures: RoundFigures, rules: RoundRules): RoundsTableRow {
  const late = rules.lateByRound.get(figures.round);
  const known = made.get(figures);
  if (known !== undefined && known.late === late) return known.row;
  const row = committedRow(figures, rules);
  made.set(figures, { late, row });
  return row;
}

/** Rows, the latest first; with `most` no more than that many. */
export function roundsTable(
  { rows, open, ...rules }: RoundsTableSources,
  most = Number.POSITIVE_INFINITY,
): readonly RoundsTableRow[] {
  const isAhead = open !== null && open.round > (rows.at(-1)?.round ?? 0);
  const table: RoundsTableRow[] = isAhead ? [open] : [];
  for (let at = rows.length - 1; at >= 0 && table.length < most; at -= 1) {
    const figures = rows[at];
    if (figures !== undefined && figures.round > 0) table.push(rowOnce(figures, rules));
  }
  return table;
}
