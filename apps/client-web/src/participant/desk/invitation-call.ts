/** Asking a coordinator what an invitation is for. */
import { createApiClient } from "@fedtune/api";
import type { Fetch } from "@fedtune/api";
import { signedHeaders } from "@fedtune/client";
import type { Signer } from "@fedtune/client";
import { utf8 } from "@fedtune/core";
import type { Invitation } from "../invitation.ts";
import type { Place } from "../storage/place.ts";
import type { DeskPorts } from "./desk-ports.ts";

/** Longest wait for an answer. */
const PATIENCE_MS = 20_000;

/** By which right one asks: with a token, without any where a run is open, or as a client that is in it. */
export type Right =
  | { readonly kind: "token"; readonly token: string | null }
  | { readonly kind: "client"; readonly signer: Signer };

/** What the coordinator said, and how far this device's clock is behind its. */
export interface InvitationAnswer {
  readonly invitation: Invitation;
  readonly clockOffsetMs: number;
}

/**
 * Asks; takes no use of a token.
 *
 * @throws FedtuneError what the coordinator answered, `transport-closed` and `timeout` when it cannot be reached
 */
export async function askInvitation(
  ports: Pick<DeskPorts, "fetch" | "clock" | "hash" | "wallTime">,
  { server, run }: Place,
  right: Right,
): Promise<InvitationAnswer> {
  const { clock, wallTime } = ports;
  const api = createApiClient({
    ...{ url: server, clock, timeoutMs: PATIENCE_MS, headers: () => ({}) },
    fetch: right.kind === "token" ? ports.fetch : signingFetch(ports, right.signer),
  });
  const began = wallTime();
  const token = right.kind === "token" ? right.token : null;
  const answer = await api.openInvitation({ params: { run }, body: { token } });
  const middle = (began + wallTime()) / 2;
  const clockOffsetMs = Math.round(Date.parse(answer.now) - middle);
  return { invitation: { ...answer, server }, clockOffsetMs };
}

/** A client shows who it is by its signature over the very bytes that it sends. */
function signingFetch({ fetch, hash }: Pick<DeskPorts, "fetch" | "hash">, signer: Signer): Fetch {
  const { identity, run, client, ports } = signer;
  return async (url, request) => {
    const { pathname } = new URL(url);
    const bodyHash = hash.sha256(utf8(request.body ?? ""));
    const { method } = request;
    const headers = await signedHeaders(
      identity,
      { method, path: pathname, bodyHash, run, client },
      ports,
    );
    return fetch(url, { ...request, headers: { ...request.headers, ...headers } });
  };
}
