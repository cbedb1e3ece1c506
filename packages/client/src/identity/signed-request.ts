/** Signing requests: each signature is for one request, once, for a short time. */
import { canonicalRequest, emptyBodyHash, signatureHeaders, socketHandshake } from "@fedtune/core";
import type { ClientId, Digest, Entropy, RequestClaim, RunId } from "@fedtune/core";
import { hex } from "./identity.ts";
import type { ClientIdentity } from "./identity.ts";

/** A request that is about to be sent. */
export interface SignableRequest {
  /** Upper case. */
  readonly method: string;
  /** Path and query exactly as they will be sent. */
  readonly path: string;
  /** Absent: there is no body. */
  readonly bodyHash?: Digest;
  readonly run: RunId;
  readonly client: ClientId;
}

/** What signing needs of the world. */
export interface SigningPorts {
  /** Wall clock: milliseconds since 1970. */
  readonly wallTime: () => number;
  readonly entropy: Entropy;
}

/** How long a signature may be used; a coordinator takes up to five minutes. */
const LIFE_MS = 60_000;

/** The headers that make a request this client's; made anew for every attempt, since each is taken once. */
export async function signedHeaders(
  identity: ClientIdentity,
  request: SignableRequest,
  ports: SigningPorts,
): Promise<Record<string, string>> {
  const claim = await claimOf(identity, request, ports);
  return {
    [signatureHeaders.run]: claim.run,
    [signatureHeaders.client]: claim.client,
    [signatureHeaders.nonce]: claim.nonce,
    [signatureHeaders.expires]: String(claim.expires),
    [signatureHeaders.signature]: claim.signature,
    ...(request.bodyHash === undefined ? {} : { [signatureHeaders.bodyHash]: request.bodyHash }),
  };
}

/** What a socket's handshake says in order to be this client's; made anew for every connection. */
export function signedHandshake(
  identity: ClientIdentity,
  who: { readonly run: RunId; readonly client: ClientId },
  ports: SigningPorts,
): Promise<RequestClaim> {
  return claimOf(identity, { ...socketHandshake, ...who }, ports);
}

async function claimOf(
  identity: ClientIdentity,
  request: SignableRequest,
  { wallTime, entropy }: SigningPorts,
): Promise<RequestClaim> {
  const { method, path, run, client, bodyHash = emptyBodyHash } = request;
  const nonce = hex(entropy.bytes(16));
  const expires = Math.floor(wallTime()) + LIFE_MS;
  const bytes = canonicalRequest({ method, path, bodyHash, run, client, nonce, expires });
  return { run, client, nonce, expires, signature: hex(await identity.sign(bytes)) };
}
