/** The state of a form: one JSON document, and beside it only texts that people are still writing. */
import { chosenOption } from "./fill.ts";
import { meaningOf } from "./entry-text.ts";
import type { Field } from "./field.ts";
import { isJsonObject, sameJson, valueAt, withValueAt, withoutValueAt } from "./json.ts";
import type { Json, JsonObject } from "./json.ts";
import type { Property, Shape } from "./shape.ts";

/** What somebody has written into a field and not left yet, or what it cannot mean. */
export interface Entry {
  readonly text: string;
  readonly unit: string;
  /** Whether the field has been left: only then it is told what is wrong with it. */
  readonly isLeft: boolean;
}

/** A form at a moment. */
export interface FormState {
  readonly config: JsonObject;
  readonly entries: Readonly<Record<string, Entry>>;
}

/** What can be done to a form. */
export type FormAction =
  | { readonly type: "write"; readonly field: Field; readonly text: string; readonly unit: string }
  | { readonly type: "leave"; readonly field: Field }
  | { readonly type: "set"; readonly field: Target; readonly value: Json | undefined }
  | { readonly type: "choose"; readonly field: Field; readonly name: string }
  | { readonly type: "replace"; readonly config: JsonObject };

/** Where a value is put: a field, or a place that a repair names. */
export type Target = Pick<Field, "path" | "choices">;

/** A form of a config. */
export function formState(config: JsonObject): FormState {
  return { config, entries: {} };
}

/** The form after something was done to it. */
export function reduceForm(state: FormState, action: FormAction): FormState {
  switch (action.type) {
    case "write":
      return written(state, action);
    case "leave":
      return left(state, action.field);
    case "set":
      return withConfig(state, action.field, action.value);
    case "choose":
      return withConfig(state, action.field, chosen(state, action.field, action.name));
    case "replace":
      return formState(action.config);
  }
}

/** Whether a text says something that its field can hold. */
export function isMeant(field: Field, entry: Pick<Entry, "text" | "unit">): boolean {
  return withText({}, field, entry) !== undefined;
}

/** The config with what a text says; undefined: it says nothing that its field can hold. */
function withText(
  config: JsonObject,
  field: Field,
  { text, unit }: Pick<Entry, "text" | "unit">,
): JsonObject | undefined {
  const value = meaningOf({ ...field, unit }, text);
  if (value === undefined) return undefined;
  if (value !== null || field.shape.kind === "json") return withValue(config, field, value);
  if (field.emptyAs === "never") return undefined;
  return withValue(config, field, field.emptyAs === "null" ? null : undefined);
}

/** A value goes with what its surroundings have chosen: below `optimizer` there has to be its name. */
function withValue(
  config: JsonObject,
  { path, choices }: Target,
  value: Json | undefined,
): JsonObject {
  if (value === undefined) return withoutValueAt(config, path);
  const around = choices.reduce(
    (made, { path: tag, name }) => withValueAt(made, tag, name),
    config,
  );
  return withValueAt(around, path, value);
}

function written(
  { config, entries }: FormState,
  { field, text, unit }: Extract<FormAction, { readonly type: "write" }>,
): FormState {
  const isLeft = entries[field.path]?.isLeft ?? false;
  return {
    config: withText(config, field, { text, unit }) ?? config,
    entries: { ...entries, [field.path]: { text, unit, isLeft } },
  };
}

/** A text that was understood goes, and its value is shown in the common form; another one stays and is complained of. */
function left({ config, entries }: FormState, field: Field): FormState {
  const entry = entries[field.path];
  if (entry === undefined) return { config, entries };
  const { [field.path]: _, ...others } = entries;
  if (isMeant(field, entry)) return { config, entries: others };
  return { config, entries: { ...others, [field.path]: { ...entry, isLeft: true } } };
}

/** A value that did not come from its field takes the texts there and below it away. */
function withConfig(
  { config, entries }: FormState,
  target: Target,
  value: Json | undefined,
): FormState {
  const { path } = target;
  const kept = Object.entries(entries).filter(
    ([name]) => name !== path && !name.startsWith(`${path}.`),
  );
  return { config: withValue(config, target, value), entries: Object.fromEntries(kept) };
}

/** What is kept when another option is chosen: settings that both have, and that mean the same in both. */
function chosen({ config }: FormState, { path, shape }: Field, name: string): Json | undefined {
  if (shape.kind !== "choice") return name;
  const before = valueAt(config, path);
  const next = shape.options.find((option) => option.name === name);
  const kept = Object.entries(isJsonObject(before) ? before : {}).filter(([key]) =>
    sameProperty(
      propertyOf(chosenOption(shape, before)?.properties, key),
      propertyOf(next?.properties, key),
    ),
  );
  return { [shape.tag]: name, ...Object.fromEntries(kept) };
}

function propertyOf(properties: readonly Property[] = [], key: string): Shape | null {
  return properties.find((property) => property.key === key)?.shape ?? null;
}

function sameProperty(a: Shape | null, b: Shape | null): boolean {
  if (a === null || b === null) return false;
  // Bounds may be infinite, which JSON writes as null: on both sides alike.
  return sameJson(JSON.parse(JSON.stringify(a)) as Json, JSON.parse(JSON.stringify(b)) as Json);
}
