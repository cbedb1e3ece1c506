import { isFedtuneError } from "@fedtune/core";
import type { ErrorCode } from "@fedtune/core";
import { nodeHash } from "@fedtune/testkit";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { key, limit, ports, slot, spentLedger, step } from "../test-support/ledgers.ts";
import { ledgerText, newLedger, openLedger, rowLine } from "./ledger.ts";
import type { Ledger } from "./ledger.ts";
import { freeUndelivered, ledgerEvents, reserve, spend } from "./spending.ts";

const hash = nodeHash;

function failure(action: () => unknown): { code: ErrorCode; message: string } {
  try {
    action();
  } catch (error) {
    if (isFedtuneError(error)) return error;
    throw error;
  }
  throw new Error("wanted a failure");
}

function linesOf(ledger: Ledger): string[] {
  return ledgerText(ledger, hash).trimEnd().split("\n");
}

function reopened(lines: readonly string[]): Ledger {
  return openLedger(`${lines.join("\n")}\n`, { hash });
}

test("a ledger read back is the ledger, and an empty one too", () => {
  for (const ledger of [newLedger(key, hash), spentLedger(3)]) {
    expect(openLedger(ledgerText(ledger, hash), { hash, head: ledger.head })).toEqual(ledger);
  }
});

test("rows appended one by one to a file are the ledger's text", () => {
  const empty = newLedger(key, hash);
  const ledger = spentLedger(2);
  const file = ledgerText(empty, hash) + ledger.rows.map(rowLine).join("");
  expect(file).toBe(ledgerText(ledger, hash));
});

test("a row holds mechanisms and never an epsilon", () => {
  expect(ledgerText(spentLedger(2), hash)).not.toMatch(/epsilon/i);
});

describe("a ledger that was tampered with does not open", () => {
  const lines = linesOf(spentLedger(3));

  test("[DP14] one digit of one row", () => {
    for (let row = 1; row < lines.length; row++) {
      for (const [from, to] of [
        ['"round":', '"round":1'],
        ["2026", "2025"],
        ['"noiseMultiplier":', '"noiseMultiplier":1'],
      ] as const) {
        const edited = lines.with(row, lines[row]!.replace(from, to));
        if (edited[row] === lines[row]) continue;
        const { code, message } = failure(() => reopened(edited));
        expect(code).toBe("state-corrupt");
        expect(message).toContain(`row ${row - 1}`);
      }
    }
  });

  test("[DP14] any character of any row", () => {
    fc.assert(
      fc.property(
        fc.nat(lines.length - 1),
        fc.nat(),
        fc.constantFrom("0", "a", " ", '"', "}"),
        (row, at, character) => {
          const line = lines[row]!;
          const place = at % line.length;
          fc.pre(line[place] !== character);
          const edited = line.slice(0, place) + character + line.slice(place + 1);
          expect(() => reopened(lines.with(row, edited))).toThrow();
        },
      ),
    );
  });

  test("[DP14] two rows in the other order", () => {
    const swapped = lines.with(2, lines[3]!).with(3, lines[2]!);
    const { code, message } = failure(() => reopened(swapped));
    expect(code).toBe("state-corrupt");
    expect(message).toContain("row 1 says that it is row 2");
  });

  test("[DP14] a row left out, or the first ones", () => {
    expect(failure(() => reopened(lines.toSpliced(3, 1))).code).toBe("state-corrupt");
    expect(failure(() => reopened(lines.toSpliced(1, 2))).code).toBe("state-corrupt");
    expect(failure(() => reopened(lines.slice(1))).code).not.toBe("internal");
  });

  test("a row twice", () => {
    expect(failure(() => reopened(lines.toSpliced(2, 0, lines[2]!))).code).toBe("state-corrupt");
  });

  test("[DP14] the end cut off, when the head is known from elsewhere", () => {
    const ledger = spentLedger(3);
    const cut = `${lines.slice(0, -1).join("\n")}\n`;
    expect(openLedger(cut, { hash }).rows.length).toBe(ledger.rows.length - 1);
    const { code, message } = failure(() => openLedger(cut, { hash, head: ledger.head }));
    expect(code).toBe("state-corrupt");
    expect(message).toContain("rows are missing");
  });

  test("half a line at the end, or no line at all", () => {
    expect(failure(() => openLedger(lines.join("\n"), { hash })).code).toBe("state-corrupt");
    expect(failure(() => openLedger("", { hash })).code).toBe("state-corrupt");
  });

  test("another holder's header", () => {
    const other = linesOf(newLedger({ ...key, holder: "bob" }, hash));
    const { code, message } = failure(() => reopened(lines.with(0, other[0]!)));
    expect(code).toBe("state-corrupt");
    expect(message).toContain("row 0");
  });

  test("a chain that is whole but says what cannot be", () => {
    // Spent without a reservation, with all hashes right.
    const ledger = spentLedger(1);
    const { updateHash } = ledger.rows[1] as { updateHash: string };
    const row = { state: "spent", ...slot(1), updateHash, sequence: 0, time: ports.time };
    const { key: _key, head: previous } = newLedger(key, hash);
    const whole = chained({ ...row, previous });
    const { code, message } = failure(() => reopened([lines[0]!, whole]));
    expect(code).toBe("state-corrupt");
    expect(message).toContain('"spent" follows nothing at run r, round 1, attempt 1');
  });
});

