/** Small ledgers, and an accountant that anyone can check by hand. */
import { nodeHash } from "@fedtune/testkit";
import type { Digest } from "@fedtune/core";
import type { PrivacyEvent } from "../events.ts";
import { newLedger } from "../ledger/ledger.ts";
import type { AppendPorts, Ledger } from "../ledger/ledger.ts";
import type { LedgerKey, LedgerSlot } from "../ledger/rows.ts";
import { reserve, spend } from "../ledger/spending.ts";
import type { Limit } from "../ledger/spending.ts";

export const key: LedgerKey = {
  holder: "alice",
  dataset: "sha256:1234",
  unit: "example",
  relation: "add-or-remove-one",
  delta: 1e-5,
};

export const ports: AppendPorts = { hash: nodeHash, time: "2026-11-21T12:00:00.000Z" };

/** Every step costs 1 / noiseMultiplier^2: additive, so that sums can be checked by hand. */
export function limit(epsilon: number): Limit {
  return {
    budget: { epsilon, delta: key.delta },
    epsilon: (events) =>
      events.reduce((sum, event) => sum + event.steps / event.noiseMultiplier ** 2, 0),
  };
}

/** First attempt of a round. */
export function slot(round: number, attempt = 1): LedgerSlot {
  return { run: "r", round, attempt };
}

/** Events that cost `steps / noiseMultiplier^2`. */
export function step(steps = 4, noiseMultiplier = 1): readonly PrivacyEvent[] {
  return [{ mechanism: "poisson-gaussian", samplingRate: 0.1, noiseMultiplier, steps }];
}

/** The hash of some bytes. */
export function bytesHash(text: string): Digest {
  return nodeHash.sha256(new TextEncoder().encode(text));
}

/** The ledger after a reservation, which must be granted. */
export function reserved(
  ledger: Ledger,
  where: LedgerSlot,
  events: readonly PrivacyEvent[] = step(),
): Ledger {
  const result = reserve(ledger, { ...where, events }, { ...ports, limit: limit(Infinity) });
  if (result.kind === "refused") throw new Error("wanted a reservation");
  return result.ledger;
}

/** The ledger after spending a slot on some bytes. */
export function spent(ledger: Ledger, where: LedgerSlot, bytes: string): Ledger {
  return spend(ledger, { ...where, updateHash: bytesHash(bytes) }, ports).ledger;
}

/** A ledger of so many rounds, each reserved and spent. */
export function spentLedger(rounds: number): Ledger {
  let ledger = newLedger(key, nodeHash);
  for (let round = 1; round <= rounds; round++) {
    ledger = spent(reserved(ledger, slot(round)), slot(round), `update ${round}`);
  }
  return ledger;
}
