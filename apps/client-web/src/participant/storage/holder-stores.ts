/**
 * A client's record and its owner's privacy ledgers in one database, so that an update, what the client keeps if it is
 * accepted, and the ledger's row that says which bytes are released become durable in one transaction.
 *
 * The client loop writes that row first and the record at once after it. Here the row is held back, and the ledgers stay
 * closed to everybody else, until the record comes; a crash between the two leaves neither, and nothing was released. A
 * row whose record does not come is written by itself after some seconds.
 */
import { canonicalJson, FedtuneError } from "@fedtune/core";
import type { ClientState, Clock, Hash } from "@fedtune/core";
import type { Ledgers, LedgerStore } from "@fedtune/client";
import { durably } from "./database.ts";
import type { ParticipantDatabase } from "./database.ts";
import { placeKey } from "./place.ts";
import type { Place } from "./place.ts";
import { inStorage } from "./storage-error.ts";
import { fromStored, ownNumbersOf, toStored } from "./stored-record.ts";

/** How long a row waits for its record. */
const PATIENCE_MS = 10_000;

/** What the stores need of the browser. */
export interface HolderPorts {
  readonly database: ParticipantDatabase;
  readonly hash: Hash;
  readonly clock: Clock;
  readonly locks: LockManager;
}

/** What a client keeps while it takes part. */
export interface HolderStores {
  readonly state: ClientState;
  readonly ledgers: Ledgers;
}

/** A row of a ledger that waits for the record that it belongs to. */
interface HeldRow {
  readonly ledger: string;
  readonly text: string;
  /** The wait is over: it is written, or never will be. */
  end(): void;
}

interface Shared extends HolderPorts {
  readonly key: string;
  /** Which opening this is. */
  readonly claim: number;
  held: HeldRow | null;
}

/**
 * Opens what is kept of a place, for writing: whoever had it open before can write its record no more.
 *
 * @throws FedtuneError `storage-failed`; from `load`: `state-corrupt` for a damaged record, which is moved aside; from
 * `save` also `client-replaced` when it was opened again since
 */
export async function openHolderStores(ports: HolderPorts, place: Place): Promise<HolderStores> {
  const key = placeKey(place);
  const claim = await claimed(ports.database, key);
  const shared: Shared = { ...ports, key, claim, held: null };
  return { state: stateOf(shared), ledgers: ledgersOf(shared) };
}

function claimed(database: ParticipantDatabase, key: string): Promise<number> {
  return inStorage("open this device's place in the run", async () => {
    const change = database.transaction("claims", "readwrite", durably);
    const next = ((await change.store.get(key)) ?? 0) + 1;
    await change.store.put(next, key);
    await change.done;
    return next;
  });
}

function stateOf(shared: Shared): ClientState {
  const { database, hash, key } = shared;
  return {
    async load(run) {
      const value = await inStorage("read the client's record", () => database.get("records", key));
      if (value === undefined) return null;
      try {
        return fromStored(value, run, hash);
      } catch (error) {
        await inStorage("move a damaged record aside", () => moveAside(database, key, value));
        throw error;
      }
    },
    save(record) {
      const { held } = shared;
      shared.held = null;
      // Begun before anything is awaited: saves happen in the order of their calls.
      return inStorage("write the client's record", () =>
        write(shared, toStored(record), held),
      ).finally(() => held?.end());
    },
  };
}

/** How many numbers this device has learned at a place that it never sends. */
export async function readOwnNumbers(database: ParticipantDatabase, place: Place): Promise<number> {
  const value = await inStorage("read the client's record", () =>
    database.get("records", placeKey(place)),
  );
  return ownNumbersOf(value);
}

/** It is kept for whoever can read it, and the next start begins afresh. */
async function moveAside(database: ParticipantDatabase, key: string, value: unknown) {
  const change = database.transaction("records", "readwrite", durably);
  await change.store.put(value, `${key} corrupt`);
  await change.store.delete(key);
  await change.done;
}

