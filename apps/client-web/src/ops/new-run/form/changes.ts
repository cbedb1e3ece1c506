import { filled } from "./fill.ts";
import { fieldsOf } from "./field.ts";
import type { Annotations, Field } from "./field.ts";
import { isJsonObject, sameJson, valueAt } from "./json.ts";
import type { Json, JsonObject } from "./json.ts";
import type { Shape } from "./shape.ts";

/** A field that is not as in the config that the form began with. */
export interface Change {
  readonly path: string;
  /** What that config has there; undefined: it has no such field. */
  readonly before: Json | undefined;
}

/** Fields whose values differ from those of another config, in the form's order. */
export function changesOf(
  fields: readonly Field[],
  config: Json | undefined,
  before: Json | undefined,
): ReadonlyMap<string, Change> {
  const changed = fields.filter((field) => !sameField(field, config, before));
  return new Map(
    changed.map(({ path }) => [path, { path, before: valueAt(before, path) }] as const),
  );
}

/** A choice and a switch are told apart by what is chosen only: what stands below has fields of its own. */
function sameField({ path, shape }: Field, a: Json | undefined, b: Json | undefined): boolean {
  const [here, there] = [valueAt(a, path), valueAt(b, path)];
  if (shape.kind === "choice") return tagOf(here, shape.tag) === tagOf(there, shape.tag);
  if (shape.kind === "object") return isJsonObject(here) === isJsonObject(there);
  return sameJson(here, there);
}

function tagOf(value: Json | undefined, tag: string): Json | undefined {
  return isJsonObject(value) ? value[tag] : undefined;
}

/** The fields of a config and its values with all defaults. */
export function formOf(
  shape: Shape,
  config: JsonObject,
  annotations: Annotations,
): { readonly fields: readonly Field[]; readonly values: Json } {
  const values = filled(shape, config) ?? {};
  return { fields: fieldsOf(shape, values, annotations), values };
}
