/** Charging: reserve before work, spend before release, free only what was never delivered. */
import { FedtuneError, canonicalJson } from "@fedtune/core";
import type { Digest } from "@fedtune/core";
import type { PrivacyEvent } from "../events.ts";
import { append } from "./ledger.ts";
import type { AppendPorts, Appended, Ledger } from "./ledger.ts";
import { slotText } from "./rows.ts";
import type { LedgerSlot } from "./rows.ts";
import { standings } from "./slots.ts";
import type { SlotStanding } from "./slots.ts";

/** What a data holder consents to; delta must be the ledger's. */
export interface PrivacyBudget {
  readonly epsilon: number;
  readonly delta: number;
}

/** An accountant at the ledger's delta and relation. */
export type EpsilonOf = (events: readonly PrivacyEvent[]) => number;

/** The limit a reservation is held against. */
export interface Limit {
  readonly budget: PrivacyBudget;
  readonly epsilon: EpsilonOf;
}

/** A granted reservation, or the numbers that say why there is none. */
export type Reservation =
  | ({ readonly kind: "reserved" } & Appended)
  | {
      readonly kind: "refused";
      /** Epsilon of everything charged so far. */
      readonly spent: number;
      /** Epsilon with this reservation added. */
      readonly needed: number;
      /** Epsilon of the budget. */
      readonly budget: number;
    };

/**
 * Charges `events` to a slot before any work is done, or refuses when they would exceed the budget.
 *
 * The same reservation again is the same row. The caller makes the row durable before it touches data.
 *
 * @throws FedtuneError `config-conflict` when the slot holds other events or was freed, or when the budget's delta is not
 * the ledger's
 */
export function reserve(
  ledger: Ledger,
  request: LedgerSlot & { readonly events: readonly PrivacyEvent[] },
  { limit, ...ports }: AppendPorts & { readonly limit: Limit },
): Reservation {
  checkDelta(ledger, limit);
  const { run, round, attempt, events } = request;
  const standing = standings(ledger.rows).get(slotText(request));
  if (standing !== undefined) {
    if (standing.state === "freed" || canonicalJson(standing.events) !== canonicalJson(events)) {
      throw conflict(
        "reserve",
        request,
        `it is ${standing.state} with other events; wanted a new attempt`,
      );
    }
    return { kind: "reserved", ledger, row: null };
  }
  const charged = ledgerEvents(ledger);
  const needed = limit.epsilon(mergeEvents([...charged, ...events]));
  // Written so that an accountant's NaN refuses.
  if (!(needed <= limit.budget.epsilon)) {
    const spent = charged.length === 0 ? 0 : limit.epsilon(charged);
    return { kind: "refused", spent, needed, budget: limit.budget.epsilon };
  }
  const entry = { state: "reserved", run, round, attempt, events } as const;
  return { kind: "reserved", ...append(ledger, entry, ports) };
}

/**
 * Marks a reserved slot as spent, before the first byte of the update leaves. The same bytes again cost nothing.
 *
 * @throws FedtuneError `update-conflict` when the slot was spent on other bytes: noise drawn anew is a new release, which
 * needs a reservation of its own; `config-conflict` when nothing is reserved there
 */
export function spend(
  ledger: Ledger,
  release: LedgerSlot & { readonly updateHash: Digest },
  ports: AppendPorts,
): Appended {
  const { run, round, attempt, updateHash } = release;
  const standing = standingOf(ledger, release, "spend");
  if (standing.state === "spent") {
    if (standing.updateHash === updateHash) return { ledger, row: null };
    throw new FedtuneError(
      "update-conflict",
      `Cannot release ${updateHash} at ${slotText(release)}: ${String(standing.updateHash)} was released there; wanted a reservation for another attempt`,
      { data: { run, round, attempt, updateHash, released: standing.updateHash } },
    );
  }
  if (standing.state === "freed") throw conflict("spend", release, "it was freed");
  return append(ledger, { state: "spent", run, round, attempt, updateHash }, ports);
}

/**
 * Takes a reservation back whose task was provably never delivered to whoever holds the data. Freeing again changes nothing.
 *
 * @param undelivered `proof` says how that is known, for whoever reads the ledger later
 * @throws FedtuneError `config-conflict` when the slot is spent or unknown
 */
export function freeUndelivered(
  ledger: Ledger,
  undelivered: LedgerSlot & { readonly proof: string },
  ports: AppendPorts,
): Appended {
  const { run, round, attempt, proof } = undelivered;
  const standing = standingOf(ledger, undelivered, "free");
  if (standing.state === "freed") return { ledger, row: null };
  if (standing.state === "spent") throw conflict("free", undelivered, "it is spent for ever");
  return append(ledger, { state: "freed", run, round, attempt, proof }, ports);
}

/** Everything that is charged, reservations included, for an accountant; equal mechanisms are one event. */
export function ledgerEvents(ledger: Ledger): readonly PrivacyEvent[] {
  const charged = [...standings(ledger.rows).values()].filter(({ state }) => state !== "freed");
  return mergeEvents(charged.flatMap(({ events }) => events));
}

/** True when nothing more, or not even `next`, fits into the budget. */
export function exhausted(
  ledger: Ledger,
  limit: Limit,
  next: readonly PrivacyEvent[] = [],
): boolean {
  checkDelta(ledger, limit);
  const events = mergeEvents([...ledgerEvents(ledger), ...next]);
  if (events.length === 0) return limit.budget.epsilon <= 0;
  const epsilon = limit.epsilon(events);
  return next.length > 0 ? !(epsilon <= limit.budget.epsilon) : !(epsilon < limit.budget.epsilon);
}

const MOST_STEPS = 1e9;

/** Adds up the steps of equal mechanisms; trees stay apart, because the steps of a tree are its size. */
function mergeEvents(events: readonly PrivacyEvent[]): readonly PrivacyEvent[] {
  const merged = new Map<string, PrivacyEvent>();
  events.forEach((event, index) => {
    const { steps, ...mechanism } = event;
    const name = canonicalJson(mechanism);
    const known = merged.get(name);
    const isAlone = event.mechanism === "tree-gaussian" || (known?.steps ?? 0) + steps > MOST_STEPS;
    if (isAlone) merged.set(`${name} ${index}`, event);
    else merged.set(name, known === undefined ? event : { ...known, steps: known.steps + steps });
  });
  return [...merged.values()];
}

function standingOf(ledger: Ledger, slot: LedgerSlot, action: string): SlotStanding {
  const standing = standings(ledger.rows).get(slotText(slot));
  if (standing === undefined) throw conflict(action, slot, "nothing is reserved there");
  return standing;
}

function checkDelta(ledger: Ledger, { budget }: Limit): void {
  if (budget.delta === ledger.key.delta) return;
  throw new FedtuneError(
    "config-conflict",
    `Cannot hold the ledger of ${ledger.key.holder} against a budget at delta ${budget.delta}: wanted the ledger's ${ledger.key.delta}`,
    { data: { ledger: ledger.key.delta, budget: budget.delta } },
  );
}

function conflict(action: string, slot: LedgerSlot, reason: string): FedtuneError {
  const { run, round, attempt } = slot;
  return new FedtuneError("config-conflict", `Cannot ${action} ${slotText(slot)}: ${reason}`, {
    data: { run, round, attempt },
  });
}
