/** What a chart draws as a table: for those who read, and for files with full precision in base units. */
import type { LineChart, NumberKind, Numbers, Provenance, Series } from "./model.ts";
import { provenanceText } from "./sheet.ts";
import { plainText, type Text } from "../text.ts";

/** A column of a chart's table. */
export interface TableColumn {
  /** "Clients", "Clients, low". */
  readonly name: string;
  readonly kind: NumberKind;
  /** One for each row; NaN: no value. */
  readonly values: Float64Array;
}

/** A chart's values; the first column is x. */
export interface ChartTable {
  readonly columns: readonly TableColumn[];
  readonly rows: number;
}

/** All x that any series has, ascending. */
function allX(chart: LineChart): Float64Array {
  const all = new Set<number>();
  for (const { x } of chart.series) {
    for (const value of x) all.add(value);
  }
  return Float64Array.from(all).sort();
}

/** A series' numbers at every x of the table; where it has none, NaN. */
function aligned(x: Float64Array, series: Series, numbers: Numbers): Float64Array {
  const values = new Float64Array(x.length).fill(NaN);
  let at = 0;
  for (let i = 0; i < series.x.length; i++) {
    while (at < x.length && (x[at] ?? 0) < (series.x[i] ?? 0)) at++;
    values[at] = numbers[i] ?? NaN;
  }
  return values;
}

/** The table of a line chart: x, and of each series its values, its band, n and standard error where it has them. */
export function chartTable(chart: LineChart): ChartTable {
  const x = allX(chart);
  const { kind } = chart.y;
  const ofSeries = chart.series.flatMap((series): TableColumn[] => {
    const parts: [suffix: string, numbers: Numbers | undefined, kind: NumberKind][] = [
      ["", series.y, kind],
      [", low", series.band?.low, kind],
      [", high", series.band?.high, kind],
      [", n", series.n, "count"],
      [", standard error", series.standardError, kind],
    ];
    return parts.flatMap(([suffix, numbers, ownKind]) =>
      numbers === undefined
        ? []
        : [{ name: series.label + suffix, kind: ownKind, values: aligned(x, series, numbers) }],
    );
  });
  const columns = [{ name: chart.x.name, kind: chart.x.kind, values: x }, ...ofSeries];
  return { columns, rows: x.length };
}

const baseUnits: Readonly<Partial<Record<NumberKind, string>>> = {
  bytes: "bytes",
  duration: "ms",
  fraction: "fraction",
  loss: "nats",
};

/** A cell of a CSV file: quoted where it must be, and never what a spreadsheet would run. */
export function csvCell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** A number of a CSV file, every digit; empty where there is none. */
export const csvNumber = (value: number): string =>
  Number.isNaN(value) ? "" : Number.isFinite(value) ? String(value) : value > 0 ? "inf" : "-inf";

/** What stands above a CSV file's table, each line behind a `#`. */
export const notesAbove = (
  { title, foot = "" }: { readonly title: string; readonly foot?: Text | undefined },
  provenance?: Provenance,
): string[] =>
  [
    `${title}. ${plainText(foot)}`,
    ...(provenance === undefined ? [] : [provenanceText(provenance), provenance.configHash]),
  ].map((line) => `# ${line.replace(/[\r\n]+/g, " ").trim()}`);

/** The table as CSV; title, foot and origin stand above it in lines that start with `#`. */
export function chartCsv(chart: LineChart, provenance?: Provenance): string {
  const { columns, rows } = chartTable(chart);
  const head = columns.map(({ name, kind }) => {
    const unit = baseUnits[kind];
    return csvCell(unit === undefined ? name : `${name} (${unit})`);
  });
  const lines = Array.from({ length: rows }, (_, row) =>
    columns.map(({ values }) => csvNumber(values[row] ?? NaN)).join(","),
  );
  return [...notesAbove(chart, provenance), head.join(","), ...lines, ""].join("\n");
}

/** The table as JSON: one list per column, null where there is no value, `"inf"` where it is not finite. */
export function chartJson(chart: LineChart, provenance?: Provenance): string {
  const { columns } = chartTable(chart);
  const cell = (value: number): number | string | null =>
    Number.isFinite(value) ? value : csvNumber(value) || null;
  return `${JSON.stringify(
    {
      title: chart.title,
      subtitle: chart.subtitle === undefined ? null : plainText(chart.subtitle),
      foot: plainText(chart.foot),
      provenance: provenance ?? null,
      columns: columns.map(({ name, kind, values }) => ({
        name,
        unit: baseUnits[kind] ?? null,
        values: Array.from(values, cell),
      })),
    },
    null,
    1,
  )}\n`;
}
