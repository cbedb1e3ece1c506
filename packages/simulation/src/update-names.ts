/**
 * Names of updates that nobody outside of the process sees, in place of their hashes: SHA-256 is the dearest pass over an
 * update's bytes.
 *
 * A name is a number in the form of a hash. What leaves the run has the hash: of the updates, that is those that were
 * refused, in the run's history. They alone are hashed, when they are asked for or before their memory is given out again.
 */
import { checkUpdate, digest } from "@fedtune/core";
import type { Blobs, Digest, Hash, Offload, Store } from "@fedtune/core";

/** The names of one run's updates. */
export interface UpdateNames {
  /** Names an update of this norm: as the same bytes of this client are already named, if they are, or by a new name. */
  name(client: string, update: { readonly bytes: Uint8Array; readonly norm: number }): Digest;
  /** The norm with which these bytes were named; null: they were not. */
  normOf(bytes: Uint8Array): number | null;
  /** The bytes are about to be overwritten. */
  forget(bytes: Uint8Array): void;
  /** The update was taken: nobody will ask for its hash. */
  taken(name: Digest): void;
  /** The hash behind a name, and any other hash as it is. @throws RangeError when the update was taken and its bytes are gone */
  hashOf(name: Digest): Digest;
}

/** One update, which its client may have made more than once. */
interface Named {
  readonly name: Digest;
  readonly norm: number;
  readonly client: string;
  /** Memory that has its bytes. */
  readonly holders: Set<Uint8Array>;
  isTaken: boolean;
}

/** Makes names that come after one another. */
export function updateNames(hash: Hash): UpdateNames {
  const byBytes = new Map<Uint8Array, Named>();
  const byName = new Map<Digest, Named>();
  const byClient = new Map<string, Named[]>();
  const hashes = new Map<Digest, Digest>();
  let count = 0;
  const hashed = ({ name, holders: [bytes] }: Named): void => {
    if (bytes !== undefined && !hashes.has(name)) hashes.set(name, hash.sha256(bytes));
  };
  return {
    name(client, update) {
      const own = byClient.get(client) ?? [];
      let named = own.find((other) => isSame(other, update));
      if (named === undefined) {
        named = newName(count++, { client, norm: update.norm });
        if (own.push(named) === 1) byClient.set(client, own);
        byName.set(named.name, named);
      }
      named.holders.add(update.bytes);
      byBytes.set(update.bytes, named);
      return named.name;
    },
    normOf: (bytes) => byBytes.get(bytes)?.norm ?? null,
    forget(bytes) {
      const named = byBytes.get(bytes);
      if (named === undefined) return;
      const { name, client, holders, isTaken } = named;
      if (holders.size === 1) {
        if (!isTaken) hashed(named);
        byName.delete(name);
        const own = byClient.get(client) ?? [];
        own.splice(own.indexOf(named), 1);
      }
      holders.delete(bytes);
      byBytes.delete(bytes);
    },
    taken(name) {
      const named = byName.get(name);
      if (named !== undefined) named.isTaken = true;
    },
    hashOf(name) {
      const named = byName.get(name);
      if (named !== undefined) hashed(named);
      const known = hashes.get(name);
      if (known === undefined && isName(name))
        throw new RangeError(`Cannot hash update ${name}: it was taken, and its bytes are gone`);
      return known ?? name;
    },
  };
}

/** No hash begins so; 13 hexadecimal digits are enough for 2^52 names. */
const prefix = "0".repeat(51);

function newName(count: number, of: Pick<Named, "client" | "norm">): Named {
  const name = digest(prefix + count.toString(16).padStart(13, "0"));
  return { ...of, name, holders: new Set(), isTaken: false };
}

function isName(hash: Digest): boolean {
  return hash.startsWith(prefix);
}

/** Whether an update is the named one, byte by byte; most are told apart by their norms. */
function isSame(
  { norm, holders: [held] }: Named,
  update: { readonly bytes: Uint8Array; readonly norm: number },
): boolean {
  return norm === update.norm && held !== undefined && hasSameBytes(held, update.bytes);
}

function hasSameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  const [words, others] = [wordsOf(a), wordsOf(b)];
  for (let i = 0; i < words.length; i++) if (words[i] !== others[i]) return false;
  for (let i = 4 * words.length; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** The whole 32-bit words of an update, which begins at a multiple of 16 of its buffer. */
function wordsOf({ buffer, byteOffset, length }: Uint8Array): Int32Array {
  return new Int32Array(buffer, byteOffset, length >> 2);
}

/** The same store; it is told hashes where rows leave the run, and tells which updates were taken. */
export function namedStore(store: Store, names: UpdateNames): Store {
  return {
    ...store,
    async putUpdate(run, epoch, update) {
      const outcome = await store.putUpdate(run, epoch, update);
      if (outcome === "stored") names.taken(update.blob.hash);
      return outcome;
    },
    putRefusal(run, epoch, row) {
      const { hash } = row;
      return store.putRefusal(run, epoch, { ...row, hash: hash && names.hashOf(hash) });
    },
  };
}

/** Checks an update without reading its values again where they were named with their norm. */
export function namedCheck(blobs: Pick<Blobs, "get">, names: UpdateNames): Offload["check"] {
  return async (hash, expected) => {
    const bytes = await blobs.get(hash);
    const { norm } = checkUpdate(bytes, expected, names.normOf(bytes));
    return { norm, bytes: bytes.length };
  };
}
