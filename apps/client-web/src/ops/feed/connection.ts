/** What the page says of its connection. */
import { connectionStates, formatAgo, formatTimeOfDay } from "@fedtune/figures";
import type { ConnectionStateName, StateLook } from "@fedtune/figures";

/** How the feed of a run is. */
export interface FeedState {
  readonly name: ConnectionStateName;
  /** When something was last heard, ms since 1970; null: nothing yet. */
  readonly heardAtMs: number | null;
}

/** Where and when it is read. */
export interface ReadAt {
  readonly nowMs: number;
  readonly timeZone: string;
}

/** The connection's look and text: `Live, updated 1 s ago`. */
export function connectionText(
  { name, heardAtMs }: FeedState,
  { nowMs, timeZone }: ReadAt,
): { readonly look: StateLook; readonly text: string } {
  const look = connectionStates[name];
  if (heardAtMs === null || name === "ended" || name === "offline")
    return { look, text: look.word };
  if (name === "reconnecting")
    return { look, text: `${look.word}, data from ${formatTimeOfDay(heardAtMs, timeZone)}` };
  return { look, text: `${look.word}, updated ${formatAgo(Math.max(nowMs - heardAtMs, 0))}` };
}
