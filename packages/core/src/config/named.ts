/** Choices by name: a registry entry and its own options side by side in one section of a config. */
import { z } from "zod";
import type { ZodType } from "zod";

/** A registry entry with options. */
export interface Named {
  readonly name: string;
  /** A z.strictObject, without the name. */
  readonly config: ZodType;
}

/**
 * The schema of a choice: `name` and the options of the entry of that name.
 *
 * @throws RangeError when the registry is empty or an entry's options are no object
 */
export function schemaByName(registry: readonly Named[], what: string) {
  const named = registry.map((entry) =>
    optionsOf(entry, what).extend({ name: z.literal(entry.name) }),
  );
  const [first, ...rest] = named;
  if (first === undefined)
    throw new RangeError(`Cannot build a run config schema without a ${what}`);
  return z.discriminatedUnion("name", [first, ...rest]);
}

function optionsOf({ name, config }: Named, what: string): z.ZodObject {
  if (config instanceof z.ZodObject) return config;
  throw new RangeError(`Cannot use ${what} "${name}": its config schema must be a z.strictObject`);
}

/** The entry that a parsed choice names, and its options. */
export function chosenFrom<T extends Named>(
  registry: readonly T[],
  choice: Readonly<Record<string, unknown>>,
): { readonly value: T; readonly options: unknown } {
  const { name, ...options } = choice;
  return { value: byName(registry, name), options };
}

/** @throws RangeError when the registry has no such entry */
export function byName<T extends { readonly name: string }>(
  registry: readonly T[],
  name: unknown,
): T {
  const found = registry.find((value) => value.name === name);
  if (found === undefined) throw new RangeError(`Cannot find "${String(name)}" in its registry`);
  return found;
}
