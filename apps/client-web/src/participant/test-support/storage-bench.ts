/** A page whose stores a test uses from outside. */
import { runId, utf8 } from "@fedtune/core";
import type { ClientRecord } from "@fedtune/core";
import type { LedgerKey } from "@fedtune/dp";
import { browserClock } from "../platform/clock.ts";
import { browserHash } from "../platform/hash.ts";
import { openDatabase } from "../storage/database.ts";
import { openHolderStores } from "../storage/holder-stores.ts";
import type { HolderStores } from "../storage/holder-stores.ts";
import { identityAt } from "../storage/identity-store.ts";
import { recordFrom, recordText } from "./record-text.ts";

const place = { server: "http://127.0.0.1:1", run: runId("suite") };
const database = await openDatabase(() => undefined);
const stores = new Map<string, HolderStores>();

/** Every run of a test is a place of its own. */
async function storesOf(run: string): Promise<HolderStores> {
  const known = stores.get(run);
  if (known !== undefined) return known;
  const ports = { database, hash: browserHash, clock: browserClock, locks: navigator.locks };
  const opened = await openHolderStores(ports, { ...place, run: runId(run) });
  stores.set(run, opened);
  return opened;
}

/** Saves of one page in the order of their calls, whenever the stores of a run were opened. */
let before: Promise<unknown> = Promise.resolve();

function big(seed: number): ClientRecord {
  const values = new Float32Array(500_000).fill(seed);
  const bytes = utf8(String(seed).repeat(50_000));
  const pending = {
    ...{ round: seed, bytes, hash: browserHash.sha256(bytes), examples: seed, metrics: {} },
    ...{ nextPersonal: values.map((value) => value * 2), nextUnsent: null },
  };
  const held = { round: seed, rank: 2, values };
  return { run: place.run, held, personal: values.slice(0, 7), unsent: null, pending };
}

const bench = {
  open: async (run: string) => {
    await storesOf(run);
  },
  async load(run: string) {
    return recordText(await (await storesOf(run)).state.load(runId(run)));
  },
  save(text: string): Promise<void> {
    const record = recordFrom(text);
    if (record === null) throw new RangeError("Cannot save no record");
    const opening = before.then(() => storesOf(record.run));
    before = opening;
    return opening.then(({ state }) => state.save(record));
  },
  /** Saves big records until the page ends; counts those whose save resolved. */
  async saveFor(start: number): Promise<void> {
    const { state } = await storesOf("suite");
    for (let seed = start; ; seed += 1) {
      await state.save(big(seed));
      document.title = String(seed);
    }
  },
  /** The seed of the big record that is kept, or why it is none. */
  async seed(): Promise<number | string> {
    const record = await (await storesOf("suite")).state.load(place.run);
    if (record === null) return 0;
    const seed = record.held?.round ?? -1;
    return recordText(record) === recordText(big(seed)) ? seed : "a mixture";
  },
  async ledgerText(key: LedgerKey): Promise<string | null> {
    return (await storesOf("suite")).ledgers.open(key).load();
  },
  async ledgerTexts(): Promise<readonly string[]> {
    return (await storesOf("suite")).ledgers.all();
  },
  /** Appends in a turn of its own, while it takes part in a run; holds the turn for so long. */
  async append(
    key: LedgerKey,
    text: string,
    { ms = 0, run = "suite" }: { readonly ms?: number; readonly run?: string } = {},
  ): Promise<void> {
    const { ledgers } = await storesOf(run);
    await ledgers.exclusive(async () => {
      await new Promise((resolve) => setTimeout(resolve, ms));
      await ledgers.open(key).append(text);
    });
  },
  async failInTurn(): Promise<string> {
    const { ledgers } = await storesOf("suite");
    return ledgers
      .exclusive(() => Promise.reject(new Error("failed")))
      .then(
        () => "no error",
        (error: unknown) => String(error),
      );
  },
  async publicKey(): Promise<string> {
    return (await identityAt(database, place)).publicKey;
  },
  /** What a stored private key gives away. */
  async exported(): Promise<string> {
    const [keys] = await database.getAll("keys");
    if (keys === undefined) return "no key";
    return crypto.subtle.exportKey("pkcs8", keys.privateKey).then(
      () => "the key",
      (error: unknown) => (error instanceof Error ? error.name : "an error"),
    );
  },
  /** Milliseconds that hashing so many bytes takes, the best of five. */
  hashMs(bytes: number): number {
    const data = new Uint8Array(bytes);
    const times = Array.from({ length: 5 }, () => {
      const began = performance.now();
      browserHash.sha256(data);
      return performance.now() - began;
    });
    return Math.min(...times);
  },
};

/** What a test calls. */
export type StorageBench = typeof bench;
Reflect.set(globalThis, "bench", bench);
