/** What a page can say of a value by itself, before the server has looked at the whole config. */
import { formatCount } from "@fedtune/figures";
import type { Field } from "./field.ts";
import { isJsonObject } from "./json.ts";
import type { Json } from "./json.ts";
import type { Bounds, ListShape, Shape, TextShape } from "./shape.ts";

/** What a field wants of a value that is not right; null: nothing is wrong. */
export function wantedOf(field: Field, value: Json | undefined): string | null {
  const { shape, emptyAs } = field;
  const isFine =
    value === undefined || value === null
      ? emptyAs === (value === null ? "null" : "absent")
      : fits(shape, value);
  return isFine ? null : (field.annotation.wanted ?? wantedText(shape));
}

/** What a shape takes, to stand after "wanted". */
export function wantedText(shape: Shape): string {
  switch (shape.kind) {
    case "number":
      return numberText(shape.isInteger, shape.bounds);
    case "text":
      return lengthText(shape);
    case "enum":
      return `one of ${shape.values.join(", ")}`;
    case "choice":
      return `one of ${shape.options.map(({ name }) => name).join(", ")}`;
    case "list":
      return listText(shape);
    case "switch":
      return "yes or no";
    default:
      return "a JSON value";
  }
}

function fits(shape: Shape, value: Json): boolean {
  switch (shape.kind) {
    case "number":
      return typeof value === "number" && numberFits(shape, value);
    case "text":
      return typeof value === "string" && textFits(shape, value);
    case "enum":
      return shape.values.some((known) => known === value);
    case "switch":
      return typeof value === "boolean";
    case "choice":
      return isJsonObject(value) && shape.options.some(({ name }) => name === value[shape.tag]);
    case "list":
      return Array.isArray(value) && listFits(shape, value);
    default:
      return true;
  }
}

function numberFits(
  { isInteger, bounds }: Extract<Shape, { readonly kind: "number" }>,
  value: number,
): boolean {
  const { least, most, isLeastAllowed, isMostAllowed } = bounds;
  return (
    (!isInteger || Number.isInteger(value)) &&
    (isLeastAllowed ? value >= least : value > least) &&
    (isMostAllowed ? value <= most : value < most)
  );
}

function textFits({ patterns, minLength, maxLength }: TextShape, value: string): boolean {
  const isLongEnough = value.length >= minLength && value.length <= maxLength;
  return isLongEnough && (patterns.length === 0 || patterns.some((one) => matches(one, value)));
}

/** A pattern that this browser does not know is left to the server. */
function matches(pattern: string, value: string): boolean {
  try {
    return new RegExp(pattern, "u").test(value);
  } catch {
    return true;
  }
}

function listFits({ item, minItems, maxItems }: ListShape, value: readonly Json[]): boolean {
  const hasLength = value.length >= minItems && value.length <= maxItems;
  return hasLength && value.every((one) => fits(item, one));
}

/** No bound is told that only the number format has set. */
const countless = Number.MAX_SAFE_INTEGER;

function numberText(isInteger: boolean, { least, most, ...allowed }: Bounds): string {
  const what = isInteger ? "a whole number" : "a number";
  const from = isInteger && !allowed.isLeastAllowed ? least + 1 : least;
  const isFromAllowed = isInteger || allowed.isLeastAllowed;
  const bounded = Math.abs(most) < countless;
  if (Math.abs(from) >= countless) return bounded ? `${what} up to ${shown(most)}` : what;
  if (isFromAllowed && bounded && allowed.isMostAllowed)
    return `${what} from ${shown(from)} to ${shown(most)}`;
  const lower = isFromAllowed ? `of at least ${shown(from)}` : `above ${shown(from)}`;
  if (!bounded) return `${what} ${lower}`;
  return `${what} ${lower} and ${allowed.isMostAllowed ? "at most" : "below"} ${shown(most)}`;
}

function shown(value: number): string {
  return Number.isInteger(value) ? formatCount(value) : String(value);
}

/** The pattern of names, which people know by its words. */
const namePattern = "^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$";

function lengthText({ patterns, minLength, maxLength }: TextShape): string {
  if (patterns[0] === namePattern)
    return "letters, digits, - and _, at most 64, the first no - or _";
  if (patterns.length > 0) return `text like ${patterns.join(" or ")}`;
  if (maxLength < countless) return `${minLength} to ${maxLength} characters`;
  return minLength > 0 ? "some text" : "text";
}

function listText({ item, minItems, maxItems }: ListShape): string {
  const what = item.kind === "number" ? "numbers" : "names";
  const most = maxItems < countless ? ` and at most ${formatCount(maxItems)}` : "";
  return `at least ${formatCount(minItems)} ${what}${most}, each ${wantedText(item)}`;
}
