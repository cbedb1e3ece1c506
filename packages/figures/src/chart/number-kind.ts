/** How the numbers of an axis are written: one unit for the whole axis, decimals by its step. */
import {
  bytesQuantity,
  commonExponent,
  formatCount,
  formatDecimal,
  formatEpsilon,
  formatLoss,
  formatPercent,
  formatScientific,
  formatSignificant,
  formatBytes,
  noValue,
} from "../format.ts";
import { formatDuration } from "../format-time.ts";
import { plainText, type Text } from "../text.ts";
import type { NumberKind } from "./model.ts";

/** The unit that an axis is shown in. */
export interface ShownUnit {
  /** Times a base value gives the shown one. */
  readonly factor: number;
  /** Empty where there is none. */
  readonly unit: string;
}

const byteFactors: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e-3,
  MB: 1e-6,
  GB: 1e-9,
  TB: 1e-12,
  PB: 1e-15,
};

const timeUnits = [
  { unit: "d", ms: 86_400_000, from: 2 },
  { unit: "h", ms: 3_600_000, from: 2 },
  { unit: "min", ms: 60_000, from: 2 },
  { unit: "s", ms: 1000, from: 0 },
] as const;

/** The one unit for values up to `largest`. */
export function shownUnit(kind: NumberKind, largest: number): ShownUnit {
  if (kind === "fraction") return { factor: 100, unit: "%" };
  if (kind === "bytes") {
    const { unit } = bytesQuantity(largest);
    return { factor: byteFactors[unit] ?? 1, unit };
  }
  if (kind === "duration") {
    const { unit, ms } = timeUnits.find((one) => largest >= one.from * one.ms) ?? timeUnits[3];
    return { factor: 1 / ms, unit };
  }
  return { factor: 1, unit: "" };
}

/** Below this numbers are written with a power of ten, all of one axis with the same. */
const leastPlain = 1e-3;

/** A tick's text: shown units, as many decimals as its step has; `largest` is the axis' largest tick. */
export function tickText(shown: number, step: number, largest = 1): Text {
  const exponent = largest < leastPlain ? commonExponent([largest]) : 0;
  const scaled = step / 10 ** exponent;
  const decimals = Math.max(0, -commonExponent([scaled * (1 + 1e-9)]));
  // A step such as 2.5 needs one decimal more than its size says.
  const isWhole = Math.abs(scaled * 10 ** decimals - Math.round(scaled * 10 ** decimals)) < 1e-6;
  const style = { exponent, decimals: Math.min(isWhole ? decimals : decimals + 1, 8) };
  if (exponent === 0 || shown === 0)
    return formatDecimal(shown, exponent === 0 ? style.decimals : 0);
  return formatScientific(shown, style);
}

const ratioText = (value: number): Text =>
  Math.abs(value) < leastPlain ? formatScientific(value) : formatSignificant(value, 3);

const valueTexts: Readonly<Record<NumberKind, (value: number) => Text>> = {
  round: formatCount,
  count: formatCount,
  number: (value) => formatSignificant(value, 4),
  fraction: formatPercent,
  bytes: formatBytes,
  duration: formatDuration,
  epsilon: formatEpsilon,
  loss: formatLoss,
  ratio: ratioText,
};

/** A value with its unit, for tooltips and tables; a dash for NaN. */
export function valueText(kind: NumberKind, value: number): Text {
  if (Number.isNaN(value)) return noValue;
  if (!Number.isFinite(value)) return "not finite";
  return valueTexts[kind](value);
}

/** The same in one string, for sentences. */
export const spokenValue = (kind: NumberKind, value: number): string =>
  plainText(valueText(kind, value));

/** A value without its unit, which the chart's subtitle says; for the ends of lines. */
export function bareValueText(kind: NumberKind, value: number, unit: ShownUnit): string {
  if (!Number.isFinite(value)) return spokenValue(kind, value);
  const isScaled = kind === "fraction" || kind === "bytes" || kind === "duration";
  return isScaled ? formatDecimal(value * unit.factor, 1) : spokenValue(kind, value);
}
