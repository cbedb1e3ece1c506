/** The form in its sections: which fields each shows, and how far it is. */
import type { Change } from "./form/changes.ts";
import type { Field } from "./form/field.ts";
import { valueAt } from "./form/json.ts";
import type { JsonObject } from "./form/json.ts";
import { groups } from "./groups.ts";
import type { Group } from "./groups.ts";
import type { Problem } from "./problems.ts";

/** How far a section is: something is wrong, something is set, or all is as it is by itself. */
export type SectionMark = "wrong" | "set" | "untouched";

/** A section with its fields. */
export interface Section extends Group {
  readonly fields: readonly Field[];
  /** On request. */
  readonly moreFields: readonly Field[];
  readonly problems: readonly Problem[];
  readonly mark: SectionMark;
}

/** What the sections are made of. */
export interface FormParts {
  readonly fields: readonly Field[];
  readonly config: JsonObject;
  readonly problems: readonly Problem[];
  readonly changes: ReadonlyMap<string, Change>;
  /** Only fields that differ from the preset or have a problem. */
  readonly isFiltered: boolean;
}

/** Sections that have something to show. */
export function sectionsOf(parts: FormParts): readonly Section[] {
  return groups
    .map((group) => sectionOf(group, parts))
    .filter(({ fields, moreFields }) => fields.length + moreFields.length > 0);
}

function sectionOf(
  group: Group,
  { fields, config, problems, changes, isFiltered }: FormParts,
): Section {
  const own = fields.filter((field) => field.group === group.id);
  const wrong = problems.filter(({ field }) => field?.group === group.id);
  const asks = new Set([...changes.keys(), ...wrong.flatMap(({ field }) => field?.path ?? [])]);
  const shown = isFiltered ? own.filter(({ path }) => asks.has(path)) : own;
  const isMore = ({ annotation, path }: Field): boolean =>
    annotation.isAdvanced === true && !asks.has(path);
  const isSet = own.some(({ path }) => valueAt(config, path) !== undefined);
  return {
    ...group,
    fields: shown.filter((field) => !isMore(field)),
    moreFields: shown.filter(isMore),
    problems: wrong,
    mark: wrong.length > 0 ? "wrong" : isSet ? "set" : "untouched",
  };
}
