/** A run's rounds as files: full precision, base units (bytes, seconds, fractions). */
import type { RoundFigures } from "./round-figures.ts";

/** What a file says of where it comes from. */
export interface FileSource {
  readonly run: string;
  readonly configHash: string;
  readonly isSimulation: boolean;
}

type Section = "evaluation" | "training" | "method";
const sections: readonly Section[] = ["evaluation", "training", "method"];

const plain = [
  ...(["round", "attempt", "sampled", "accepted", "declined", "gone"] as const),
  ...(["bytesUp", "bytesDown", "seconds", "epsilon", "adapter"] as const),
];

function namesOf(rows: readonly RoundFigures[], section: Section): readonly string[] {
  return [...new Set(rows.flatMap((row) => Object.keys(row[section] ?? {})))].sort();
}

/** A field of a CSV file (RFC 4180): quoted where it must be; null is empty. */
function field(value: string | number | null | undefined): string {
  const text = value === null || value === undefined ? "" : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** One line for each round, round 0 included. */
export function metricsCsv(rows: readonly RoundFigures[]): string {
  const metrics = sections.flatMap((section) =>
    namesOf(rows, section).map((name) => ({ section, name })),
  );
  const head = [
    ...plain,
    ...["refused", "aggregationError"],
    ...metrics.map(({ section, name }) => `${section}.${name}`),
  ];
  const lines = rows.map((row) => [
    ...plain.map((name) => row[name]),
    row.refusals === null
      ? null
      : Object.values(row.refusals).reduce<number>((sum, count) => sum + (count ?? 0), 0),
    row.aggregationError?.total ?? null,
    ...metrics.map(({ section, name }) => row[section]?.[name] ?? null),
  ]);
  return [head, ...lines].map((line) => `${line.map(field).join(",")}\r\n`).join("");
}

/** All there is of each round. */
export function metricsJson(rows: readonly RoundFigures[], source: FileSource): string {
  return `${JSON.stringify({ ...source, rounds: rows }, null, 2)}\n`;
}
