/** Simulations that were dropped here, kept in this browser alone. */
import { openDB } from "idb";
import type { DBSchema, IDBPDatabase } from "idb";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { utf8 } from "@fedtune/core";
import type { ReadSimulation, Simulation } from "./model/simulation.ts";

interface Schema extends DBSchema {
  simulations: { key: string; value: Simulation };
}

const DATABASE = "fedtune-simulations";

/** Where simulations are kept. */
export interface SimulationStore {
  /** The latest first. */
  list(): Promise<readonly Simulation[]>;
  /** Keeps some; one that is there already is only moved to the top. */
  add(found: readonly ReadSimulation[], nowMs: number): Promise<readonly Simulation[]>;
  remove(id: string): Promise<void>;
  /** Whether a reload finds them again. */
  readonly isLasting: boolean;
}

/** First digits of the hash of its content. */
function idOf({ name, rows, config }: ReadSimulation): string {
  return bytesToHex(sha256(utf8(JSON.stringify([name, rows, config])))).slice(0, 16);
}

const withIds = (found: readonly ReadSimulation[], nowMs: number): readonly Simulation[] =>
  found.map((one) => ({ ...one, id: idOf(one), addedAtMs: nowMs }));

const latestFirst = (list: readonly Simulation[]): readonly Simulation[] =>
  list.toSorted((a, b) => b.addedAtMs - a.addedAtMs);

function inDatabase(database: IDBPDatabase<Schema>): SimulationStore {
  return {
    isLasting: true,
    list: async () => latestFirst(await database.getAll("simulations")),
    async add(found, nowMs) {
      const made = withIds(found, nowMs);
      const transaction = database.transaction("simulations", "readwrite");
      await Promise.all([...made.map((one) => transaction.store.put(one)), transaction.done]);
      return made;
    },
    remove: (id) => database.delete("simulations", id),
  };
}

function inMemory(): SimulationStore {
  const held = new Map<string, Simulation>();
  return {
    isLasting: false,
    list: () => Promise.resolve(latestFirst([...held.values()])),
    add(found, nowMs) {
      const made = withIds(found, nowMs);
      for (const one of made) held.set(one.id, one);
      return Promise.resolve(made);
    },
    remove(id) {
      held.delete(id);
      return Promise.resolve();
    },
  };
}

/** Opens the store; where the browser keeps nothing, it lasts as long as the page. */
export async function openSimulations(): Promise<SimulationStore> {
  try {
    const database = await openDB<Schema>(DATABASE, 1, {
      upgrade(fresh) {
        fresh.createObjectStore("simulations", { keyPath: "id" });
      },
      // Another tab wants a newer form: this one lets go.
      blocking(_current, _blocked, event) {
        if (event.target instanceof IDBDatabase) event.target.close();
      },
    });
    return inDatabase(database);
  } catch {
    return inMemory();
  }
}
