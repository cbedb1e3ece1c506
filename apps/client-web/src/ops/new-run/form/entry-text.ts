/** What stands in a field as text, and what a text means. Every value comes back from its own text, to the last bit. */
import type { Json } from "./json.ts";
import type { Shape } from "./shape.ts";
import type { Widget } from "./field.ts";

/** A unit and how many of the stored one it is. */
export interface Unit {
  readonly name: string;
  readonly factor: number;
}

/** Units in which a widget shows what it stores, the greatest first; none for widgets without. */
export const unitsOf: Readonly<Partial<Record<Widget, readonly Unit[]>>> = {
  duration: [
    { name: "d", factor: 86_400_000 },
    { name: "h", factor: 3_600_000 },
    { name: "min", factor: 60_000 },
    { name: "s", factor: 1000 },
    { name: "ms", factor: 1 },
  ],
  size: [
    { name: "GB", factor: 1e9 },
    { name: "MB", factor: 1e6 },
    { name: "kB", factor: 1000 },
    { name: "B", factor: 1 },
  ],
};

/** The text of a value; with `unit`, for widgets that have some, in this one. */
export function textOf(widget: Widget, value: Json | undefined, unit?: string): string {
  if (value === undefined || value === null) return "";
  if (Array.isArray(value) && widget === "list") return value.map(itemText).join(", ");
  if (widget === "json" || typeof value === "object") return JSON.stringify(value, null, 2);
  if (typeof value !== "number") return String(value);
  if (widget === "percent") return shifted(value, 2);
  const factor = unitsOf[widget]?.find(({ name }) => name === unit)?.factor;
  return String(factor === undefined ? value : value / factor);
}

/** The greatest unit in which a value is a whole number. */
export function unitFor(widget: Widget, value: Json | undefined): string {
  const units = unitsOf[widget] ?? [];
  const fits = units.find(
    ({ factor }) => typeof value === "number" && value !== 0 && value % factor === 0,
  );
  return (fits ?? units.at(-2) ?? units[0])?.name ?? "";
}

/** What a text means: a value, null for an empty one, or undefined where it means nothing to this field. */
export function meaningOf(
  {
    widget,
    shape,
    unit,
  }: { readonly widget: Widget; readonly shape: Shape; readonly unit?: string },
  text: string,
): Json | undefined {
  const trimmed = text.trim();
  if (widget === "json") return jsonOf(text);
  if (shape.kind === "list") return listOf(shape.item, text);
  if (trimmed === "") return null;
  if (shape.kind !== "number") return shape.kind === "text" ? text : trimmed;
  if (widget === "percent") return numberOf(trimmed.replace(/\s*%$/, ""), -2);
  const number = numberOf(trimmed, 0);
  const factor = unitsOf[widget]?.find(({ name }) => name === unit)?.factor;
  if (number === undefined || factor === undefined) return number;
  // 1.1 min are 66,000 ms, whatever the product of the two floats says.
  const product = number * factor;
  const whole = Math.round(product);
  return Math.abs(product - whole) < 1e-9 * Math.abs(product) ? whole : product;
}

/** What would not come back from a list as it is: it stands in quotes. */
const unclear = /[,"\n\\]|^\s|\s$|^$/;

function itemText(item: Json): string {
  return typeof item === "string" && !unclear.test(item) ? item : JSON.stringify(item);
}

/** Items between commas or line ends; in quotes they may hold those too. */
function listOf(item: Shape, text: string): Json | undefined {
  if (text.trim() === "") return null;
  const parts = text.match(/\s*"(?:[^"\\]|\\.)*"\s*|[^,\n]+/g) ?? [];
  const items = parts.map((part) => part.trim()).filter((part) => part !== "");
  const values = items.map((part) => (item.kind === "number" ? numberOf(part, 0) : unquoted(part)));
  return values.every((value) => value !== undefined) ? values : undefined;
}

function unquoted(text: string): string {
  const value = text.startsWith('"') ? jsonOf(text) : text;
  return typeof value === "string" ? value : text;
}

function jsonOf(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** Decimal or scientific notation; a comma is a decimal point where it can be nothing else. */
function numberOf(text: string, shift: number): number | undefined {
  const plain = text.replace(
    /^([+-]?\d*),(\d+)$/,
    (_, whole: string, part: string) => `${whole}.${part}`,
  );
  const parts = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:e([+-]?\d{1,4}))?$/i.exec(plain);
  if (parts === null) return undefined;
  const value = Number(`${parts[1] ?? ""}e${Number(parts[2] ?? 0) + shift}`);
  return Number.isFinite(value) ? value : undefined;
}

/** A number with its decimal point moved in its digits, not multiplied: 0.07 by two places is exactly 7. */
function shifted(value: number, places: number): string {
  const [mantissa = "", exponent = "0"] = String(value).split("e");
  return plainText(mantissa, Number(exponent) + places);
}

/** Digits times a power of ten, without an exponent where that stays short. */
function plainText(mantissa: string, exponent: number): string {
  const sign = mantissa.startsWith("-") ? "-" : "";
  const [whole = "", part = ""] = mantissa.replace("-", "").split(".");
  const point = whole.length + exponent;
  const digits = whole + part;
  if (point > 21 || point < -6) return `${mantissa}e${exponent}`;
  const padded = digits.padEnd(point, "0");
  const before = point > 0 ? padded.slice(0, point) : "0";
  const after = point > 0 ? padded.slice(point) : "0".repeat(-point) + padded;
  const trimmedAfter = after.replace(/0+$/, "");
  return sign + (before.replace(/^0+(?=\d)/, "") + (trimmedAfter === "" ? "" : `.${trimmedAfter}`));
}
