/** Keys of the bench's clients, which its coordinator knows without an enrolment: those are rate-limited by address. */
import type { ClientIdentity } from "@fedtune/client";
import { createHash, createPrivateKey, createPublicKey, sign } from "node:crypto";

/** PKCS #8 of an Ed25519 key up to its 32 secret bytes (RFC 8410, section 7). */
const PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");

/** The key of the client of that number: no secret, the same in every process. */
export function identityOf(k: number): ClientIdentity {
  const secret = createHash("sha256").update(`bench ${k}`).digest();
  const key = createPrivateKey({
    ...{ key: Buffer.concat([PREFIX, secret]), format: "der", type: "pkcs8" },
  });
  const raw = createPublicKey(key).export({ format: "jwk" }).x ?? "";
  return {
    publicKey: Buffer.from(raw, "base64url").toString("hex"),
    sign: (bytes) => Promise.resolve(new Uint8Array(sign(null, bytes, key))),
  };
}
