/**
 * Changes of plain data on their way between threads: only what is another object travels, and what did not change stays
 * the same object on the other side, so that pages draw only what changed.
 */

/** A change: another value, or changes of an object's fields. */
export type Patch =
  | { readonly kind: "value"; readonly value: unknown }
  | {
      readonly kind: "fields";
      readonly fields: Readonly<Record<string, Patch>>;
      readonly gone: readonly string[];
    };

/** What turns one value into another; null: nothing. Lists are told as a whole. */
export function patchOf(before: unknown, after: unknown): Patch | null {
  if (Object.is(before, after)) return null;
  if (!isPlain(before) || !isPlain(after)) return { kind: "value", value: after };
  const fields = Object.entries(after).flatMap(([key, value]): (readonly [string, Patch])[] => {
    const patch = Object.hasOwn(before, key)
      ? patchOf(before[key], value)
      : ({ kind: "value", value } as const);
    return patch === null ? [] : [[key, patch]];
  });
  const gone = Object.keys(before).filter((key) => !Object.hasOwn(after, key));
  if (fields.length === 0 && gone.length === 0) return null;
  return { kind: "fields", fields: Object.fromEntries(fields), gone };
}

/** The value after a change. */
export function applyPatch(before: unknown, patch: Patch): unknown {
  if (patch.kind === "value") return patch.value;
  const { fields, gone } = patch;
  const known = isPlain(before) ? before : {};
  const kept = Object.entries(known).filter(([key]) => !gone.includes(key));
  const changed = Object.entries(fields).map(([key, change]) => [
    key,
    applyPatch(Object.hasOwn(known, key) ? known[key] : undefined, change),
  ]);
  // Entries become fields of their own whatever they are called, `__proto__` too.
  return Object.fromEntries([...kept, ...changed]);
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype
  );
}
