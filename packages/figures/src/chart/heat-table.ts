/** What a heat map draws in words and numbers. */
import { plainText } from "../text.ts";
import type { HeatChart, HeatRow } from "./heat.ts";
import type { Provenance } from "./model.ts";
import { spokenValue } from "./number-kind.ts";
import { csvCell, csvNumber, notesAbove } from "./table.ts";

/** A row in three numbers; NaN where there is none. */
export interface HeatSummary {
  readonly label: string;
  readonly now: number;
  readonly greatest: number;
  /** The round of the greatest value. */
  readonly greatestRound: number;
}

function summary({ label, values }: HeatRow, firstRound: number): HeatSummary {
  let [now, greatest, at] = [NaN, NaN, NaN];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? NaN;
    if (Number.isNaN(value)) continue;
    now = value;
    if (Number.isNaN(greatest) || value > greatest) [greatest, at] = [value, firstRound + i];
  }
  return { label, now, greatest, greatestRound: at };
}

/** Each row's value now, its greatest, and when that was. */
export const heatSummaries = (chart: HeatChart): HeatSummary[] =>
  chart.rows.map((row) => summary(row, chart.firstRound));

/** The heat map in one sentence: the rows with the largest and the least value now. */
export function heatSentence(chart: HeatChart): string {
  const unit = chart.subtitle === undefined ? "" : `, ${plainText(chart.subtitle)}`;
  const known = heatSummaries(chart).filter(({ now }) => !Number.isNaN(now));
  known.sort((a, b) => b.now - a.now);
  const [worst, best] = [known[0], known.at(-1)];
  if (worst === undefined || best === undefined) return `${chart.title}${unit}. No value yet.`;
  const say = ({ label, now }: HeatSummary): string => `${label} ${spokenValue("ratio", now)}`;
  return `${chart.title}${unit}. Now largest ${say(worst)}, least ${say(best)}.`;
}

/** All values as CSV, a line for each round; title and origin stand above. */
export function heatCsv(chart: HeatChart, provenance?: Provenance): string {
  const count = Math.max(0, ...chart.rows.map(({ values }) => values.length));
  const head = ["round", ...chart.rows.map(({ label }) => csvCell(label))].join(",");
  const lines = Array.from({ length: count }, (_, i) =>
    [chart.firstRound + i, ...chart.rows.map(({ values }) => csvNumber(values[i] ?? NaN))].join(
      ",",
    ),
  );
  return [...notesAbove(chart, provenance), head, ...lines, ""].join("\n");
}
