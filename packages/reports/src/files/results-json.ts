/** `results.json`: what a report says, for programs; rounds of cells are in `rounds.csv`. */
import type { Mean } from "@fedtune/figures";
import type { CellOutcome } from "../summary/outcome.ts";
import type { GroupSummary, PanelSummary, Summary } from "../summary/summarize.ts";

/** The report as JSON text, with a line break at its end; what is not finite is null. */
export const resultsJson = (summary: Summary): string =>
  `${JSON.stringify(resultsDocument(summary), null, 1)}\n`;

function resultsDocument(summary: Summary): unknown {
  return {
    experiments: summary.experiments.map(({ label, result }) => ({
      label,
      version: result.version,
      engine: result.engine,
      command: result.command,
      experiment: result.experiment,
    })),
    question: summary.question,
    compared: summary.compared,
    panels: summary.panels.map(panelJson),
  };
}

function panelJson({ groups, pairs, best }: PanelSummary): unknown {
  const settings = Object.fromEntries(groups[0]?.panel ?? []);
  return { settings, best, groups: groups.map(groupJson), pairs };
}

function groupJson({ value, experiment, outcome, curve, errors }: GroupSummary): unknown {
  return {
    compared: value,
    experiment,
    ...outcome,
    cells: outcome.cells.map(cellJson),
    curve,
    aggregationErrors: errors.map(([round, mean]: readonly [number, Mean]) => ({ round, ...mean })),
  };
}

function cellJson({ cell, value, reached }: CellOutcome): unknown {
  const { hash, variant, settings, seed, status, failure, configHash, adapterHash, clients } = cell;
  const identity = { hash, variant, settings, seed, status, failure, configHash, adapterHash };
  return { ...identity, value, reached, clients };
}
