import { isFedtuneError } from "@fedtune/core";
import { nodeHash } from "@fedtune/testkit";
import { expect, test } from "vitest";
import type { PrivacyEvent } from "../events.ts";
import {
  bytesHash,
  key,
  limit,
  ports,
  reserved,
  slot,
  spent,
  step,
} from "../test-support/ledgers.ts";
import { newLedger } from "./ledger.ts";
import { exhausted, freeUndelivered, ledgerEvents, reserve, spend } from "./spending.ts";

const empty = newLedger(key, nodeHash);

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (isFedtuneError(error)) return error.code;
  }
  return "none";
}

test("[DP15] a reservation above the budget is refused before work, with the numbers", () => {
  const first = reserve(empty, { ...slot(1), events: step() }, { ...ports, limit: limit(7) });
  expect(first.kind).toBe("reserved");
  const { ledger } = first as { ledger: typeof empty };
  const second = reserve(ledger, { ...slot(2), events: step() }, { ...ports, limit: limit(7) });
  expect(second).toEqual({ kind: "refused", spent: 4, needed: 8, budget: 7 });
  const exact = reserve(ledger, { ...slot(2), events: step() }, { ...ports, limit: limit(8) });
  expect(exact.kind).toBe("reserved");
});

test("[DP15] an accountant that answers NaN or infinity refuses", () => {
  for (const epsilon of [Number.NaN, Infinity]) {
    const broken = { ...limit(7), epsilon: () => epsilon };
    const result = reserve(empty, { ...slot(1), events: step() }, { ...ports, limit: broken });
    expect(result.kind).toBe("refused");
    expect(exhausted(reserved(empty, slot(1)), broken)).toBe(true);
  }
});

test("the same reservation again is the same row; other events in its place are refused", () => {
  const ledger = reserved(empty, slot(1));
  const again = reserve(ledger, { ...slot(1), events: step() }, { ...ports, limit: limit(4) });
  expect(again).toEqual({ kind: "reserved", ledger, row: null });
  const other = { ...slot(1), events: step(5) };
  expect(codeOf(() => reserve(ledger, other, { ...ports, limit: limit(100) }))).toBe(
    "config-conflict",
  );
});

test("[DP15] a reservation is charged, whether or not it is ever spent", () => {
  const ledger = reserved(reserved(empty, slot(1)), slot(2));
  expect(ledgerEvents(ledger)).toEqual(step(8));
  expect(ledgerEvents(spent(ledger, slot(1), "update"))).toEqual(step(8));
});

test("[DP16] the same bytes again cost nothing, retraining needs an attempt of its own", () => {
  const ledger = spent(reserved(empty, slot(1)), slot(1), "update");
  const again = spend(ledger, { ...slot(1), updateHash: bytesHash("update") }, ports);
  expect(again).toEqual({ ledger, row: null });
  const retrained = { ...slot(1), updateHash: bytesHash("new noise") };
  expect(codeOf(() => spend(ledger, retrained, ports))).toBe("update-conflict");
  const second = spent(reserved(ledger, slot(1, 2)), slot(1, 2), "new noise");
  expect(ledgerEvents(second)).toEqual(step(8));
  expect(second.rows.map(({ state }) => state)).toEqual(["reserved", "spent", "reserved", "spent"]);
});

test("nothing is spent without a reservation", () => {
  expect(codeOf(() => spend(empty, { ...slot(1), updateHash: bytesHash("x") }, ports))).toBe(
    "config-conflict",
  );
});

test("[DP16] only what was never delivered is given back, by a row that says how one knows", () => {
  const undelivered = { ...slot(1), proof: "the order was never sent" };
  const freed = freeUndelivered(reserved(empty, slot(1)), undelivered, ports);
  expect(freed.row).toMatchObject({ state: "freed", proof: "the order was never sent" });
  expect(ledgerEvents(freed.ledger)).toEqual([]);
  expect(freeUndelivered(freed.ledger, undelivered, ports).row).toBeNull();
  const spentOnce = spent(reserved(empty, slot(1)), slot(1), "update");
  expect(codeOf(() => freeUndelivered(spentOnce, undelivered, ports))).toBe("config-conflict");
  expect(codeOf(() => freeUndelivered(empty, undelivered, ports))).toBe("config-conflict");
  const late = { ...slot(1), updateHash: bytesHash("x") };
  expect(codeOf(() => spend(freed.ledger, late, ports))).toBe("config-conflict");
  const anew = { ...slot(1), events: step() };
  expect(codeOf(() => reserve(freed.ledger, anew, { ...ports, limit: limit(100) }))).toBe(
    "config-conflict",
  );
});

test("equal mechanisms are one event, trees stay apart", () => {
  const tree: PrivacyEvent = {
    mechanism: "tree-gaussian",
    noiseMultiplier: 2,
    steps: 8,
    participations: 1,
  };
  const rows = [step(1), step(2, 3), [tree], step(3), [tree]];
  const ledger = rows.reduce(
    (before, events, index) => reserved(before, slot(index), events),
    empty,
  );
  expect(ledgerEvents(ledger)).toEqual([...step(4), ...step(2, 3), tree, tree]);
});

test("steps never add up past what an event may hold", () => {
  const ledger = reserved(reserved(empty, slot(1), step(6e8)), slot(2), step(6e8));
  expect(ledgerEvents(ledger)).toEqual([...step(6e8), ...step(6e8)]);
});

test("a ledger is exhausted when nothing more fits", () => {
  const ledger = reserved(empty, slot(1));
  expect(exhausted(ledger, limit(4))).toBe(true);
  expect(exhausted(ledger, limit(5))).toBe(false);
  expect(exhausted(ledger, limit(5), step(1))).toBe(false);
  expect(exhausted(ledger, limit(5), step(2))).toBe(true);
  expect(exhausted(empty, limit(0))).toBe(true);
  expect(exhausted(empty, limit(1))).toBe(false);
});

test("a budget at another delta is refused", () => {
  const other = { ...limit(4), budget: { epsilon: 4, delta: 1e-6 } };
  expect(codeOf(() => exhausted(empty, other))).toBe("config-conflict");
  const request = { ...slot(1), events: step() };
  expect(codeOf(() => reserve(empty, request, { ...ports, limit: other }))).toBe("config-conflict");
});
