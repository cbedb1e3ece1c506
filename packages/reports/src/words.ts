/** Names and numbers of a report as people read them. */
import {
  formatDecimal,
  formatPoints,
  formatSignificant,
  formatWithHalfWidth,
  noValue,
  plainText,
  quantityText,
  valueText,
  withSign,
  type NumberKind,
  type Text,
  type Mean,
} from "@fedtune/figures";

/** What a metric counts; of names that say nothing, a plain number. */
export function metricKind(metric: string): NumberKind {
  if (/accuracy|f1/i.test(metric)) return "fraction";
  return /loss/i.test(metric) ? "loss" : "number";
}

/** A metric's name as a title: `macroF1` is "Macro F1". */
export function metricName(metric: string): string {
  const words = metric.replace(/([a-z])([A-Z])/g, "$1 $2").split(/[\s_-]+/);
  const lower = words.map((word) => (/^[A-Z][a-z]/.test(word) ? word.toLowerCase() : word));
  const text = lower.join(" ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** What a metric is counted in, for subtitles; empty: nothing. */
export const metricUnit = (metric: string): string =>
  ({ fraction: "per cent", loss: "nats" })[metricKind(metric) as string] ?? "";

/** A mean with half of its 95 % interval: `84.4 ± 1.5 %`; of one value that alone. */
export function meanText(kind: NumberKind, mean: Mean | null): string {
  if (mean === null) return noValue;
  const { mean: value, halfWidth } = mean;
  if (halfWidth === null || halfWidth === 0) return plainText(valueText(kind, value));
  if (kind === "fraction") {
    return formatWithHalfWidth({ value: 100 * value, halfWidth: 100 * halfWidth, unit: "%" });
  }
  return withWidth(kind, value, halfWidth);
}

/** As many decimals as the half width has with two significant digits. */
const decimalsFor = (halfWidth: number): number =>
  Math.min(8, Math.max(0, 1 - Math.floor(Math.log10(halfWidth))));

function withWidth(kind: NumberKind, value: number, halfWidth: number): string {
  if (kind === "number" || kind === "loss" || kind === "count" || kind === "round") {
    return formatWithHalfWidth({ value, halfWidth, decimals: decimalsFor(halfWidth) });
  }
  return `${plainText(valueText(kind, value))} ± ${plainText(valueText(kind, halfWidth))}`;
}

/** A mean cost without its interval, which its table gives as range of seeds elsewhere. */
export const costText = (kind: NumberKind, mean: Mean | null): Text =>
  mean === null ? noValue : valueText(kind, mean.mean);

/** Rounds as a mean over seeds: whole where it is. */
export const roundsText = (mean: Mean | null): string =>
  mean === null ? noValue : formatSignificant(mean.mean);

/** A mean difference with half of its 95 % interval: `+1.2 ± 0.8 points`. */
export function differenceText(kind: NumberKind, { mean, halfWidth }: Mean): string {
  const isFraction = kind === "fraction";
  const factor = isFraction ? 100 : 1;
  if (halfWidth === null) {
    return isFraction ? formatPoints(mean) : withSign(formatSignificant(mean), mean);
  }
  const decimals = isFraction ? 1 : halfWidth === 0 ? 3 : decimalsFor(halfWidth);
  const value = factor * mean;
  const text = formatWithHalfWidth({ value, halfWidth: factor * halfWidth, decimals });
  return quantityText({ value: withSign(text, value), unit: isFraction ? "points" : "" });
}

/** A probability: two significant digits, and what is below a ten-thousandth as a bound. */
export function probabilityText(p: number | null): string {
  if (p === null) return noValue;
  if (p < 0.0001) return "below 0.0001";
  if (p > 0.995) return "1";
  if (p >= 0.0995) return formatDecimal(p, 2);
  // Near the limit on which side it is must be seen.
  return formatSignificant(p, Math.abs(p - 0.05) < 0.005 ? 3 : 2);
}

/** A count with its noun: `1 cell`, `3 cells`. */
export const counted = (count: number, noun: string): string =>
  `${String(count)} ${noun}${count === 1 ? "" : "s"}`;
