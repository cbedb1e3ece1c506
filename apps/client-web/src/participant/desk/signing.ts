/** This device in a run: its name, its key, and requests signed with it. */
import { enrol, signedHeaders } from "@fedtune/client";
import type { ClientIdentity, SignableRequest, Signer } from "@fedtune/client";
import { FedtuneError, utf8 } from "@fedtune/core";
import type { ClientId } from "@fedtune/core";
import { identityAt, nameOf } from "../storage/identity-store.ts";
import { changeMembership, membershipOf, roadOf, storeOf, tell } from "./desk.ts";
import type { Desk } from "./desk.ts";

/** Longest wait for an enrolment. */
const ENROL_MS = 30_000;
/** A clock that is off by less signs by itself: the coordinator takes a minute. */
const TOLERATED_MS = 30_000;

/** The wall clock that requests are signed by. */
function signingTime(desk: Desk): number {
  const offset = desk.road?.clockOffsetMs ?? 0;
  return desk.ports.wallTime() + (Math.abs(offset) > TOLERATED_MS ? offset : 0);
}

/** Who this device is in the run that is shown; its key is made at the first call. */
export async function signerOf(desk: Desk): Promise<Signer> {
  const { place } = roadOf(desk);
  const identity = await identityAt(storeOf(desk), place);
  const client: ClientId = membershipOf(desk).client ?? nameOf(identity);
  const ports = { wallTime: () => signingTime(desk), entropy: desk.ports.entropy };
  return { identity, run: place.run, client, ports };
}

/** Headers that make a request this device's. */
export async function signed(
  desk: Desk,
  request: Pick<SignableRequest, "method" | "path" | "bodyHash">,
): Promise<Record<string, string>> {
  const { identity, run, client, ports } = await signerOf(desk);
  return signedHeaders(identity, { ...request, run, client }, ports);
}

/**
 * Makes this device's key known to the coordinator, once: nothing but the public key and a name made from it is sent.
 *
 * @throws FedtuneError what the coordinator answered, see `enrol`; the token is kept until it is used
 */
export async function enrolOnce(desk: Desk, signal: AbortSignal): Promise<void> {
  const { isEnrolled, token } = membershipOf(desk);
  if (isEnrolled) return;
  const { server: url, run } = roadOf(desk).place;
  const { identity, client } = await signerOf(desk);
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(ENROL_MS)]);
  const began = desk.ports.wallTime();
  await enrol({
    ...{ fetch: desk.ports.fetch, url, run, client, token, identity, signal: bounded },
  }).catch((error: unknown) => {
    throw signal.aborted ? new FedtuneError("cancelled", "Enrolling was called off") : error;
  });
  await changeMembership(desk, { isEnrolled: true, client, token: null });
  tellEnrolment(desk, { identity, client, token, began });
}

function tellEnrolment(
  desk: Desk,
  sent: {
    readonly identity: ClientIdentity;
    readonly client: ClientId;
    readonly token: string | null;
    readonly began: number;
  },
): void {
  const { identity, client, token, began } = sent;
  const at = desk.ports.wallTime();
  const bytes = utf8(JSON.stringify({ client, publicKey: identity.publicKey, token })).length;
  const facts = { direction: "up", what: "enrolment", round: null, isComplete: true } as const;
  tell(desk, {
    type: "transfer",
    transfer: { ...facts, at, bytes, seconds: (at - began) / 1000 },
  });
}
