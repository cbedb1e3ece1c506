/** What a config means: every absent key with the value that holds instead. */
import { isJsonObject } from "./json.ts";
import type { Json } from "./json.ts";
import type { ChoiceShape, Option, Property, Shape } from "./shape.ts";

/** The value with all defaults filled in; undefined: it has to be given and is not. Unknown keys stay. */
export function filled(shape: Shape, value: Json | undefined, fallback?: Json): Json | undefined {
  const given = value === undefined ? fallback : value;
  if (shape.kind === "optional") return given === null ? null : filled(shape.inner, given);
  if (shape.kind === "object") return filledObject(shape.properties, given ?? {});
  if (shape.kind === "choice") return filledChoice(shape, given);
  return given ?? (shape.kind === "constant" ? shape.value : undefined);
}

/** The option that an object chose; null: none that is known. */
export function chosenOption(shape: ChoiceShape, value: Json | undefined): Option | null {
  const name = isJsonObject(value) ? value[shape.tag] : undefined;
  return shape.options.find((option) => option.name === name) ?? null;
}

function filledChoice(shape: ChoiceShape, value: Json | undefined): Json | undefined {
  const option = chosenOption(shape, value);
  return option === null || value === undefined ? value : filledObject(option.properties, value);
}

function filledObject(properties: readonly Property[], value: Json): Json {
  if (!isJsonObject(value)) return value;
  const pairs = properties.flatMap(({ key, shape, fallback, isRequired }) => {
    if (value[key] === undefined && fallback === undefined && !isRequired) return [];
    const inner = filled(shape, value[key], fallback);
    return inner === undefined ? [] : [[key, inner] as const];
  });
  return { ...value, ...Object.fromEntries(pairs) };
}
