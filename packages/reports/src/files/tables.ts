/** The tables of a report as files: a line per cell, per group of seeds, and per round of a cell. */
import type { CellResult } from "@fedtune/simulation";
import type { Mean } from "@fedtune/figures";
import { lastError, spentAfter, type Measured } from "../summary/cell-rows.ts";
import { settingText } from "../summary/layout.ts";
import type { CellOutcome, Reached } from "../summary/outcome.ts";
import type { GroupSummary, Summary } from "../summary/summarize.ts";
import { csvText, type Cell, type Row } from "./csv.ts";

/** Names in front of what the file itself counts, so that no setting can be taken for a figure. */
const prefixed = (prefix: string, values: Readonly<Record<string, Cell>>): Row =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}.${name}`, value]));

const together = (rows: readonly Row[]): Row =>
  Object.fromEntries(rows.flatMap((row) => Object.entries(row)));

const settingsOf = ({ settings }: CellResult): Row =>
  Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [`set.${name}`, settingText(value)]),
  );

const identity = (group: GroupSummary, cell: CellResult): Row => ({
  experiment: group.experiment,
  cell: cell.hash,
  variant: cell.variant,
  ...settingsOf(cell),
  seed: cell.seed,
});

/** `results.csv`: a line per cell. */
export function resultsCsv(summary: Summary): string {
  const rows = summary.panels.flatMap(({ groups }) =>
    groups.flatMap((group) =>
      group.outcome.cells.map((outcome) => cellRow(summary, group, outcome)),
    ),
  );
  return csvText(rows);
}

function cellRow(
  { question }: Summary,
  group: GroupSummary,
  { cell, value, reached }: CellOutcome,
): Row {
  const end = spentAfter(cell).at(-1);
  const last = cell.rows.findLast(({ evaluation }) => evaluation !== null);
  return {
    ...identity(group, cell),
    status: cell.status,
    failureCode: cell.failure?.code,
    failure: cell.failure?.message,
    configHash: cell.configHash,
    adapterHash: cell.adapterHash,
    [question.metric]: value?.value,
    [`${question.metric}Round`]: value?.round,
    rounds: end?.round,
    bytesUp: end?.bytesUp,
    bytesDown: end?.bytesDown,
    controlBytes: end?.controlBytes,
    seconds: end?.seconds,
    epsilon: end?.epsilon,
    aggregationError: lastError(cell),
    ...prefixed("last", last?.evaluation ?? {}),
    ...together(question.targets.map((target, at) => targetRow(target, reached[at]))),
  };
}

function targetRow(target: number, reached: Measured | null | undefined): Row {
  return prefixed(`to ${String(target)}`, {
    rounds: reached?.round,
    bytesUp: reached?.bytesUp,
    bytesDown: reached?.bytesDown,
    seconds: reached?.seconds,
    epsilon: reached?.epsilon,
  });
}

function interval(name: string, mean: Mean | null): Row {
  const half = mean?.halfWidth ?? NaN;
  return {
    [name]: mean?.mean,
    [`${name} n`]: mean?.n ?? 0,
    [`${name} deviation`]: mean?.deviation,
    [`${name} low`]: (mean?.mean ?? NaN) - half,
    [`${name} high`]: (mean?.mean ?? NaN) + half,
  };
}

/** `summary.csv`: a line per group of seeds; low and high are the ends of 95 % intervals. */
export function summaryCsv({ panels, question }: Summary): string {
  const rows = panels.flatMap(({ groups, best }) =>
    groups.map(({ experiment, panel, value, outcome }): Row => {
      return {
        experiment,
        ...prefixed("set", Object.fromEntries(panel)),
        compared: value,
        completed: outcome.completed,
        failed: outcome.failed,
        withoutValue: outcome.withoutValue,
        best: best === value ? 1 : 0,
        ...interval(question.metric, outcome.value),
        rounds: outcome.rounds?.mean,
        bytesUp: outcome.bytesUp?.mean,
        bytesDown: outcome.bytesDown?.mean,
        controlBytes: outcome.controlBytes?.mean,
        seconds: outcome.seconds?.mean,
        epsilon: outcome.epsilon?.mean,
        ...interval("aggregationError", outcome.aggregationError),
        "clients worst": outcome.spread?.worst.mean,
        "clients best": outcome.spread?.best.mean,
        "clients deviation": outcome.spread?.deviation?.mean,
        ...together(outcome.targets.map(reachedRow)),
      };
    }),
  );
  return csvText(rows);
}

function reachedRow(to: Reached): Row {
  return prefixed(`to ${String(to.target)}`, {
    reached: to.reached,
    notReached: to.notReached,
    rounds: to.rounds?.mean,
    bytesUp: to.bytesUp?.mean,
    bytesDown: to.bytesDown?.mean,
    seconds: to.seconds?.mean,
    epsilon: to.epsilon?.mean,
  });
}

/** `rounds.csv`: a line per round of a cell. Round 0 is the initial adapter. */
export function roundsCsv({ panels }: Summary): string {
  const rows = panels.flatMap(({ groups }) =>
    groups.flatMap((group) => group.cells.flatMap((cell) => roundRows(group, cell))),
  );
  return csvText(rows);
}

function roundRows(group: GroupSummary, cell: CellResult): Row[] {
  const spent = spentAfter(cell);
  return cell.rows.map((row, at) => ({
    ...identity(group, cell),
    round: row.round,
    ...prefixed("evaluation", row.evaluation ?? {}),
    ...prefixed("training", row.training ?? {}),
    ...prefixed("method", row.method),
    aggregationError: row.aggregationError?.total,
    sampled: row.sampled,
    accepted: row.accepted,
    declined: row.declined,
    gone: row.gone,
    refused: Object.values(row.refusals).reduce((sum, count) => sum + count, 0),
    bytesUp: row.bytesUp,
    bytesDown: row.bytesDown,
    bytesUpSoFar: spent[at]?.bytesUp,
    bytesDownSoFar: spent[at]?.bytesDown,
    controlBytesSoFar: spent[at]?.controlBytes,
    seconds: row.seconds,
    secondsSoFar: spent[at]?.seconds,
    epsilon: row.epsilon,
  }));
}