test("[DP14] a mechanism that this version does not know is named with its row", () => {
  const { head: previous } = newLedger(key, hash);
  const events = [{ mechanism: "laplace", noiseMultiplier: 1, steps: 1 }];
  const row = { state: "reserved", ...slot(1), events, sequence: 0, time: ports.time, previous };
  const lines = linesOf(newLedger(key, hash));
  const { code, message } = failure(() => reopened([lines[0]!, chained(row)]));
  expect(code).toBe("config-invalid");
  expect(message).toContain("row 0 of the privacy ledger");
  expect(message).toContain("mechanism");
});

test("a key that makes no sense is refused", () => {
  expect(failure(() => newLedger({ ...key, delta: 0 }, hash)).code).toBe("config-invalid");
  expect(failure(() => newLedger({ ...key, holder: "" }, hash)).code).toBe("config-invalid");
});

describe("any sequence of operations", () => {
  const operation = fc.record({
    kind: fc.constantFrom("reserve", "spend", "free"),
    round: fc.integer({ min: 1, max: 3 }),
    bytes: fc.constantFrom("a", "b"),
  });

  test("only appends, reopens as itself, and never lets a charge shrink but by a proof", () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 15 }), (operations) => {
        let ledger = newLedger(key, hash);
        for (const { kind, round, bytes } of operations) {
          const before = ledger;
          const chargedBefore = limit(10).epsilon(ledgerEvents(ledger));
          try {
            ledger = applied(ledger, { kind, round, bytes });
          } catch (error) {
            expect(isFedtuneError(error)).toBe(true);
          }
          expect(ledger.rows.slice(0, before.rows.length)).toEqual(before.rows);
          const charged = limit(10).epsilon(ledgerEvents(ledger));
          if (kind !== "free") expect(charged).toBeGreaterThanOrEqual(chargedBefore);
          expect(charged).toBeLessThanOrEqual(10);
        }
        expect(openLedger(ledgerText(ledger, hash), { hash, head: ledger.head })).toEqual(ledger);
      }),
    );
  });
});

function applied(
  ledger: Ledger,
  { kind, round, bytes }: { kind: string; round: number; bytes: string },
): Ledger {
  if (kind === "reserve") {
    const result = reserve(
      ledger,
      { ...slot(round), events: step() },
      { ...ports, limit: limit(10) },
    );
    return result.kind === "reserved" ? result.ledger : ledger;
  }
  if (kind === "free") {
    return freeUndelivered(ledger, { ...slot(round), proof: "never sent" }, ports).ledger;
  }
  const updateHash = hash.sha256(new TextEncoder().encode(bytes));
  return spend(ledger, { ...slot(round), updateHash }, ports).ledger;
}

/** A row with its hash, as one line: keys in order, no spaces. */
function chained(row: Readonly<Record<string, unknown>>): string {
  const sorted = (value: unknown): unknown =>
    typeof value !== "object" || value === null || Array.isArray(value)
      ? Array.isArray(value)
        ? value.map(sorted)
        : value
      : Object.fromEntries(
          Object.entries(value)
            .toSorted(([a], [b]) => (a < b ? -1 : 1))
            .map(([name, inner]) => [name, sorted(inner)]),
        );
  const text = (value: unknown) => JSON.stringify(sorted(value));
  return text({ ...row, hash: hash.sha256(new TextEncoder().encode(text(row))) });
}
