/** What a group of seeds came to. */
import type { CellResult } from "@fedtune/simulation";
import { meanOf, type Mean } from "@fedtune/figures";
import {
  firstAtTarget,
  isNumber,
  lastError,
  measuredIn,
  spentAfter,
  standsFor,
  type Better,
  type Measured,
} from "./cell-rows.ts";

/** What is asked of every cell. */
export interface Question {
  readonly metric: string;
  readonly better: Better;
  readonly at: "last" | "best";
  readonly targets: readonly number[];
}

/** What a cell came to. */
export interface CellOutcome {
  readonly cell: CellResult;
  /** The measurement that stands for it; null: it failed, or the metric was never measured or is not finite. */
  readonly value: Measured | null;
  /** One for each target; null: not reached. */
  readonly reached: readonly (Measured | null)[];
}

/** What it took to reach a target, over the seeds that did. */
export interface Reached {
  readonly target: number;
  readonly reached: number;
  readonly notReached: number;
  readonly rounds: Mean | null;
  readonly bytesUp: Mean | null;
  readonly bytesDown: Mean | null;
  readonly seconds: Mean | null;
  readonly epsilon: Mean | null;
}

/** How far clients are apart after the last round, means over seeds. */
export interface Spread {
  readonly worst: Mean;
  readonly best: Mean;
  /** Standard deviation over the clients. */
  readonly deviation: Mean | null;
  /** Clients of the first seed. */
  readonly clients: number;
}

/** What a group came to; means are over seeds whose cells were completed. */
export interface Outcome {
  readonly cells: readonly CellOutcome[];
  readonly completed: number;
  readonly failed: number;
  /** Completed, but without a finite value of the metric. */
  readonly withoutValue: number;
  readonly value: Mean | null;
  readonly rounds: Mean | null;
  readonly bytesUp: Mean | null;
  readonly bytesDown: Mean | null;
  readonly controlBytes: Mean | null;
  readonly seconds: Mean | null;
  readonly epsilon: Mean | null;
  /** Of the last round in which it was measured. */
  readonly aggregationError: Mean | null;
  readonly targets: readonly Reached[];
  /** Null: clients did not evaluate. */
  readonly spread: Spread | null;
}

/** A cell's answer. */
function cellOutcome(cell: CellResult, question: Question): CellOutcome {
  const measured = cell.status === "completed" ? measuredIn(cell, question.metric) : [];
  const { better, targets } = question;
  return {
    cell,
    value: standsFor(measured, question),
    reached: targets.map((target) => firstAtTarget(measured, { target, better })),
  };
}

/** The answers of a group's cells together. */
export function outcomeOf(cells: readonly CellResult[], question: Question): Outcome {
  const outcomes = cells.map((cell) => cellOutcome(cell, question));
  const completed = cells.filter(({ status }) => status === "completed");
  const ends = completed.flatMap((cell) => spentAfter(cell).at(-1) ?? []);
  const values = outcomes.flatMap(({ value }) => value?.value ?? []);
  return {
    cells: outcomes,
    completed: completed.length,
    failed: cells.length - completed.length,
    withoutValue: completed.length - values.length,
    value: meanOf(values),
    rounds: meanOf(ends.map(({ round }) => round)),
    bytesUp: meanOf(ends.map(({ bytesUp }) => bytesUp)),
    bytesDown: meanOf(ends.map(({ bytesDown }) => bytesDown)),
    controlBytes: meanOf(ends.map(({ controlBytes }) => controlBytes)),
    seconds: meanOf(ends.map(({ seconds }) => seconds)),
    epsilon: meanOf(ends.map(({ epsilon }) => epsilon).filter(isNumber)),
    aggregationError: meanOf(completed.map(lastError).filter(isNumber)),
    targets: question.targets.map((target, at) => reachedBy(outcomes, { target, at })),
    spread: spreadOf(completed, question),
  };
}

function reachedBy(
  outcomes: readonly CellOutcome[],
  { target, at }: { readonly target: number; readonly at: number },
): Reached {
  const played = outcomes.filter(({ cell }) => cell.status === "completed");
  const there = played.flatMap(({ reached }) => reached[at] ?? []);
  return {
    target,
    reached: there.length,
    notReached: played.length - there.length,
    rounds: meanOf(there.map(({ round }) => round)),
    bytesUp: meanOf(there.map(({ bytesUp }) => bytesUp)),
    bytesDown: meanOf(there.map(({ bytesDown }) => bytesDown)),
    seconds: meanOf(there.map(({ seconds }) => seconds)),
    epsilon: meanOf(there.map(({ epsilon }) => epsilon).filter(isNumber)),
  };
}

function spreadOf(cells: readonly CellResult[], { metric, better }: Question): Spread | null {
  const perSeed = cells
    .map(({ clients }) => clients.map(({ metrics }) => metrics[metric]).filter(isNumber))
    .filter((values) => values.length > 0);
  const [lowest, highest] = [
    meanOf(perSeed.map((v) => Math.min(...v))),
    meanOf(perSeed.map((v) => Math.max(...v))),
  ];
  if (lowest === null || highest === null) return null;
  return {
    worst: better === "higher" ? lowest : highest,
    best: better === "higher" ? highest : lowest,
    deviation: meanOf(perSeed.flatMap((values) => meanOf(values)?.deviation ?? [])),
    clients: perSeed[0]?.length ?? 0,
  };
}
