/**
 * Numbers with their units as people read them: the only place where a number becomes text for the screen. Exports carry
 * full precision in base units instead (bytes, seconds, fractions).
 */
import type { Text } from "./text.ts";

/** Stands between a number and its unit: narrow, and never broken over two lines. */
export const narrowSpace = "\u202F";
/** The sign of negative numbers. */
export const minusSign = "\u2212";
/** Shown where there is no value yet; never 0 for "not yet". */
export const noValue = "\u2013";

/** A number and its unit apart, for places that set them in two sizes. */
export interface Quantity {
  readonly value: string;
  /** Empty where there is none. */
  readonly unit: string;
}

/** A quantity as one string: `147.6 kB`. */
export const quantityText = ({ value, unit }: Quantity): string =>
  unit === "" ? value : `${value}${narrowSpace}${unit}`;

/** What `format` says of a value, or a dash where there is none. */
export const orNoValue = (
  value: number | null | undefined,
  format: (value: number) => string,
): string => (value === null || value === undefined ? noValue : format(value));

const groupThousands = (digits: string): string => digits.replace(/\B(?=(\d{3})+$)/g, ",");

/** A number with a fixed count of decimals, thousands by comma and a true minus: `−1,234.50`. */
export function formatDecimal(value: number, decimals: number): string {
  if (!Number.isFinite(value)) return "not finite";
  const [whole = "0", fraction] = Math.abs(value).toFixed(decimals).split(".");
  const text = groupThousands(whole) + (fraction === undefined ? "" : `.${fraction}`);
  return value < 0 && /[1-9]/.test(text) ? minusSign + text : text;
}

/** A count: `1,842`; never `1.8k`. */
export const formatCount = (count: number): string => formatDecimal(Math.round(count), 0);

/** The same with its sign, for differences: `+3`, `−2`, `0`. */
export const withSign = (text: string, value: number): string =>
  value > 0 && /[1-9]/.test(text) ? `+${text}` : text;

/** At most `digits` significant digits, without zeros at the end: `1.18`, `91`, `0.002`. */
export function formatSignificant(value: number, digits = 3): string {
  if (value === 0 || !Number.isFinite(value)) return formatDecimal(value, 0);
  const rounded = Number(value.toPrecision(digits));
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(Math.abs(rounded))));
  const text = formatDecimal(rounded, Math.min(decimals, 100));
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

const byteUnits = ["B", "kB", "MB", "GB", "TB", "PB"] as const;

/** `table`: one decimal, so that columns stand still; `prose`: up to three significant digits. */
export type ByteStyle = "table" | "prose";

/** Bytes in SI units (1 kB = 1,000 B), whole below 1 kB. */
export function bytesQuantity(bytes: number, style: ByteStyle = "table"): Quantity {
  let power = 0;
  let size = Math.abs(bytes);
  // The limit is where rounding would already show 1,000.
  const limit = style === "table" ? 999.95 : 999.5;
  while (power < byteUnits.length - 1 && size >= (power === 0 ? 999.5 : limit)) {
    size /= 1000;
    power += 1;
  }
  const signed = bytes < 0 ? -size : size;
  const unit = byteUnits[power] ?? "B";
  if (power === 0) return { value: formatCount(signed), unit };
  return { value: style === "table" ? formatDecimal(signed, 1) : formatSignificant(signed), unit };
}

/** Bytes as text: `147.6 kB` in tables, `148 kB` in prose. */
export const formatBytes = (bytes: number, style: ByteStyle = "table"): string =>
  quantityText(bytesQuantity(bytes, style));

/** Every byte, for tooltips: `147,552 B`. */
export const formatExactBytes = (bytes: number): string =>
  quantityText({ value: formatCount(bytes), unit: "B" });

/**
 * A fraction as per cent. "0" and "100" stand only for exactly none and all: what would be rounded to them shows the
 * nearest other number.
 */
export function percentQuantity(fraction: number, decimals = 1): Quantity {
  const step = 10 ** -decimals;
  const percent = 100 * fraction;
  const isInside = percent > 0 && percent < 100;
  const shown = isInside ? Math.min(Math.max(percent, step), 100 - step) : percent;
  return { value: formatDecimal(shown, decimals), unit: "%" };
}

/** A fraction as per cent: 0.846 is `84.6 %`. */
export const formatPercent = (fraction: number, decimals = 1): string =>
  quantityText(percentQuantity(fraction, decimals));

