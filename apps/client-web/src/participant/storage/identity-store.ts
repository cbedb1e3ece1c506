/** This device's key in a run: an Ed25519 pair whose private half the browser signs with and never hands out. */
import { createIdentity, identityFrom } from "@fedtune/client";
import type { ClientIdentity, IdentityKeys } from "@fedtune/client";
import { clientId } from "@fedtune/core";
import type { ClientId } from "@fedtune/core";
import { durably } from "./database.ts";
import type { ParticipantDatabase } from "./database.ts";
import { placeKey } from "./place.ts";
import type { Place } from "./place.ts";
import { inStorage } from "./storage-error.ts";

/** WebCrypto's part as the client package names it. */
const subtle = {
  generateKey: async (algorithm: { readonly name: string }, ...rest: KeyRequest) =>
    crypto.subtle.generateKey(algorithm, ...rest) as Promise<CryptoKeyPair>,
  exportKey: (format: "raw", key: CryptoKey) => crypto.subtle.exportKey(format, key),
  sign: (algorithm: { readonly name: string }, key: CryptoKey, bytes: Uint8Array<ArrayBuffer>) =>
    crypto.subtle.sign(algorithm, key, bytes),
};
type KeyRequest = [extractable: boolean, usages: ("sign" | "verify")[]];

/**
 * The identity of a place; made when there is none. Runs do not share keys: nobody can tell from them that two devices of
 * two runs are one.
 *
 * @throws FedtuneError `backend-unavailable` in a browser without Ed25519, `storage-failed`
 */
export async function identityAt(
  database: ParticipantDatabase,
  place: Place,
): Promise<ClientIdentity> {
  const key = placeKey(place);
  const found = await inStorage("read this device's key", () => database.get("keys", key));
  return identityFrom<CryptoKey>(subtle, found ?? (await make(database, key)));
}

/** Of two tabs at the same moment one is first; both get its key. */
async function make(database: ParticipantDatabase, key: string): Promise<IdentityKeys<CryptoKey>> {
  const { keys } = await createIdentity<CryptoKey>(subtle);
  return inStorage("write this device's key", async () => {
    const change = database.transaction("keys", "readwrite", durably);
    const other = await change.store.get(key);
    if (other === undefined) await change.store.put(keys, key);
    await change.done;
    return other ?? keys;
  });
}

/** How this device is called in a run where its invitation gives it no name: by its key, which says nothing of its owner. */
export function nameOf({ publicKey }: Pick<ClientIdentity, "publicKey">): ClientId {
  return clientId(`tab-${publicKey.slice(0, 12)}`);
}
