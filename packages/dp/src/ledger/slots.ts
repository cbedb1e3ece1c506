import type { Digest } from "@fedtune/core";
import type { PrivacyEvent } from "../events.ts";
import { slotText } from "./rows.ts";
import type { LedgerRow, LedgerSlot } from "./rows.ts";

/** Where a slot stands after all of its rows. */
export interface SlotStanding {
  readonly slot: LedgerSlot;
  readonly state: "reserved" | "spent" | "freed";
  readonly events: readonly PrivacyEvent[];
  /** Hash of the update that was released; null unless spent. */
  readonly updateHash: Digest | null;
}

/** What may follow what; the first row of a slot reserves it, or is taken over from another ledger. */
const successors: Readonly<Record<"none" | SlotStanding["state"], readonly LedgerRow["state"][]>> =
  {
    none: ["reserved", "raised"],
    reserved: ["spent", "freed", "raised"],
    spent: ["raised"],
    freed: ["raised"],
  };

/**
 * The standing of a slot after one more row, or a sentence that says why that row cannot follow.
 *
 * A raised slot that was freed or unknown is charged as reserved.
 */
export function advance(before: SlotStanding | undefined, row: LedgerRow): SlotStanding | string {
  const state = before?.state ?? "none";
  if (!successors[state].includes(row.state)) {
    return `"${row.state}" follows ${state === "none" ? "nothing" : `"${state}"`} at ${slotText(row)}`;
  }
  const { run, round, attempt } = row;
  const slot = { run, round, attempt };
  const events = before?.events ?? [];
  switch (row.state) {
    case "reserved":
      return { slot, state: "reserved", events: row.events, updateHash: null };
    case "spent":
      return { slot, state: "spent", events, updateHash: row.updateHash };
    case "freed":
      return { slot, state: "freed", events, updateHash: null };
    case "raised":
      return {
        slot,
        state: state === "spent" ? "spent" : "reserved",
        events: row.events,
        updateHash: before?.updateHash ?? null,
      };
  }
}

/** Standings of all slots, by their text, in order of first mention. */
export function standings(rows: readonly LedgerRow[]): ReadonlyMap<string, SlotStanding> {
  const all = new Map<string, SlotStanding>();
  for (const row of rows) {
    const next = advance(all.get(slotText(row)), row);
    if (typeof next === "string") throw new RangeError(`Cannot read a ledger: ${next}`);
    all.set(slotText(row), next);
  }
  return all;
}