/** The difference of two fractions in points: `+1.2 points`. */
export function formatPoints(difference: number, decimals = 1): string {
  const points = 100 * difference;
  return `${withSign(formatDecimal(points, decimals), points)} points`;
}

/** What a value with an interval needs beside the two numbers. */
export interface WithHalfWidth {
  readonly value: number;
  /** Half of the 95 % interval, in the same unit. */
  readonly halfWidth: number;
  readonly decimals?: number;
  readonly unit?: string;
}

/** A value with half the width of its 95 % interval, at the same decimals: `84.4 ± 1.5 %`. */
export function formatWithHalfWidth(given: WithHalfWidth): string {
  const { value, halfWidth, decimals = 1, unit = "" } = given;
  const pair = `${formatDecimal(value, decimals)} ± ${formatDecimal(halfWidth, decimals)}`;
  return quantityText({ value: pair, unit });
}

/** A loss in three significant digits: `0.612`, `12.3`, `2,310`. */
export function formatLoss(loss: number): string {
  if (loss === 0 || !Number.isFinite(loss)) return formatDecimal(loss, 0);
  const size = Math.floor(Math.log10(Math.abs(Number(loss.toPrecision(3)))));
  return formatDecimal(Number(loss.toPrecision(3)), Math.min(Math.max(0, 2 - size), 8));
}

/** Rounds to hundredths away from what is promised; a number that is a hundredth already stays. */
function hundredths(value: number, round: (value: number) => number): string {
  if (value === Infinity) return "no bound";
  const nearest = Math.round(value * 100);
  return formatDecimal((nearest / 100 === value ? nearest : round(value * 100)) / 100, 2);
}

/** What is spent of epsilon: two decimals, rounded up. */
export const formatEpsilon = (epsilon: number): string => hundredths(epsilon, Math.ceil);

/** What is left of epsilon, or its limit: two decimals, rounded down. */
export const formatEpsilonLeft = (epsilon: number): string => hundredths(epsilon, Math.floor);

/** Spent of its limit: `2.37 of 3.00`. */
export const formatEpsilonOf = (spent: number, limit: number): string =>
  `${formatEpsilon(spent)} of ${formatEpsilonLeft(limit)}`;

/** How a small number is written. */
export interface ScientificStyle {
  /** Decimals of the mantissa. */
  readonly decimals?: number;
  /** A column's common exponent; absent: the number's own. */
  readonly exponent?: number;
}

/** The power of ten of the largest number: the one exponent for a column. */
export function commonExponent(values: Iterable<number>): number {
  let largest = 0;
  for (const value of values) {
    if (Number.isFinite(value)) largest = Math.max(largest, Math.abs(value));
  }
  return largest === 0 ? 0 : Number(largest.toExponential().split("e")[1]);
}

const signedExponent = (exponent: number): string =>
  exponent < 0 ? minusSign + String(-exponent) : String(exponent);

/** A power of ten as it is set: 10 with its exponent raised. */
export const powerOfTen = (exponent: number): Text => ["10", { raised: signedExponent(exponent) }];

/** A small number as mantissa times a power of ten, `3.55 × 10` raised `−3`; exact zero is `0 (exact)`. */
export function formatScientific(value: number, style: ScientificStyle = {}): Text {
  if (value === 0) return "0 (exact)";
  if (!Number.isFinite(value)) return "not finite";
  const { decimals = 2 } = style;
  const rounded = Number(value.toExponential(decimals));
  const exponent = style.exponent ?? commonExponent([rounded]);
  const mantissa = formatDecimal(value / 10 ** exponent, decimals);
  return [`${mantissa} × 10`, { raised: signedExponent(exponent) }];
}

/** A probability such as delta: a bare power of ten where it is one, else with its mantissa. */
export function formatDelta(delta: number): Text {
  const exponent = commonExponent([delta]);
  const isPower = Math.abs(delta / 10 ** exponent - 1) < 1e-9;
  return isPower ? powerOfTen(exponent) : formatScientific(delta, { decimals: 1 });
}

/** A hash or a key, first and last four: `b41f…09c2`; short ones stay whole. */
export const formatHash = (hash: string): string =>
  hash.length <= 9 ? hash : `${hash.slice(0, 4)}\u2026${hash.slice(-4)}`;
