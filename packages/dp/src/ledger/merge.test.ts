import { nodeHash } from "@fedtune/testkit";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  key,
  limit,
  ports,
  reserved,
  slot,
  spent,
  spentLedger,
  step,
} from "../test-support/ledgers.ts";
import { ledgerText, newLedger, openLedger } from "./ledger.ts";
import type { Ledger } from "./ledger.ts";
import { mergeLedgers } from "./merge.ts";
import { freeUndelivered, ledgerEvents } from "./spending.ts";

const empty = newLedger(key, nodeHash);
const { epsilon } = limit(0);
const merge = (mine: Ledger, theirs: Ledger) => mergeLedgers(mine, theirs, { ...ports, epsilon });
const chargeOf = (ledger: Ledger) => epsilon(ledgerEvents(ledger));
const freed = (ledger: Ledger, round: number) =>
  freeUndelivered(ledger, { ...slot(round), proof: "never sent" }, ports).ledger;

test("an equal or shorter ledger adds nothing", () => {
  const ledger = spentLedger(3);
  for (const other of [ledger, spentLedger(2), empty]) {
    expect(merge(ledger, other)).toEqual({ ledger, rows: [] });
  }
});

test("what only they know is taken over", () => {
  const { ledger, rows } = merge(spentLedger(1), spentLedger(3));
  expect(chargeOf(ledger)).toBe(12);
  expect(rows.map(({ state, round }) => `${state} ${round}`)).toEqual([
    "raised 2",
    "spent 2",
    "raised 3",
    "spent 3",
  ]);
  expect(openLedger(ledgerText(ledger, nodeHash), { hash: nodeHash })).toEqual(ledger);
});

test("[DP17] the larger spend wins, whichever side has it", () => {
  const small = reserved(empty, slot(1), step(2));
  const large = reserved(empty, slot(1), step(5));
  expect(chargeOf(merge(small, large).ledger)).toBe(5);
  expect(chargeOf(merge(large, small).ledger)).toBe(5);
});

test("freed here and charged there is charged; freed on both sides is free", () => {
  const charged = reserved(empty, slot(1));
  expect(chargeOf(merge(freed(charged, 1), charged).ledger)).toBe(4);
  expect(chargeOf(merge(charged, freed(charged, 1)).ledger)).toBe(4);
  expect(chargeOf(merge(freed(charged, 1), freed(charged, 1)).ledger)).toBe(0);
  const taken = spent(charged, slot(1), "update");
  expect(merge(freed(charged, 1), taken).ledger.rows.at(-1)?.state).toBe("spent");
});

test("[DP17] one slot spent on different bytes was released twice and is charged twice, once and for all", () => {
  const one = spent(reserved(empty, slot(1)), slot(1), "one");
  const two = spent(reserved(empty, slot(1)), slot(1), "two");
  const both = merge(one, two).ledger;
  expect(chargeOf(both)).toBe(8);
  const back = merge(two, both).ledger;
  expect(chargeOf(back)).toBe(8);
  expect(merge(both, back).rows).toEqual([]);
  expect(merge(both, two).rows).toEqual([]);
});

test("ledgers of different keys do not mix", () => {
  const other = newLedger({ ...key, dataset: "other" }, nodeHash);
  expect(() => merge(empty, other)).toThrow(/same holder/);
});

/** Ledgers of a few rounds, each freed, reserved or spent on one of two updates. */
const ledgers = fc
  .array(
    fc.record({
      round: fc.integer({ min: 1, max: 3 }),
      steps: fc.integer({ min: 1, max: 3 }),
      end: fc.constantFrom("reserved", "one", "two", "freed"),
    }),
    { maxLength: 3 },
  )
  .map((rounds) => {
    let ledger = empty;
    const seen = new Set<number>();
    for (const { round, steps, end } of rounds) {
      if (seen.has(round)) continue;
      seen.add(round);
      ledger = reserved(ledger, slot(round), step(steps));
      if (end === "freed") ledger = freed(ledger, round);
      else if (end !== "reserved") ledger = spent(ledger, slot(round), `${end} ${round}`);
    }
    return ledger;
  });

test("[DP17] a merge charges at least what each side charged, is repeatable, and both sides agree on the sum", () => {
  fc.assert(
    fc.property(ledgers, ledgers, (mine, theirs) => {
      const { ledger } = merge(mine, theirs);
      expect(ledger.rows.slice(0, mine.rows.length)).toEqual(mine.rows);
      expect(chargeOf(ledger)).toBeGreaterThanOrEqual(Math.max(chargeOf(mine), chargeOf(theirs)));
      expect(merge(ledger, theirs).rows).toEqual([]);
      expect(chargeOf(merge(theirs, mine).ledger)).toBe(chargeOf(ledger));
      expect(openLedger(ledgerText(ledger, nodeHash), { hash: nodeHash })).toEqual(ledger);
    }),
  );
});
