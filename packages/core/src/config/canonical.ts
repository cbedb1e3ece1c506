import { utf8 } from "../bytes.ts";
import type { Digest } from "../ids.ts";
import type { Hash } from "../ports.ts";

/** JSON with sorted keys and no spaces: equal values give equal text on every platform. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(sorted(value));
}

/** SHA-256 of the canonical JSON of a value. */
export function hashOfJson(value: unknown, hash: Hash): Digest {
  return hash.sha256(utf8(canonicalJson(value)));
}

/** Freezes a value made of plain objects and arrays, all the way down; returns it. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}
