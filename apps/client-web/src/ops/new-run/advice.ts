import { formatSignificant } from "@fedtune/figures";
import type { Change } from "./form/changes.ts";
import type { Field } from "./form/field.ts";
import { valueAt } from "./form/json.ts";
import type { Json } from "./form/json.ts";

/** Settings whose value is chosen within an order of magnitude: further off is rarely meant. */
const touchy: ReadonlySet<string> = new Set(["training.learningRate", "adapter.loraAlpha"]);

/** From how far off it is said. */
const FAR = 3;

/** Something that is no error and still worth a look. */
export interface Advice {
  readonly field: Field;
  readonly text: string;
}

/** What is worth a look before a run is made. */
export function adviceOn(
  fields: readonly Field[],
  values: Json,
  changes: ReadonlyMap<string, Change>,
): readonly Advice[] {
  return fields.flatMap((field) => {
    const before = changes.get(field.path)?.before;
    const now = valueAt(values, field.path);
    if (!touchy.has(field.path) || typeof before !== "number" || typeof now !== "number") return [];
    const ratio = now / before;
    if (!(ratio > 0) || (ratio < FAR && ratio > 1 / FAR)) return [];
    const text = `${field.title} is ${formatSignificant(ratio, 2)} × the preset\u2019s`;
    return [{ field, text }];
  });
}
