/**
 * What a client signs: one request, by one client of one run, once, for a short time.
 *
 * The signed bytes are nine lines of printable ASCII, each ended by a line feed: the domain `fedtune-request-v1`, then
 * method, path with query, SHA-256 of the body, run, client, nonce and expiry, then `end`. No field can hold a line
 * feed, so two requests never share their bytes. The signature is Ed25519 (RFC 8032) over them.
 */
import { z } from "zod";
import { utf8 } from "../bytes.ts";
import { clientId, digest, digestPattern, idPattern, runId } from "../ids.ts";
import type { ClientId, Digest, RunId } from "../ids.ts";

/** Version and purpose, the first line that is signed: a signature for anything else never fits a request. */
const signatureDomain = "fedtune-request-v1";

/** SHA-256 of no bytes: what a request without a body signs. */
export const emptyBodyHash = digest(
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
);

/** How far ahead of the server's time an expiry may lie. */
export const maxRequestLifeMs = 300_000;

/** How far the clocks of client and server may be apart. */
export const clockSkewMs = 60_000;

/** The headers of a signed request; the body's hash travels in `bodyHash`, and is absent when there is no body. */
export const signatureHeaders = {
  run: "x-fedtune-run",
  client: "x-fedtune-client",
  nonce: "x-fedtune-nonce",
  expires: "x-fedtune-expires",
  signature: "x-fedtune-signature",
  bodyHash: "x-fedtune-hash",
} as const;

/** What a socket's handshake signs as its method and path; it has no body. */
export const socketHandshake = { method: "CONNECT", path: "/socket" } as const;

const methodPattern = /^[A-Z]{1,16}$/;
const pathPattern = /^\/[\x21-\x7e]{0,2047}$/;
const noncePattern = /^[0-9a-f]{32}$/;
const signaturePattern = /^[0-9a-f]{128}$/;
const publicKeyPattern = /^[0-9a-f]{64}$/;

/** A request as it is signed. */
export interface RequestToSign {
  /** Upper case. */
  readonly method: string;
  /** Path and query exactly as they are sent, in printable ASCII. */
  readonly path: string;
  /** {@link emptyBodyHash} for no body. */
  readonly bodyHash: Digest;
  readonly run: RunId;
  readonly client: ClientId;
  /** 128 random bits in lower-case hexadecimal. */
  readonly nonce: string;
  /** Milliseconds since 1970, by the client's wall clock. */
  readonly expires: number;
}

/** Who asks, for which run, until when, and the signature that says so. */
export interface RequestClaim extends Pick<RequestToSign, "run" | "client" | "nonce" | "expires"> {
  /** Ed25519, 64 bytes in lower-case hexadecimal. */
  readonly signature: string;
}

/**
 * The bytes that are signed; different requests have different bytes.
 *
 * @throws RangeError for a field of another form than {@link RequestToSign} says
 */
export function canonicalRequest(request: RequestToSign): Uint8Array {
  const { method, path, bodyHash, run, client, nonce, expires } = request;
  hold("method", method, methodPattern);
  hold("path", path, pathPattern);
  hold("nonce", nonce, noncePattern);
  if (!Number.isSafeInteger(expires) || expires < 0) {
    throw new RangeError(`Cannot sign expiry ${expires}: wanted milliseconds since 1970`);
  }
  const claimed = [digest(bodyHash), runId(run), clientId(client), nonce, String(expires)];
  return utf8([signatureDomain, method, path, ...claimed, "end", ""].join("\n"));
}

/** Whether a request with this method and path can have been signed at all. */
export function isSignable(method: string, path: string): boolean {
  return methodPattern.test(method) && pathPattern.test(path);
}

function hold(what: string, text: string, pattern: RegExp): void {
  if (pattern.test(text)) return;
  throw new RangeError(
    `Cannot sign ${what} ${JSON.stringify(text.slice(0, 80))}: wanted ${String(pattern)}`,
  );
}

const claimFields = {
  run: z
    .string()
    .regex(idPattern)
    .transform((text) => text as RunId),
  client: z
    .string()
    .regex(idPattern)
    .transform((text) => text as ClientId),
  nonce: z.string().regex(noncePattern),
  signature: z.string().regex(signaturePattern),
};

/** What the handshake of a socket carries. */
export const handshakeSchema: z.ZodType<RequestClaim> = z.strictObject({
  ...claimFields,
  expires: z.int().min(0),
});

/** The headers of a signed request, by their names; other headers are left out. */
export const signedHeadersSchema = z.object({
  [signatureHeaders.run]: claimFields.run,
  [signatureHeaders.client]: claimFields.client,
  [signatureHeaders.nonce]: claimFields.nonce,
  [signatureHeaders.signature]: claimFields.signature,
  [signatureHeaders.expires]: z
    .string()
    .regex(/^(0|[1-9]\d{0,14})$/)
    .transform(Number),
  [signatureHeaders.bodyHash]: z
    .string()
    .regex(digestPattern)
    .transform((text) => text as Digest)
    .default(emptyBodyHash),
});

/** A raw Ed25519 public key: 32 bytes in lower-case hexadecimal. */
export const publicKeySchema = z.string().regex(publicKeyPattern);
