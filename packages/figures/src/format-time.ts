/** Durations and instants as people read them. */
import { formatDecimal, minusSign, narrowSpace, quantityText, type Quantity } from "./format.ts";

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

const units = [
  { name: "d", ms: day },
  { name: "h", ms: hour },
  { name: "min", ms: minute },
  { name: "s", ms: second },
] as const;

/**
 * A duration by its largest units: at most two, the second one only if it is not zero; below 10 s one decimal, below 0.1 s
 * milliseconds. The parts are in order, so that a page may set number and unit in two sizes.
 */
export function durationParts(ms: number): readonly Quantity[] {
  if (ms === 0) return [{ value: "0", unit: "s" }];
  if (ms < 99.5) return [{ value: formatDecimal(ms, ms < 9.95 ? 1 : 0), unit: "ms" }];
  if (ms < 9.95 * second) return [{ value: formatDecimal(ms / second, 1), unit: "s" }];
  // Rounded to the smaller of the two units first: 59 min 59.9 s is an hour.
  const smallest = ms < hour - second / 2 ? second : ms < day - minute / 2 ? minute : hour;
  const rounded = Math.round(ms / smallest) * smallest;
  const first = units.findIndex((unit) => rounded >= unit.ms);
  const [large, small] = [units[first], units[first + 1]];
  if (large === undefined) return [{ value: "0", unit: "s" }];
  const whole = Math.floor(rounded / large.ms);
  const rest = small === undefined ? 0 : Math.round((rounded - whole * large.ms) / small.ms);
  const parts = [{ value: formatDecimal(whole, 0), unit: large.name }];
  return small === undefined || rest === 0
    ? parts
    : [...parts, { value: String(rest), unit: small.name }];
}

/** A duration in prose: `0.4 s`, `38 s`, `3 min 10 s`, `1 h 50 min`, `2 d 4 h`. */
export const formatDuration = (ms: number): string => durationParts(ms).map(quantityText).join(" ");

const twoDigits = (value: number): string => String(value).padStart(2, "0");

/** A duration in tables and countdowns, whole seconds, rounded down: `4:18`, `1:02:11`. */
export function formatTimer(ms: number): string {
  const seconds = Math.floor(Math.abs(ms) / second);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const tail = `${hours > 0 ? twoDigits(minutes) : String(minutes)}:${twoDigits(seconds % 60)}`;
  const text = hours > 0 ? `${String(hours)}:${tail}` : tail;
  return ms < 0 && seconds > 0 ? minusSign + text : text;
}

/** Steps of 1, 2 and 5 as they fall in minutes, hours and days. */
const estimateSteps = [
  ...[1, 2, 5, 10, 20].map((n) => n * second),
  ...[1, 2, 5, 10, 20].map((n) => n * minute),
  ...[1, 2, 5, 10].map((n) => n * hour),
  ...[1, 2, 5, 10, 20, 50, 100].map((n) => n * day),
];

/** A time that is only guessed, within a tenth: `about 25 min`. */
export function formatEstimate(ms: number): string {
  const step = estimateSteps.findLast((candidate) => candidate <= ms / 5) ?? second;
  const rounded = Math.max(step, Math.round(ms / step) * step);
  // Whole seconds: a decimal would claim to know better.
  const text =
    rounded < 10 * second
      ? quantityText({ value: String(rounded / second), unit: "s" })
      : formatDuration(rounded);
  return `about ${text}`;
}

/** How long ago: `now`, `31 s ago`, `3 min ago`; one unit is enough. */
export function formatAgo(ms: number): string {
  if (ms < second) return "now";
  const unit = units.find((candidate) => ms >= candidate.ms) ?? units[3];
  return `${formatDecimal(Math.floor(ms / unit.ms), 0)}${narrowSpace}${unit.name} ago`;
}

/** In which zone, and what counts as today. */
export interface InstantStyle {
  /** IANA name; one for a whole page, and said there. */
  readonly timeZone: string;
  /** Milliseconds since 1970: on its day only the time is shown. */
  readonly nowMs: number;
}

const fields = {
  time: { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" },
  date: { day: "numeric", month: "short", year: "numeric" },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;

const formatters = new Map<string, Intl.DateTimeFormat>();

/** Making one costs some 50 µs, and lists show thousands. */
function formatter(kind: keyof typeof fields, timeZone: string): Intl.DateTimeFormat {
  const key = `${kind} ${timeZone}`;
  const known = formatters.get(key);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat("en-GB", { ...fields[kind], timeZone });
  formatters.set(key, made);
  return made;
}

/** A day: `30 Nov 2026`. */
export const formatDate = (ms: number, timeZone: string): string =>
  // "Sept" is the one month that is not cut to three letters everywhere.
  formatter("date", timeZone).format(ms).replace("Sept", "Sep");

/** The time of day: `14:06:18`. */
export const formatTimeOfDay = (ms: number, timeZone: string): string =>
  formatter("time", timeZone).format(ms);

/** An instant: `14:06:18` today, else `20 Nov 14:06`, in other years `20 Nov 2025 14:06`. */
export function formatInstant(ms: number, { timeZone, nowMs }: InstantStyle): string {
  const [date, today] = [formatDate(ms, timeZone), formatDate(nowMs, timeZone)];
  if (date === today) return formatTimeOfDay(ms, timeZone);
  const year = today.slice(-4);
  const shown = date.endsWith(year) ? date.slice(0, -5) : date;
  return `${shown} ${formatTimeOfDay(ms, timeZone).slice(0, 5)}`;
}

/** An instant to the second in ISO 8601, for tooltips and files: `2026-11-20T13:06:18Z`. */
export const formatIso = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
