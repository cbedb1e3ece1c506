/** What a form can ask for, read from a JSON Schema as zod writes it. What is not understood is edited as JSON. */
import { isJsonObject } from "./json.ts";
import type { Json, JsonObject } from "./json.ts";

/** Between which numbers a value must lie. */
export interface Bounds {
  readonly least: number;
  readonly most: number;
  readonly isLeastAllowed: boolean;
  readonly isMostAllowed: boolean;
}

/** What stands at one place of a config. */
export type Shape =
  | { readonly kind: "object"; readonly properties: readonly Property[] }
  | ChoiceShape
  | { readonly kind: "optional"; readonly inner: Shape }
  | { readonly kind: "enum"; readonly values: readonly string[] }
  | { readonly kind: "number"; readonly isInteger: boolean; readonly bounds: Bounds }
  | TextShape
  | { readonly kind: "switch" }
  | ListShape
  | { readonly kind: "constant"; readonly value: Json }
  | { readonly kind: "json" };

/** One of several objects, told apart by the constant under a key. */
export interface ChoiceShape {
  readonly kind: "choice";
  readonly tag: string;
  readonly options: readonly Option[];
}

/** An object of a {@link ChoiceShape}; its properties without the tag. */
export interface Option {
  readonly name: string;
  readonly description: string;
  readonly properties: readonly Property[];
}

/** Text. */
export interface TextShape {
  readonly kind: "text";
  /** One of them has to match; none: anything does. */
  readonly patterns: readonly string[];
  readonly minLength: number;
  readonly maxLength: number;
}

/** Texts or numbers in a row. */
export interface ListShape {
  readonly kind: "list";
  readonly item: Extract<Shape, { readonly kind: "text" | "number" }>;
  readonly minItems: number;
  readonly maxItems: number;
}

/** A key of an object. */
export interface Property {
  readonly key: string;
  readonly shape: Shape;
  readonly description: string;
  /** What holds where the key is absent; undefined: nothing does. */
  readonly fallback: Json | undefined;
  /** Whether it has to be there. */
  readonly isRequired: boolean;
}

/** Reads a schema. */
export function shapeOf(schema: unknown): Shape {
  if (!isJsonObject(schema)) return { kind: "json" };
  return (
    constantOf(schema) ??
    unionOf(schema) ??
    enumOf(schema) ??
    readers[textAt(schema, "type")]?.(schema) ?? { kind: "json" }
  );
}

const readers: Readonly<Record<string, (schema: JsonObject) => Shape>> = {
  object: (schema) => {
    const properties = propertiesOf(schema);
    return properties === null ? { kind: "json" } : { kind: "object", properties };
  },
  array: listOf,
  string: (schema) => ({
    kind: "text",
    patterns: typeof schema["pattern"] === "string" ? [schema["pattern"]] : [],
    minLength: numberAt(schema, "minLength") ?? 0,
    maxLength: numberAt(schema, "maxLength") ?? Number.POSITIVE_INFINITY,
  }),
  integer: (schema) => ({ kind: "number", isInteger: true, bounds: boundsOf(schema) }),
  number: (schema) => ({ kind: "number", isInteger: false, bounds: boundsOf(schema) }),
  boolean: () => ({ kind: "switch" }),
};

function constantOf(schema: JsonObject): Shape | null {
  const { const: value } = schema;
  return value === undefined ? null : { kind: "constant", value };
}

function enumOf(schema: JsonObject): Shape | null {
  const { enum: values } = schema;
  if (!Array.isArray(values)) return null;
  const texts = values.filter((value): value is string => typeof value === "string");
  return texts.length === values.length ? { kind: "enum", values: texts } : { kind: "json" };
}

/** Several schemas: one of them null, or objects that a constant tells apart. */
function unionOf(schema: JsonObject): Shape | null {
  const branches = schema["anyOf"] ?? schema["oneOf"];
  if (!Array.isArray(branches)) return null;
  const objects = branches.filter(isJsonObject);
  const others = objects.filter((branch) => branch["type"] !== "null");
  const inner = others.length === 1 ? shapeOf(others[0]) : (textsOf(others) ?? choiceOf(others));
  return others.length < objects.length ? { kind: "optional", inner } : inner;
}

/** Texts of several forms: a text of any of them. */
function textsOf(branches: readonly JsonObject[]): TextShape | null {
  const texts = branches.map(shapeOf).filter((shape) => shape.kind === "text");
  if (texts.length === 0 || texts.length < branches.length) return null;
  return {
    kind: "text",
    patterns: texts.every(({ patterns }) => patterns.length > 0)
      ? texts.flatMap(({ patterns }) => patterns)
      : [],
    minLength: Math.min(...texts.map(({ minLength }) => minLength)),
    maxLength: Math.max(...texts.map(({ maxLength }) => maxLength)),
  };
}

function choiceOf(branches: readonly JsonObject[]): Shape {
  const read = branches.map((branch) => ({
    description: textAt(branch, "description"),
    properties: propertiesOf(branch) ?? [],
  }));
  const tag = read[0]?.properties.find(({ key }) =>
    read.every(({ properties }) => tagValue(properties, key) !== null),
  )?.key;
  if (tag === undefined) return { kind: "json" };
  const options = read.map(({ description, properties }) => ({
    name: tagValue(properties, tag) ?? "",
    description: description || (properties.find(({ key }) => key === tag)?.description ?? ""),
    properties: properties.filter(({ key }) => key !== tag),
  }));
  return { kind: "choice", tag, options };
}

function tagValue(properties: readonly Property[], key: string): string | null {
  const shape = properties.find((property) => property.key === key)?.shape;
  return shape?.kind === "constant" && typeof shape.value === "string" ? shape.value : null;
}

/** Null for an object whose keys are not known. */
function propertiesOf(schema: JsonObject): readonly Property[] | null {
  const { properties, additionalProperties, required } = schema;
  if (!isJsonObject(properties) || isJsonObject(additionalProperties)) return null;
  const needed: readonly Json[] = Array.isArray(required) ? required : [];
  return Object.entries(properties).map(([key, property]) => ({
    key,
    shape: shapeOf(property),
    description: isJsonObject(property) ? textAt(property, "description") : "",
    fallback: isJsonObject(property) ? property["default"] : undefined,
    isRequired: needed.includes(key),
  }));
}

function listOf(schema: JsonObject): Shape {
  const item = shapeOf(schema["items"]);
  if (item.kind !== "text" && item.kind !== "number") return { kind: "json" };
  if (numberAt(schema, "maxItems") === 0) return { kind: "constant", value: [] };
  const minItems = numberAt(schema, "minItems") ?? 0;
  return {
    kind: "list",
    item,
    minItems,
    maxItems: numberAt(schema, "maxItems") ?? Number.POSITIVE_INFINITY,
  };
}

function boundsOf(schema: JsonObject): Bounds {
  const above = numberAt(schema, "exclusiveMinimum");
  const below = numberAt(schema, "exclusiveMaximum");
  return {
    least: above ?? numberAt(schema, "minimum") ?? Number.NEGATIVE_INFINITY,
    most: below ?? numberAt(schema, "maximum") ?? Number.POSITIVE_INFINITY,
    isLeastAllowed: above === null,
    isMostAllowed: below === null,
  };
}

function numberAt(schema: JsonObject, key: string): number | null {
  const value = schema[key];
  return typeof value === "number" ? value : null;
}

function textAt(schema: JsonObject, key: string): string {
  const value = schema[key];
  return typeof value === "string" ? value : "";
}
