/** The charts of a run as data. */
import {
  bytesQuantity,
  formatBytes,
  formatCount,
  formatDelta,
  formatEpsilon,
  formatEpsilonLeft,
  joinTexts,
  seriesStyle,
} from "@fedtune/figures";
import type { Axis, LineChart, Rule, Series as Line, SeriesStyle, Text } from "@fedtune/figures";
import { accuracyCurves, lastValue, lossCurves } from "./curves.ts";
import type { Curves, Series } from "./curves.ts";
import type { EpsilonCurve } from "./epsilon-curve.ts";
import type { PrivacyView } from "./privacy.ts";
import type { RoundFigures } from "./round-figures.ts";
import type { RunSettings } from "./settings.ts";
import type { Traffic } from "./traffic.ts";

/** Numbers with a gap for each null. A plain loop: the typed array's own `from` takes ten times as long. */
export function withGaps(values: readonly (number | null)[]): Float64Array {
  const numbers = new Float64Array(values.length);
  for (let at = 0; at < values.length; at += 1) numbers[at] = values[at] ?? Number.NaN;
  return numbers;
}

const thin: SeriesStyle = { colour: "line-strong", dash: [2, 3], width: 1.5 };

const styles: Readonly<Record<string, SeriesStyle>> = {
  evaluation: seriesStyle(0),
  training: seriesStyle(1),
  worst: thin,
};

function lineOf(rounds: readonly number[], { id, label, values, band }: Series): Line {
  return {
    ...{ id, label, x: Float64Array.from(rounds), y: withGaps(values), style: styles[id] ?? thin },
    ...(band === null ? {} : { band: { low: withGaps(band.low), high: withGaps(band.high) } }),
  };
}

const linesOf = ({ rounds, series }: Curves): readonly Line[] =>
  series.map((one) => lineOf(rounds, one));

const roundAxis: Axis = { kind: "round", name: "round" };

/** How metrics leave the clients of a private run. */
function releaseText({ evaluatedBy, privacy }: RunSettings): string {
  if (privacy.mode === "none") return "";
  if (privacy.metrics === "release")
    return " Clients' figures leave them as they are, outside of the guarantee.";
  return evaluatedBy === "central" ? " Clients' own figures are withheld." : "";
}

function whoText(rows: readonly RoundFigures[], { evaluatedBy }: RunSettings): string {
  if (evaluatedBy === "central") return "Central: the coordinator's test data.";
  const clientsOf = ({ evaluation }: RoundFigures): number | null =>
    evaluation?.["clients"] ?? null;
  const last = rows.findLast((row) => clientsOf(row) !== null);
  const clients = last === undefined ? null : clientsOf(last);
  const count = clients === null ? "all" : formatCount(clients);
  return `Clients: mean over ${count} clients, each on its own held-out rows.`;
}

/** Accuracy over the rounds. */
export function accuracyChart(rows: readonly RoundFigures[], settings: RunSettings): LineChart {
  const curves = accuracyCurves(rows, settings.evaluatedBy);
  const hasBand = curves.series.some(({ band }) => band !== null);
  const band = hasBand ? " Band: 10th to 90th percentile of clients." : "";
  return {
    ...{ title: "Accuracy", subtitle: "% correct", x: roundAxis, series: linesOf(curves) },
    y: { kind: "fraction", name: "accuracy" },
    ...{ better: "higher", bandName: "10th to 90th percentile of clients" },
    foot: `${whoText(rows, settings)}${band}${releaseText(settings)} Not smoothed.`,
  };
}

/** Loss over the rounds. */
export function lossChart(
  rows: readonly RoundFigures[],
  settings: RunSettings,
  scale: "linear" | "log" = "linear",
): LineChart {
  const curves = lossCurves(rows, settings.evaluatedBy);
  const training = curves.series.some(({ id }) => id === "training")
    ? "Training: mean over the round's accepted updates, before the mean is taken. "
    : "";
  const includes = scale === "linear" ? [0] : [];
  return {
    ...{ title: "Loss", subtitle: "cross-entropy, nats", x: roundAxis, series: linesOf(curves) },
    y: { kind: "loss", name: "loss", scale, includes },
    better: "lower",
    foot: `${training}${whoText(rows, settings)}${releaseText(settings)} Not smoothed.`,
  };
}

/** Bytes sent by all clients, against dense LoRA. */
export function trafficChart({ rounds, up, dense, totalDown }: Traffic): LineChart {
  const x = Float64Array.from(rounds);
  const sent: Line = {
    id: "sent",
    label: "Sent",
    x,
    y: withGaps(up),
    style: { colour: "s6", dash: [], width: 2 },
  };
  const other: Line[] =
    dense === null
      ? []
      : [
          {
            ...{ id: "dense", label: "Dense" },
            x,
            y: withGaps(dense),
            style: { colour: "ink-3", dash: [3, 4], width: 1.5 },
          },
        ];
  const largest = Math.max(lastValue(up) ?? 0, lastValue(dense ?? []) ?? 0);
  const down = totalDown === null ? "" : ` Down: ${formatBytes(totalDown)}.`;
  const against =
    dense === null ? "" : " Dense: the same updates as LoRA of the same rank with all factors.";
  return {
    ...{ title: "Uploaded, all clients", subtitle: bytesQuantity(largest).unit, x: roundAxis },
    y: { kind: "bytes", name: "sent", includes: [0] },
    series: [...other, sent],
    foot: `Bytes of updates that travelled, headers included.${down}${against}`,
  };
}

function epsilonLine(id: string, curve: EpsilonCurve, dash: readonly number[]): Line {
  return {
    ...{ id, label: id === "spent" ? "Spent" : "Projected" },
    x: Float64Array.from(curve, ([round]) => round),
    y: Float64Array.from(curve, ([, epsilon]) => epsilon),
    style: { colour: "privacy", dash, width: 2 },
    endLabel: id === "spent" ? null : formatEpsilon(curve.at(-1)?.[1] ?? 0),
  };
}

/** Epsilon spent and projected, with its limit. */
export function privacyChart(view: PrivacyView, { privacy }: RunSettings): LineChart {
  const { past, future, limit, rounds, committed, delta } = view;
  const rules: Rule[] =
    limit === null ? [] : [{ y: limit, label: `limit ${formatEpsilonLeft(limit)}`, colour: "bad" }];
  const hasFuture = future.length > 1;
  const spent = epsilonLine("spent", past, []);
  const lines = hasFuture
    ? [spent, epsilonLine("projected", future, [4, 4])]
    : [{ ...spent, endLabel: undefined }];
  const unit = privacy.mode === "user-level" ? "client" : "row";
  const accountant = (privacy.accountant ?? "").toUpperCase();
  const subtitle: Text = joinTexts("\u03b5 at \u03b4 = ", formatDelta(delta));
  const projected = hasFuture ? " Dashed: if all remaining rounds run." : "";
  return {
    ...{ title: "Privacy spent", subtitle, series: lines, rules },
    x: { ...roundAxis, includes: [0, rounds] },
    y: { kind: "epsilon", name: "epsilon spent", includes: [0] },
    marks:
      hasFuture && committed > 0
        ? [{ x: committed, label: "now", side: "left", place: "bottom" }]
        : [],
    foot: `Of a ${unit} that took part in every round; ${accountant} upper bound.${projected}`,
  };
}
