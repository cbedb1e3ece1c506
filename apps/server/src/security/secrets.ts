/** Secrets that programs carry: 256 random bits, of which only the SHA-256 is kept. */
import { utf8 } from "@fedtune/core";
import type { Digest, Entropy, Hash } from "@fedtune/core";
import { timingSafeEqual } from "node:crypto";

/** A new secret: a prefix that says what it is for, then 256 random bits in base64url, 43 characters. */
export function newSecret(entropy: Entropy, prefix = ""): string {
  return prefix + Buffer.from(entropy.bytes(32)).toString("base64url");
}

/** What is kept of a secret. It needs no slow hash: nobody guesses 256 random bits. */
export function hashOfSecret(hash: Hash, secret: string): Digest {
  return hash.sha256(utf8(secret));
}

/** Whether two digests are equal, in a time that does not depend on where they differ. */
export function sameDigest(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one, "hex"), Buffer.from(other, "hex")];
  return a.length === b.length && a.length > 0 && timingSafeEqual(a, b);
}
