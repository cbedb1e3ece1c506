/** Where something of a run is kept: a run of a coordinator. */
import type { RunId } from "@fedtune/core";

/** A run of a coordinator. */
export interface Place {
  /** Origin of the coordinator. */
  readonly server: string;
  readonly run: RunId;
}

/** The key under which everything of a place is kept; a run's name has no space. */
export function placeKey({ server, run }: Place): string {
  return `${server} ${run}`;
}
