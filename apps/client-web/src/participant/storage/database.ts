/** The one IndexedDB database of these pages: every run, key, privacy record and copy of a file of this browser. */
import type { FedtuneError } from "@fedtune/core";
import { openDB } from "idb";
import type { DBSchema, IDBPDatabase } from "idb";
import { storageBlocked, storageError } from "./storage-error.ts";

/** Name of the database. */
const databaseName = "fedtune";
const VERSION = 1;

/** What is kept under which key. Values are checked where they are read. */
export interface ParticipantSchema extends DBSchema {
  /** By place: a client's record of its run, see `clientState`. */
  records: { key: string; value: unknown };
  /** By place: which opening of the record may write it. */
  claims: { key: string; value: number };
  /** By ledger and number of the piece: text of privacy ledgers, in pieces that are only ever added. */
  ledgers: { key: [string, number]; value: string };
  /** By place: a key pair whose private half cannot be read. */
  keys: { key: string; value: CryptoKeyPair };
  /** By place: invitation and position on the road. */
  memberships: { key: string; value: unknown };
  /** By place and number: what has happened in a run, for its list. */
  happenings: { key: [string, number]; value: unknown };
  /** By SHA-256 of the whole file and the use that is made of it: the rows and columns that training reads. */
  copies: { key: string; value: Blob };
  /** Under one key: what the holder has set. */
  settings: { key: string; value: unknown };
}

/** The open database. */
export type ParticipantDatabase = IDBPDatabase<ParticipantSchema>;

/** A store's name. */
export type StoreName =
  "records" | "claims" | "ledgers" | "keys" | "memberships" | "happenings" | "copies" | "settings";

/** All stores. */
export const storeNames: readonly StoreName[] = [
  ...(["records", "claims", "ledgers", "keys"] as const),
  ...(["memberships", "happenings", "copies", "settings"] as const),
];

/** How a store is written: the transaction is complete once it is on the disk. */
export const durably: IDBTransactionOptions = { durability: "strict" };

/**
 * Opens the database, made when it is not there; `lost` is called when the browser, or a tab with newer pages, closes it.
 *
 * @throws FedtuneError `storage-failed`, with `data.reason` as in `StorageReason`
 */
export function openDatabase(
  lost: (error: FedtuneError) => void,
  name: string = databaseName,
): Promise<ParticipantDatabase> {
  return new Promise((resolve, reject) => {
    const opening = openDB<ParticipantSchema>(name, VERSION, {
      upgrade(database) {
        for (const store of storeNames)
          if (!database.objectStoreNames.contains(store)) database.createObjectStore(store);
      },
      blocked() {
        reject(storageBlocked());
      },
      // A tab with newer pages waits for this one: what is under way here fails, and is gone on with after a reload.
      blocking(_current, _blocked, event) {
        (event.target as IDBDatabase).close();
        lost(storageBlocked());
      },
      terminated() {
        lost(storageError("go on with this browser's store", new Error("the browser closed it")));
      },
    });
    opening.then(resolve, (error: unknown) => {
      reject(storageError("open this browser's store", error));
    });
  });
}
