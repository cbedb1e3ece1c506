/** Fields that an experiment sets twice: which value counts would depend on an order that nobody sees. */
import type { InputIssue } from "@fedtune/core";
import type { Experiment } from "./schema.ts";

/** A field, and where the file sets it. */
interface Setting {
  readonly field: string;
  readonly place: string;
}

/** Everything that is set twice over the base, is named twice, or is a seed. */
export function overlapIssues({ base, variants, grid }: Experiment): InputIssue[] {
  const inGrid = Object.keys(grid).map((field) => ({ field, place: `grid.${field}` }));
  const perVariant = variants.map(({ set }, index) =>
    Object.keys(set).map((field) => ({ field, place: `variants.${index}.set.${field}` })),
  );
  return [
    ...[...inGrid, ...perVariant.flat()].flatMap(seedIssue),
    ...(Object.hasOwn(base, "seed") ? seedIssue({ field: "seed", place: "base.seed" }) : []),
    ...clashes(inGrid),
    ...perVariant.flatMap((own) => [
      ...clashes(own),
      ...own.flatMap((one) => clashWith(one, inGrid)),
    ]),
    ...repeatedNames(variants.map(({ name }) => name)),
  ];
}

function seedIssue({ field, place }: Setting): InputIssue[] {
  if (field !== "seed") return [];
  return [{ field: place, value: "set", wanted: "nothing: the field `seeds` has the seeds" }];
}

function clashes(settings: readonly Setting[]): InputIssue[] {
  return settings.flatMap((setting, index) => clashWith(setting, settings.slice(0, index)));
}

function clashWith({ field, place }: Setting, others: readonly Setting[]): InputIssue[] {
  const other = others.find((one) => contains(one.field, field) || contains(field, one.field));
  if (other === undefined) return [];
  return [
    { field: place, value: "set", wanted: `each field set once; ${other.place} sets it as well` },
  ];
}

function contains(outer: string, inner: string): boolean {
  return inner === outer || inner.startsWith(`${outer}.`);
}

function repeatedNames(names: readonly string[]): InputIssue[] {
  return names.flatMap((name, index) =>
    names.indexOf(name) === index
      ? []
      : [{ field: `variants.${index}.name`, value: name, wanted: "a name of its own" }],
  );
}
