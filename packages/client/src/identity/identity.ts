/** A client's identity: an Ed25519 key that signs its requests and never leaves the platform's keeping. */
import { FedtuneError } from "@fedtune/core";

/** Who a client is: a public key, and the power to sign with the private one. */
export interface ClientIdentity {
  /** Raw Ed25519 public key, 32 bytes in lower-case hexadecimal. */
  readonly publicKey: string;
  /** Ed25519 (RFC 8032) over the bytes; 64 bytes. */
  sign(bytes: Uint8Array): Promise<Uint8Array>;
}

/** A key pair of the platform; in a browser it can be kept in IndexedDB as it is. */
export interface IdentityKeys<Key> {
  readonly publicKey: Key;
  readonly privateKey: Key;
}

/** The part of WebCrypto's `crypto.subtle` that is used; Node's (20.19 and later) and Chromium's (137 and later) fit. */
export interface SubtleLike<Key> {
  generateKey(
    algorithm: { readonly name: string },
    extractable: boolean,
    usages: ("sign" | "verify")[],
  ): Promise<Key | IdentityKeys<Key>>;
  exportKey(format: "raw", key: Key): Promise<ArrayBuffer>;
  sign(
    algorithm: { readonly name: string },
    key: Key,
    bytes: Uint8Array<ArrayBuffer>,
  ): Promise<ArrayBuffer>;
}

const ed25519 = { name: "Ed25519" };

/**
 * Makes a new key whose private half cannot be exported; its keys are for the caller to keep.
 *
 * @throws FedtuneError `backend-unavailable` on a platform without Ed25519
 */
export async function createIdentity<Key extends object>(
  subtle: SubtleLike<Key>,
): Promise<{ readonly identity: ClientIdentity; readonly keys: IdentityKeys<Key> }> {
  const keys = await subtle
    .generateKey(ed25519, false, ["sign", "verify"])
    .catch((cause: unknown) => {
      const message =
        "Cannot make a key: this platform has no Ed25519, wanted Chromium 137 or Node 20.19, or later";
      throw new FedtuneError("backend-unavailable", message, { cause });
    });
  if (!("privateKey" in keys)) {
    throw new TypeError("Cannot make an identity: the platform gave one key, wanted a pair");
  }
  return { identity: await identityFrom(subtle, keys), keys };
}

/** The identity of keys that {@link createIdentity} made, now or on an earlier visit. */
export async function identityFrom<Key extends object>(
  subtle: SubtleLike<Key>,
  keys: IdentityKeys<Key>,
): Promise<ClientIdentity> {
  const publicKey = hex(new Uint8Array(await subtle.exportKey("raw", keys.publicKey)));
  return {
    publicKey,
    async sign(bytes) {
      const copy = Uint8Array.from(bytes);
      return new Uint8Array(await subtle.sign(ed25519, keys.privateKey, copy));
    },
  };
}

/** Bytes in lower-case hexadecimal. */
export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