async function write(
  { database, key, claim }: Shared,
  record: unknown,
  row: HeldRow | null,
): Promise<void> {
  const change = database.transaction(["records", "claims", "ledgers"], "readwrite", durably);
  const written = change.done;
  written.catch(() => undefined);
  if ((await change.objectStore("claims").get(key)) !== claim) {
    change.abort();
    throw new FedtuneError("client-replaced", "Cannot write: another tab has taken over");
  }
  await change.objectStore("records").put(record, key);
  if (row !== null) await addPiece(change.objectStore("ledgers"), row);
  await written;
}

function ledgersOf(shared: Shared): Ledgers {
  const { database, locks } = shared;
  return {
    open: (key) => ledgerOf(shared, canonicalJson(key)),
    all: () => readLedgers(database),
    exclusive: (work) =>
      new Promise((resolve, reject) => {
        const turn = locks.request(`${database.name} ledgers`, async () => {
          await work().then(resolve, reject);
          await rowSettled(shared);
        });
        turn.catch(reject);
      }),
  };
}

/** The text of a ledger by its name, the canonical JSON of its key; null before the first row. */
export async function readLedger(
  database: ParticipantDatabase,
  ledger: string,
): Promise<string | null> {
  const pieces = await inStorage("read the privacy record", () =>
    database.getAll("ledgers", piecesOf(ledger)),
  );
  return pieces.length === 0 ? null : pieces.join("");
}

/** The texts of all ledgers of this browser. */
export async function readLedgers(database: ParticipantDatabase): Promise<readonly string[]> {
  const texts = new Map<string, string>();
  await inStorage("read the privacy records", async () => {
    const reading = database.transaction("ledgers");
    for await (const { key, value } of reading.store)
      texts.set(key[0], (texts.get(key[0]) ?? "") + value);
  });
  return [...texts.values()];
}

function ledgerOf(shared: Shared, ledger: string): LedgerStore {
  const { database } = shared;
  return {
    load: () => readLedger(database, ledger),
    append(text) {
      if (isRelease(text)) {
        shared.held = { ledger, text, end: () => undefined };
        return Promise.resolve();
      }
      return writeRow(database, { ledger, text });
    },
  };
}

/** Rows that say which bytes are released wait for these bytes; what is charged is written before any work. */
function isRelease(text: string): boolean {
  const row: unknown = JSON.parse(text.trimEnd().split("\n").at(-1) ?? "");
  return typeof row === "object" && row !== null && "state" in row && row.state === "spent";
}

/** Keeps the ledgers closed until the row that waits, if any, is written. */
function rowSettled(shared: Shared): Promise<void> {
  const { held: row } = shared;
  if (row === null) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const cancel = shared.clock.after(PATIENCE_MS, () => {
      if (shared.held?.text !== row.text) return;
      shared.held = null;
      writeRow(shared.database, row).then(resolve, reject);
    });
    shared.held = {
      ...row,
      end() {
        cancel();
        resolve();
      },
    };
  });
}

type Piece = Pick<HeldRow, "ledger" | "text">;

function writeRow(database: ParticipantDatabase, row: Piece): Promise<void> {
  return inStorage("write the privacy record", async () => {
    const change = database.transaction("ledgers", "readwrite", durably);
    await addPiece(change.store, row);
    await change.done;
  });
}

interface PieceStore {
  openKeyCursor(
    range: IDBKeyRange,
    direction: "prev",
  ): Promise<{ readonly key: readonly [string, number] } | null>;
  add(value: string, key: [string, number]): Promise<unknown>;
}

async function addPiece(store: PieceStore, { ledger, text }: Piece): Promise<void> {
  const last = await store.openKeyCursor(piecesOf(ledger), "prev");
  await store.add(text, [ledger, (last?.key[1] ?? -1) + 1]);
}

function piecesOf(ledger: string): IDBKeyRange {
  return IDBKeyRange.bound([ledger, 0], [ledger, Infinity]);
}
