/** A ledger as a value: what was done to one holder's data, row after row, each chained to the one before by its hash. */
import { FedtuneError, canonicalJson, hashOfJson, parseInput } from "@fedtune/core";
import type { Digest, Hash } from "@fedtune/core";
import { ledgerHeaderSchema, ledgerKeySchema, ledgerRowSchema, slotText } from "./rows.ts";
import type { LedgerKey, LedgerRow } from "./rows.ts";
import { advance } from "./slots.ts";
import type { SlotStanding } from "./slots.ts";

/** Append-only; mechanisms, never epsilons, which an accountant computes from {@link Ledger.rows} at any time. */
export interface Ledger {
  readonly key: LedgerKey;
  readonly rows: readonly LedgerRow[];
  /** Hash of the last row, or of the header: what to keep elsewhere to notice a ledger that was cut short. */
  readonly head: Digest;
}

/** A ledger and the row that was appended to it; null when there was nothing to append. */
export interface Appended {
  readonly ledger: Ledger;
  readonly row: LedgerRow | null;
}

/** What every appended row needs from outside. */
export interface AppendPorts {
  readonly hash: Hash;
  /** ISO 8601 in UTC. */
  readonly time: string;
}

/** A row before it has its place in the chain. */
export type Entry = LedgerRow extends infer Row
  ? Row extends LedgerRow
    ? Omit<Row, "sequence" | "previous" | "hash" | "time">
    : never
  : never;

const FORMAT = { format: "fedtune-privacy-ledger", version: 1 } as const;

/**
 * A ledger without rows.
 *
 * @throws FedtuneError `config-invalid` naming what is wrong with the key
 */
export function newLedger(key: LedgerKey, hash: Hash): Ledger {
  const parsed = parseInput(ledgerKeySchema, key, { what: "the key of a privacy ledger" });
  return { key: parsed, rows: [], head: hashOfJson({ ...FORMAT, key: parsed }, hash) };
}

/** The ledger with one more row; the caller has checked that it may follow. */
export function append(ledger: Ledger, entry: Entry, { hash, time }: AppendPorts): Appended {
  const linked = { ...entry, sequence: ledger.rows.length, time, previous: ledger.head };
  const row = parseInput(
    ledgerRowSchema,
    { ...linked, hash: hashOfJson(linked, hash) },
    { what: `row ${ledger.rows.length} of the privacy ledger` },
  );
  return { ledger: { key: ledger.key, rows: [...ledger.rows, row], head: row.hash }, row };
}

/** One row as its line of text, with the line's end: what to append to a file. */
export function rowLine(row: LedgerRow): string {
  return `${canonicalJson(row)}\n`;
}

/** The whole ledger as JSON Lines: header, then rows. */
export function ledgerText(ledger: Ledger, hash: Hash): string {
  const { key } = ledger;
  const header = { ...FORMAT, key, hash: hashOfJson({ ...FORMAT, key }, hash) };
  return `${canonicalJson(header)}\n${ledger.rows.map(rowLine).join("")}`;
}

/**
 * Reads a ledger and verifies all of it: every hash, every link, every place, every state.
 *
 * A chain cannot tell that its last rows are missing; `head`, kept elsewhere, can.
 *
 * @throws FedtuneError `state-corrupt` naming the row that was edited, moved, cut or left out; `config-invalid` naming a
 * row with a mechanism or a field that this version does not know
 */
export function openLedger(
  text: string,
  { hash, head }: { readonly hash: Hash; readonly head?: Digest },
): Ledger {
  const [first = "", ...lines] = text.split("\n");
  if (lines.pop() !== "") throw corrupt("its last line has no end", { line: lines.length + 1 });
  const header = checkedLine(first, { name: "the header", hash });
  const parsed = parseInput(ledgerHeaderSchema, header, {
    what: "the header of the privacy ledger",
  });
  let previous = parsed.hash;
  const slots = new Map<string, SlotStanding>();
  const rows = lines.map((line, sequence) => {
    const row = readRow(line, { sequence, previous, hash });
    const standing = advance(slots.get(slotText(row)), row);
    if (typeof standing === "string") throw corrupt(standing, { row: sequence });
    slots.set(slotText(row), standing);
    previous = row.hash;
    return row;
  });
  if (head !== undefined && head !== previous) {
    throw corrupt(`it ends at ${previous}, wanted ${head}: rows are missing or were replaced`, {
      row: rows.length,
    });
  }
  return { key: parsed.key, rows, head: previous };
}

function readRow(
  line: string,
  expected: { readonly sequence: number; readonly previous: Digest; readonly hash: Hash },
): LedgerRow {
  const { sequence, previous, hash } = expected;
  const name = `row ${sequence}`;
  const value = checkedLine(line, { name, hash });
  if (value["sequence"] !== sequence || value["previous"] !== previous) {
    throw corrupt(
      `${name} says that it is row ${String(value["sequence"])} after ${String(value["previous"])}, wanted row ${sequence} after ${previous}`,
      { row: sequence },
    );
  }
  return parseInput(ledgerRowSchema, value, { what: `${name} of the privacy ledger` });
}

/** Parses one line and checks its own hash, and that it is written as we write it. */
function checkedLine(
  line: string,
  { name, hash }: { readonly name: string; readonly hash: Hash },
): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw corrupt(`${name} is not JSON`, { name, cause: String(cause) });
  }
  if (typeof value !== "object" || value === null || canonicalJson(value) !== line) {
    throw corrupt(`${name} is not a canonical JSON object`, { name });
  }
  const { hash: stated, ...rest } = value as Record<string, unknown>;
  const actual = hashOfJson(rest, hash);
  if (stated !== actual) {
    throw corrupt(`${name} has hash ${actual}, its own field says ${String(stated)}`, { name });
  }
  return value as Record<string, unknown>;
}

function corrupt(reason: string, data: Readonly<Record<string, unknown>>): FedtuneError {
  return new FedtuneError("state-corrupt", `Cannot open the privacy ledger: ${reason}`, { data });
}
