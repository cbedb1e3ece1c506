import type { RunEnd } from "@fedtune/core";
import { privacyReportText } from "@fedtune/dp";
import type { Guarantee, NoGuarantee } from "@fedtune/dp";
import type { ReportRow } from "@fedtune/simulation";
import { tableText } from "../table.ts";

/** A run's rounds as a table; columns that say nothing in this run are left out. `label`: see `evaluationLabel`. */
export function roundsTable(rows: readonly ReportRow[], label = ""): string {
  const scores = scoreColumns(label).filter(({ metric }) =>
    rows.some((row) => row.evaluation?.[metric] !== undefined),
  );
  const lost = rows.some((row) => row.accepted < row.sampled);
  const inexact = rows.some((row) => (row.aggregationError?.total ?? 0) > 0);
  const head = [
    "round",
    "clients",
    "train loss",
    ...scores.map(({ title }) => title),
    ...(inexact ? ["aggregation error"] : []),
    "up",
    "down",
    ...(lost ? ["not counted"] : []),
  ];
  const lines = rows.map((row) => [
    String(row.round),
    row.round === 0 ? "" : `${row.accepted}/${row.sampled}`,
    decimal(row.training?.["loss"]),
    ...scores.map(({ metric, text }) => text(row.evaluation?.[metric])),
    ...(inexact ? [percent(row.aggregationError?.total ?? undefined)] : []),
    row.round === 0 ? "" : bytesText(row.bytesUp),
    row.round === 0 ? "" : bytesText(row.bytesDown),
    ...(lost ? [lossText(row)] : []),
  ]);
  return tableText(head, lines);
}

interface ScoreColumn {
  readonly metric: string;
  readonly title: string;
  readonly text: (value: number | undefined) => string;
}

/** What evaluations say, of classes or of a language model; each is shown where some round has it. */
const scoreColumns = (label: string): readonly ScoreColumn[] => [
  { metric: "loss", title: "loss", text: decimal },
  { metric: "accuracy", title: `${label} accuracy`.trim(), text: percent },
  { metric: "macroF1", title: "macro F1", text: percent },
  { metric: "perplexity", title: "perplexity", text: significant },
  { metric: "tokenAccuracy", title: `${label} token accuracy`.trim(), text: percent },
  { metric: "accuracyWorst", title: "worst client", text: percent },
];

/** What a run left behind. */
export interface RunText {
  readonly rows: readonly ReportRow[];
  /** See `evaluationLabel`. */
  readonly label: string;
  /** Folder of the last adapter; null when there is none. */
  readonly adapter: string | null;
  /** What the adapter lacks. */
  readonly incomplete: readonly string[];
  /** What the run guarantees to those whose data it used. */
  readonly privacy: Guarantee | NoGuarantee;
  readonly end: RunEnd;
}

/** The end of a run for people. */
export function runText({ rows, label, adapter, incomplete, privacy, end }: RunText): string {
  const parts = rows.length === 0 ? [] : [roundsTable(rows, label)];
  if (adapter !== null) parts.push(savedText(adapter, incomplete));
  if (privacy.mode !== "none") parts.push(privacyReportText(privacy));
  if (end.failure !== null)
    parts.push(`The run failed: ${end.failure.message} (${end.failure.code})`);
  return parts.join("\n\n");
}

/** Where an adapter went, and what it lacks. */
export function savedText(folder: string, incomplete: readonly string[]): string {
  const lines = [`Adapter: ${folder}`];
  if (incomplete.length > 0) lines.push(`Incomplete: ${lackText(incomplete)}`);
  return lines.join("\n");
}

/** What an adapter lacks, as a sentence without its end. */
export function lackText(incomplete: readonly string[]): string {
  const roles = incomplete.filter((lack) => lack !== "base");
  const parts = [
    ...(roles.length === 0
      ? []
      : [`its ${roles.join(" and ")} factors are zero, each client has its own`]),
    ...(roles.length === incomplete.length ? [] : ["the run changed the base model as well"]),
  ];
  return parts.join("; ");
}

/** Bytes with a binary unit: `48.2 KiB`. */
export function bytesText(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return unit === 0 ? `${bytes} B` : `${value.toFixed(1)} ${units[unit] ?? ""}`;
}

/** A share as `87.5 %`; nothing for nothing. */
export function percent(value: number | undefined): string {
  return value === undefined || !Number.isFinite(value) ? "" : `${(value * 100).toFixed(1)} %`;
}

/** Four significant digits; nothing for nothing. */
const significant = (value: number | undefined): string =>
  value === undefined ? "" : value.toPrecision(4);

/** Four decimals; nothing for nothing. */
export function decimal(value: number | undefined): string {
  return value === undefined ? "" : value.toFixed(4);
}

/** Why clients of the cohort are missing from the mean, for example `1 gone, 1 not-finite`. */
function lossText({ refusals, declined, gone }: ReportRow): string {
  const reasons = [
    ...(gone > 0 ? [`${gone} gone`] : []),
    ...(declined > 0 ? [`${declined} declined`] : []),
    ...Object.entries(refusals).map(([code, count]) => `${count} ${code}`),
  ];
  return reasons.join(", ");
}
