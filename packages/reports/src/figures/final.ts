/** What every compared value came to, with intervals and single seeds. */
import { intervalFigure, plainText, seriesStyle, type IntervalRow } from "@fedtune/figures";
import type { GroupSummary, PanelSummary, Summary } from "../summary/summarize.ts";
import { counted, meanText, metricKind, metricName, metricUnit } from "../words.ts";
import type { ReportFigure } from "./figure.ts";
import { leftOutText, mostPanels, seedsText } from "./shared-words.ts";

/** The metric of every group with its 95 % interval; null: no cell has a value. */
export function finalFigure(summary: Summary): ReportFigure | null {
  const { metric, at } = summary.question;
  const kind = metricKind(metric);
  const panels = summary.panels.slice(0, mostPanels);
  const groups = panels.map((panel) => ({
    label: summary.panels.length === 1 ? "" : panel.label,
    rows: panel.groups.map((group) => rowOf(summary, panel, group)),
  }));
  if (groups.every(({ rows }) => rows.every(({ value }) => value === null))) return null;
  const isCut =
    kind === "fraction" &&
    groups.some(({ rows }) => rows.some(({ low, high }) => low === 0 || high === 1));
  const best = panels.some((panel) => panel.best !== null);
  return {
    name: "final",
    title: `${metricName(metric)} ${at === "last" ? "after the last round" : "at its best"}`,
    subtitle: metricUnit(metric),
    foot: [
      "Dot: mean over seeds. Line: 95 % interval (Student's t). Marks below: single seeds. The axis need not start at 0.",
      isCut ? "Lines end at 0 and 100 %." : "",
      seedsText(summary),
      best ? "Bold: shown to be better than all others of its panel." : "",
      leftOutText(summary),
    ]
      .filter((text) => text !== "")
      .join(" "),
    description: groups
      .flatMap(({ label, rows }) =>
        rows.map(
          (row) =>
            `${[label, row.label].filter((word) => word !== "").join(", ")}: ${plainText(row.text)}.`,
        ),
      )
      .join(" "),
    draw: (width) => intervalFigure({ kind, form: "points", groups }, width),
  };
}

function rowOf(
  { question, values }: Summary,
  { best }: PanelSummary,
  { value, outcome }: GroupSummary,
): IntervalRow {
  const mean = outcome.value;
  const half = mean?.halfWidth ?? null;
  const { failed, withoutValue } = outcome;
  const note =
    failed > 0
      ? `${counted(failed, "cell")} failed`
      : `${counted(withoutValue, "cell")} without a value`;
  return {
    label: value,
    colour: seriesStyle(values.indexOf(value)).colour,
    value: mean?.mean ?? null,
    ...(mean === null || half === null ? {} : intervalOf(question.metric, mean.mean, half)),
    single: outcome.cells.flatMap((cell) => cell.value?.value ?? []),
    text: meanText(metricKind(question.metric), mean),
    note,
    isBest: best === value,
  };
}

/** What is drawn of an interval: a share is never below 0 nor above 1, however wide its interval. */
function intervalOf(metric: string, mean: number, half: number) {
  const [least, most] = metricKind(metric) === "fraction" ? [0, 1] : [-Infinity, Infinity];
  return { low: Math.max(least, mean - half), high: Math.min(most, mean + half) };
}
