/** The fields of a form: what a schema asks for, in the order and words of its annotations. */
import { chosenOption } from "./fill.ts";
import { isJsonObject, joinPath } from "./json.ts";
import type { Json } from "./json.ts";
import type { Property, Shape } from "./shape.ts";

/** What draws a field. */
export type Widget =
  | "text"
  | "lines"
  | "number"
  | "percent"
  | "duration"
  | "size"
  | "select"
  | "cards"
  | "switch"
  | "list"
  | "json";

/** What a schema cannot say of a field; everything may be left out. */
export interface Annotation {
  readonly title?: string;
  readonly help?: string;
  /** Shown within the field, at its end. */
  readonly unit?: string;
  /** Section of the form; absent: that of the field around it. */
  readonly group?: string;
  readonly widget?: Widget;
  /** Place within its section, the least first. */
  readonly order?: number;
  /** Shown on request. */
  readonly isAdvanced?: boolean;
  /** What an empty field means. */
  readonly empty?: string;
  /** What it takes, to stand after "wanted"; absent: as the schema says. */
  readonly wanted?: string;
  /** Takes the whole width. */
  readonly isWide?: boolean;
  /** Titles of the values that may be chosen. */
  readonly values?: Readonly<Record<string, string>>;
}

/** Annotations by path. */
export type Annotations = Readonly<Record<string, Annotation>>;

/** A field as a form draws it. */
export interface Field {
  readonly path: string;
  /** Without null, see {@link emptyAs}. */
  readonly shape: Shape;
  /** What stands in the config for an empty field: null, no key at all, or it must not be empty. */
  readonly emptyAs: "null" | "absent" | "never";
  readonly fallback: Json | undefined;
  /** What the objects around it have chosen, which has to stand in the config beside it. */
  readonly choices: readonly Choice[];
  readonly widget: Widget;
  readonly title: string;
  readonly help: string;
  readonly group: string;
  readonly annotation: Annotation;
}

/** The constant by which an object is told apart. */
export interface Choice {
  readonly path: string;
  readonly name: Json;
}

interface Around {
  readonly group: string;
  readonly isAdvanced: boolean;
  readonly order: number;
}

type Placed = Field & { readonly order: number };

/** Where fields stand that nobody has placed. */
export const otherGroup = "other";

/** All fields for a config whose defaults are filled in. */
export function fieldsOf(shape: Shape, config: Json, annotations: Annotations): readonly Field[] {
  const around = { group: otherGroup, isAdvanced: false, order: 1000 };
  return within({ annotations, path: "", around, choices: [] }, shape, config).toSorted(
    (a, b) => a.order - b.order,
  );
}

interface Place {
  readonly annotations: Annotations;
  readonly path: string;
  readonly around: Around;
  readonly choices: readonly Choice[];
}

function within(above: Place, shape: Shape, value: Json | undefined): readonly Placed[] {
  const place = { ...above, choices: [...above.choices, ...choicesOf(above.path, shape, value)] };
  return propertiesFor(shape, value).flatMap((property, index) =>
    ofProperty(place, property, {
      index,
      value: isJsonObject(value) ? value[property.key] : undefined,
    }),
  );
}

function choicesOf(path: string, shape: Shape, value: Json | undefined): readonly Choice[] {
  const name = shape.kind === "choice" ? chosenOption(shape, value)?.name : undefined;
  if (shape.kind !== "choice" || name === undefined) return [];
  return [{ path: joinPath(path, shape.tag), name }];
}

function propertiesFor(shape: Shape, value: Json | undefined): readonly Property[] {
  if (shape.kind === "object") return shape.properties;
  if (shape.kind === "choice") return chosenOption(shape, value)?.properties ?? [];
  return [];
}

function ofProperty(
  { annotations, path: above, around, choices }: Place,
  property: Property,
  { index, value }: { readonly index: number; readonly value: Json | undefined },
): readonly Placed[] {
  const path = joinPath(above, property.key);
  const annotation = annotations[path] ?? {};
  const here: Around = {
    group: annotation.group ?? around.group,
    isAdvanced: annotation.isAdvanced ?? around.isAdvanced,
    order: annotation.order ?? around.order + (index + 1) / 1000,
  };
  const isNullable = property.shape.kind === "optional";
  const shape = property.shape.kind === "optional" ? property.shape.inner : property.shape;
  const inner =
    value === null ? [] : within({ annotations, path, around: here, choices }, shape, value);
  if (shape.kind === "constant" || (shape.kind === "object" && !isNullable)) return inner;
  const field: Placed = {
    ...{ path, shape, fallback: property.fallback, choices, order: here.order },
    emptyAs: isNullable ? "null" : isGivenAnyway(property) ? "never" : "absent",
    widget: annotation.widget ?? widgetFor(shape),
    title: annotation.title ?? titleOf(property.key),
    help: annotation.help ?? sentence(property.description),
    group: here.group,
    annotation: { ...annotation, isAdvanced: here.isAdvanced },
  };
  return [field, ...inner];
}

/** Whether something holds at a property in any case: what is given, or its fallback. */
function isGivenAnyway({ isRequired, fallback }: Property): boolean {
  return isRequired || fallback !== undefined;
}

function widgetFor(shape: Shape): Widget {
  switch (shape.kind) {
    case "object":
    case "switch":
      return "switch";
    case "choice":
    case "enum":
      return "select";
    case "number":
    case "text":
    case "list":
      return shape.kind;
    default:
      return "json";
  }
}

/** A key as words: `maxTotalRank` is "Max total rank". */
function titleOf(key: string): string {
  return sentence(
    key.replaceAll(/([a-z\d])([A-Z])/g, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`),
  );
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
