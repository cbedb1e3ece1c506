/** From what experiments left behind to what a report says. */
import { FedtuneError } from "@fedtune/core";
import type { CellResult } from "@fedtune/simulation";
import { isNumber } from "./cell-rows.ts";
import { errorCurve, metricCurve, type CurvePoint, type RoundMean } from "./curve.ts";
import {
  comparedName,
  groupsOf,
  panelText,
  type CellGroup,
  type LabelledResult,
} from "./layout.ts";
import { outcomeOf, type Outcome, type Question } from "./outcome.ts";
import { bestOf, pairsOf, type Pair } from "./pairs.ts";

/** A compared value in a panel. */
export interface GroupSummary extends CellGroup {
  readonly outcome: Outcome;
  readonly curve: readonly CurvePoint[];
  readonly errors: readonly RoundMean[];
}

/** Compared values under otherwise equal settings. */
export interface PanelSummary {
  /** Its settings in one line; empty where there is one panel only. */
  readonly label: string;
  readonly groups: readonly GroupSummary[];
  readonly pairs: readonly Pair[];
  /** The value that is shown to be better than all others here; null: none is. */
  readonly best: string | null;
}

/** A cell that failed, and whose it is. */
export interface FailedCell {
  readonly value: string;
  readonly panel: string;
  readonly cell: CellResult;
}

/** Everything that a report says. */
export interface Summary {
  readonly experiments: readonly LabelledResult[];
  readonly question: Question;
  /** What is compared, in words; empty: nothing. */
  readonly compared: string;
  /** Compared values in the order of the experiments; their colour is by their place here. */
  readonly values: readonly string[];
  readonly panels: readonly PanelSummary[];
  readonly failed: readonly FailedCell[];
  readonly isPrivate: boolean;
  /** Whether virtual time passed. */
  readonly isTimed: boolean;
}

/**
 * Summarizes one experiment, or several side by side.
 *
 * @throws FedtuneError `config-conflict` where they do not ask for the same metric, read the same way
 */
export function summarize(experiments: readonly LabelledResult[]): Summary {
  const question = sharedQuestion(experiments);
  const groups = groupsOf(experiments).map((group): GroupSummary => {
    const completed = group.cells.filter(({ status }) => status === "completed");
    const curve = metricCurve(completed, question.metric);
    const outcome = outcomeOf(group.cells, question);
    return { ...group, outcome, curve, errors: errorCurve(completed) };
  });
  const rows = groups.flatMap(({ cells }) => cells.flatMap((cell) => cell.rows));
  const names = experiments.map(({ result }) => comparedName(result.experiment));
  return {
    experiments,
    question,
    compared: namesTogether(names),
    values: [...new Set(groups.map(({ value }) => value))],
    panels: panelsOf(groups, question),
    failed: groups.flatMap(({ value, panel, cells }) =>
      cells
        .filter(({ status }) => status === "failed")
        .map((cell) => ({ value, panel: panelText(panel), cell })),
    ),
    isPrivate: rows.some(({ epsilon }) => isNumber(epsilon)),
    isTimed: rows.some(({ seconds }) => seconds > 0),
  };
}

function namesTogether(names: readonly string[]): string {
  const known = [...new Set(names.filter((name) => name !== ""))];
  if (known.length > 0) return known.join(", ");
  return names.length > 1 ? "experiment" : "";
}

function panelsOf(groups: readonly GroupSummary[], { better }: Question): PanelSummary[] {
  const byPanel = new Map<string, GroupSummary[]>();
  for (const group of groups) {
    const label = panelText(group.panel);
    byPanel.set(label, [...(byPanel.get(label) ?? []), group]);
  }
  const panels = [...byPanel];
  const pairs = pairsOf(
    panels.map(([, members]) => members),
    better,
  );
  return panels.map(([label, members], at) => {
    const own = pairs[at] ?? [];
    return { label, groups: members, pairs: own, best: bestOf(members, own) };
  });
}

function sharedQuestion(experiments: readonly LabelledResult[]): Question {
  const [first] = experiments;
  if (first === undefined) throw new RangeError("Cannot summarize no experiment");
  const { metric, better, at } = first.result.experiment.report;
  for (const { label, result } of experiments) {
    const own = result.experiment.report;
    if (own.metric === metric && own.better === better && own.at === at) continue;
    throw new FedtuneError(
      "config-conflict",
      `Cannot compare ${first.label} with ${label}: they report ${metric} (${at}, ${better} is better) and ${own.metric} (${own.at}, ${own.better} is better), wanted the same`,
      { data: { experiments: [first.label, label], metrics: [metric, own.metric] } },
    );
  }
  const targets = experiments.flatMap(({ result }) => result.experiment.report.targets);
  const ascending = [...new Set(targets)].sort((a, b) => a - b);
  return { metric, better, at, targets: ascending };
}
