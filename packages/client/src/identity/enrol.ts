/** Enrolment: a client hands its public key to a coordinator, with the token that lets it in. */
import { errorCodes, FedtuneError } from "@fedtune/core";
import type { ClientId, RunId } from "@fedtune/core";
import { z } from "zod";
import type { ClientIdentity } from "./identity.ts";

/** The part of the platform's `fetch` that is used. */
export type PostFetch = (
  url: string,
  request: {
    readonly method: "POST";
    readonly headers: Record<string, string>;
    readonly body: string;
    readonly redirect: "error";
    readonly signal: AbortSignal;
  },
) => Promise<{ readonly ok: boolean; readonly status: number; text(): Promise<string> }>;

/** Who enrols where. */
export interface Enrolment {
  readonly fetch: PostFetch;
  /** Origin of the coordinator, without a trailing slash. */
  readonly url: string;
  readonly run: RunId;
  readonly client: ClientId;
  /** Null: the run is open to anybody. */
  readonly token: string | null;
  readonly identity: ClientIdentity;
  /** Bounds the wait. */
  readonly signal: AbortSignal;
}

const errorBody = z.object({
  code: z.enum(errorCodes),
  message: z.string().max(10_000),
  data: z.record(z.string(), z.unknown()).default({}),
});

/**
 * Registers the identity's key for a client of a run; doing it again with the same key changes nothing.
 *
 * @throws FedtuneError what the coordinator answered: `unauthenticated`, `forbidden`, `credential-expired`,
 * `credential-revoked`, `run-unknown`, `rate-limited`; `transport-closed` when it cannot be reached
 */
export async function enrol(enrolment: Enrolment): Promise<void> {
  const { fetch, url, run, client, token, identity, signal } = enrolment;
  const body = JSON.stringify({ client, publicKey: identity.publicKey, token });
  const response = await fetch(`${url}/api/v1/runs/${run}/enrolments`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
    redirect: "error",
    signal,
  }).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FedtuneError("transport-closed", `Cannot reach ${url}: ${reason}`, { cause });
  });
  if (!response.ok) throw refusalOf(response.status, await response.text().catch(() => ""));
}

/** The coordinator's refusal as it was thrown there; a proxy's by its status. */
function refusalOf(status: number, text: string): FedtuneError {
  const parsed = errorBody.safeParse(jsonOf(text));
  if (parsed.success) {
    const { code, message, data } = parsed.data;
    return new FedtuneError(code, message, { data });
  }
  const code = status >= 500 ? "transport-closed" : "internal";
  return new FedtuneError(code, `Cannot enrol: the address answered with status ${status}`);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
