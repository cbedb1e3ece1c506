/** Who is told what happens in a session, and what its parts must know of one another. */
import type { ErrorCode } from "@fedtune/core";
import type { Happening } from "./happenings.ts";

/** Takes note of what happens. */
export interface Observer {
  tell(happening: Happening): void;
  /** Milliseconds since 1970, by this device's clock. */
  now(): number;
}

/** What one part of a session has seen and another one needs. */
export interface Sightings {
  /** The round that was ordered last; null: none. */
  round: number | null;
  /** Codes of refusals by round: the client loop tells only their words. */
  readonly codes: Map<number, ErrorCode>;
  /** Rounds after which this device's own accuracy is known. */
  readonly measured: Set<number>;
}

/** Nothing seen. */
export function noSightings(): Sightings {
  return { round: null, codes: new Map(), measured: new Set() };
}
