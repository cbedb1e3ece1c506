/** Updates that were announced and checked, and wait for the engine to take them. */
import type { Digest } from "../ids.ts";
import type { Metrics } from "../metrics.ts";
import type { BlobRef } from "../ports.ts";

/** A checked update between its arrival and the store. */
export interface ArrivedUpdate {
  readonly round: number;
  readonly blob: BlobRef;
  readonly examples: number;
  readonly metrics: Metrics;
  readonly norm: number;
}

/** Under what a participant's update waits. */
export function arrivalKey(index: number, hash: Digest): string {
  return `${index}/${hash}`;
}
