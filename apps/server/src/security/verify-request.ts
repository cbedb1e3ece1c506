/**
 * Takes a client's request only when the client signed it: this method, address and body, once, in time.
 *
 * The signature is over the body's announced hash, so that a request can be refused before a byte of its body is read;
 * whoever reads the body holds it to that hash with {@link checkBody}.
 */
import {
  canonicalRequest,
  clockSkewMs,
  FedtuneError,
  handshakeSchema,
  isSignable,
  maxRequestLifeMs,
  signatureHeaders,
  signedHeadersSchema,
  socketHandshake,
  emptyBodyHash,
} from "@fedtune/core";
import type { ClientId, Digest, Hash, RequestClaim, RunId } from "@fedtune/core";
import { createPublicKey, verify } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { ClientKeys } from "./client-keys.ts";
import type { Nonces } from "./nonces.ts";
import { sameDigest } from "./secrets.ts";

/** A request as it came. */
export interface RequestFacts {
  readonly method: string;
  /** Path and query as they stand in the request line: `originalUrl` in Express. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

/** Who signed a request, and for which body. */
export interface SignedBy {
  readonly run: RunId;
  readonly client: ClientId;
  readonly bodyHash: Digest;
}

/** Takes signed requests. */
export interface RequestVerifier {
  /**
   * Takes a request.
   *
   * @throws FedtuneError `unauthenticated` without a signature; `credential-expired` when its expiry is past or too far
   * ahead; `signature-invalid` for a signature that no key enrolled under this name has made, the same whether there is
   * such a client or not; `credential-revoked` for a revoked client's; `request-replayed` for a request that was taken
   */
  request(facts: RequestFacts): Promise<SignedBy>;
  /** Takes what a socket's handshake carries in `auth`. @throws FedtuneError as for requests */
  handshake(auth: unknown): Promise<SignedBy>;
}

interface VerifierPorts {
  readonly now: () => Date;
  readonly keys: Pick<ClientKeys, "find">;
  readonly nonces: Pick<Nonces, "use">;
}

interface Claimed {
  readonly method: string;
  readonly path: string;
  readonly bodyHash: Digest;
  readonly claim: RequestClaim;
}

/** Checked in the place of a key that does not exist, so that the time tells nothing: RFC 8032's first test key. */
const nobodysKey = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

/** Makes the verifier. */
export function requestVerifier(ports: VerifierPorts): RequestVerifier {
  return {
    request: (facts) => take(ports, () => claimedBy(facts)),
    handshake: (auth) =>
      take(ports, () => ({ ...socketHandshake, bodyHash: emptyBodyHash, claim: claimOf(auth) })),
  };
}

/**
 * Holds a body to the hash that was signed.
 *
 * @throws FedtuneError `signature-invalid`
 */
export function checkBody(hash: Hash, bytes: Uint8Array, signed: Pick<SignedBy, "bodyHash">): void {
  if (sameDigest(hash.sha256(bytes), signed.bodyHash)) return;
  throw new FedtuneError("signature-invalid", "Cannot take the request: another body was signed");
}

/** What a signer asks for; the client too where an address names one. */
export interface Asked {
  readonly run: RunId;
  readonly client?: ClientId;
}

/**
 * Holds a signer to its own: a client speaks for itself, in the run that it enrolled in.
 *
 * @throws FedtuneError `forbidden`
 */
export function holdToOwn(signed: Pick<SignedBy, "run" | "client">, asked: Asked): void {
  if (asked.run === signed.run && (asked.client ?? signed.client) === signed.client) return;
  const who = `client "${signed.client}" of run "${signed.run}"`;
  const whose = asked.client === undefined ? "" : `client "${asked.client}" of `;
  throw new FedtuneError("forbidden", `Cannot do this for ${whose}run "${asked.run}" as ${who}`);
}

async function take(ports: VerifierPorts, read: () => Claimed): Promise<SignedBy> {
  const { method, path, bodyHash, claim } = read();
  const { run, client, nonce, expires, signature } = claim;
  holdToTime(ports.now().getTime(), expires);
  const key = await ports.keys.find(run, client);
  const bytes = canonicalRequest({ method, path, bodyHash, run, client, nonce, expires });
  const isSigned = isSignedBy(key?.publicKey ?? nobodysKey, bytes, signature);
  if (key === null || !isSigned) {
    const message = `Cannot take the request: it is not signed with a key that client "${client}" has in run "${run}"; enrol first`;
    throw new FedtuneError("signature-invalid", message, { data: { run, client } });
  }
  if (key.revokedAt !== null) {
    const message = `Cannot take the request: client "${client}" of run "${run}" was revoked`;
    throw new FedtuneError("credential-revoked", message, { data: { run, client } });
  }
  if (!(await ports.nonces.use({ run, client, nonce, expires }))) {
    throw new FedtuneError("request-replayed", "Cannot take the request: it was taken before");
  }
  return { run, client, bodyHash };
}

function claimedBy({ method, path, headers }: RequestFacts): Claimed {
  if (!isSignable(method, path)) {
    throw new FedtuneError(
      "signature-invalid",
      "Cannot take the request: nobody can have signed its address",
    );
  }
  const { bodyHash: _, ...own } = signatureHeaders;
  if (Object.values(own).every((name) => headers[name] === undefined)) {
    throw new FedtuneError(
      "unauthenticated",
      `Cannot take the request: wanted headers ${Object.values(own).join(", ")}`,
    );
  }
  const parsed = signedHeadersSchema.safeParse(headers);
  if (!parsed.success) throw malformed(parsed.error.issues);
  const { data } = parsed;
  const claim: RequestClaim = {
    run: data[signatureHeaders.run],
    client: data[signatureHeaders.client],
    nonce: data[signatureHeaders.nonce],
    expires: data[signatureHeaders.expires],
    signature: data[signatureHeaders.signature],
  };
  return { method, path, bodyHash: data[signatureHeaders.bodyHash], claim };
}

function claimOf(auth: unknown): RequestClaim {
  if (typeof auth !== "object" || auth === null || Object.keys(auth).length === 0) {
    throw new FedtuneError(
      "unauthenticated",
      "Cannot take the connection: wanted a signed handshake; ask the operator for a join link",
    );
  }
  const parsed = handshakeSchema.safeParse(auth);
  if (!parsed.success) throw malformed(parsed.error.issues);
  return parsed.data;
}

/** Names the fields that are wrong; values are nobody's business. */
function malformed(issues: readonly { readonly path: readonly PropertyKey[] }[]): FedtuneError {
  const fields = [...new Set(issues.map(({ path }) => path.map(String).join(".") || "(top)"))];
  const message = `Cannot read the signature: ${fields.join(", ")} has not the form that was wanted`;
  return new FedtuneError("signature-invalid", message, { data: { fields } });
}

function holdToTime(now: number, expires: number): void {
  const aheadMs = expires - now;
  if (aheadMs >= -clockSkewMs && aheadMs <= maxRequestLifeMs + clockSkewMs) return;
  const wanted = `at most ${maxRequestLifeMs} ms ahead of ${new Date(now).toISOString()}`;
  const message = `Cannot take the request: its expiry is ${aheadMs} ms ahead, wanted ${wanted}; is the clock right?`;
  throw new FedtuneError("credential-expired", message, { data: { now, expires } });
}

function isSignedBy(publicKey: string, bytes: Uint8Array, signature: string): boolean {
  const x = Buffer.from(publicKey, "hex").toString("base64url");
  const key = createPublicKey({ format: "jwk", key: { kty: "OKP", crv: "Ed25519", x } });
  return verify(null, bytes, key, Buffer.from(signature, "hex"));
}
