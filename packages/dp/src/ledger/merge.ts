import { FedtuneError, canonicalJson } from "@fedtune/core";
import { append } from "./ledger.ts";
import type { AppendPorts, Entry, Ledger } from "./ledger.ts";
import { slotText } from "./rows.ts";
import type { LedgerRow, LedgerSlot } from "./rows.ts";
import { advance, standings } from "./slots.ts";
import type { SlotStanding } from "./slots.ts";
import type { EpsilonOf } from "./spending.ts";

/** A ledger after a merge, and the rows that it gained, in order. */
export interface Merged {
  readonly ledger: Ledger;
  readonly rows: readonly LedgerRow[];
}

/**
 * Appends to `mine` whatever `theirs` knows more of: the larger spend wins, slot by slot, and nothing is ever rewritten.
 *
 * A slot that only they know is taken over unless they freed it; where both charge one slot with different events, those
 * of larger epsilon hold; a slot that one of us freed and the other charges is charged. A slot that was spent on other
 * bytes than mine is a second release, so it is charged as one more attempt. Merging again changes nothing.
 *
 * @throws FedtuneError `config-conflict` when the ledgers have different keys
 */
export function mergeLedgers(
  mine: Ledger,
  theirs: Ledger,
  { epsilon, ...ports }: AppendPorts & { readonly epsilon: EpsilonOf },
): Merged {
  if (canonicalJson(mine.key) !== canonicalJson(theirs.key)) {
    throw new FedtuneError(
      "config-conflict",
      "Cannot merge two privacy ledgers: wanted the same holder, data set, unit, relation and delta",
      { data: { mine: mine.key, theirs: theirs.key } },
    );
  }
  let ledger = mine;
  const own = new Map(standings(mine.rows));
  const others = standings(theirs.rows);
  for (const other of others.values()) {
    if (other.state === "freed") continue;
    const slot = counterpart(other, own, others);
    for (const entry of missing(own.get(slotText(slot)), { ...other, slot }, epsilon)) {
      const { ledger: longer, row } = append(ledger, entry, ports);
      ledger = longer;
      const standing = row === null ? null : advance(own.get(slotText(slot)), row);
      if (standing !== null && typeof standing !== "string") own.set(slotText(slot), standing);
    }
  }
  return { ledger, rows: ledger.rows.slice(mine.rows.length) };
}

type Standings = ReadonlyMap<string, SlotStanding>;

/** My slot for the same release: that of the same bytes, else the same slot, else a new attempt of the round. */
function counterpart(
  { slot, updateHash }: SlotStanding,
  own: Standings,
  others: Standings,
): LedgerSlot {
  const inRound = (standing: SlotStanding): boolean =>
    standing.slot.run === slot.run && standing.slot.round === slot.round;
  const same = [...own.values()].find(
    (standing) => inRound(standing) && updateHash !== null && standing.updateHash === updateHash,
  );
  if (same !== undefined) return same.slot;
  const state = own.get(slotText(slot))?.state;
  if (updateHash === null || state !== "spent") return slot;
  const attempts = [...own.values(), ...others.values()].filter(inRound);
  return { ...slot, attempt: 1 + Math.max(...attempts.map((standing) => standing.slot.attempt)) };
}

/** The rows that bring `own` up to `other`. */
function missing(
  own: SlotStanding | undefined,
  other: SlotStanding,
  epsilon: EpsilonOf,
): readonly Entry[] {
  const { run, round, attempt } = other.slot;
  const { updateHash } = other;
  const charged = own === undefined || own.state === "freed" ? [] : own.events;
  const isMore =
    charged.length === 0 ||
    (canonicalJson(charged) !== canonicalJson(other.events) &&
      epsilon(other.events) > epsilon(charged));
  const entries: Entry[] = [];
  if (isMore) entries.push({ state: "raised", run, round, attempt, events: other.events });
  if (updateHash !== null && own?.state !== "spent") {
    entries.push({ state: "spent", run, round, attempt, updateHash });
  }
  return entries;
}
