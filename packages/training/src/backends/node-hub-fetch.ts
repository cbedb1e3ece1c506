/** A fetch that says in our words what went wrong, and that does not wait for ever. */
import { FedtuneError, isFedtuneError } from "@fedtune/core";
import type { ErrorCode } from "@fedtune/core";
import type { HubSettings } from "./node-hub-settings.ts";

/** What is asked for, and for how long. */
export interface HubAsk {
  /** The model as messages name it. */
  readonly model: string;
  readonly settings: HubSettings;
  readonly signal: AbortSignal;
}

/** A fetch for one conversation. */
export interface PatientFetch {
  readonly fetch: typeof fetch;
  /** What went wrong, in our words; the library between may have made a bare text of it. */
  readonly explain: (error: unknown) => FedtuneError;
}

/** Any silence longer than the settings allow ends the conversation, before the answer or within its body. */
export function patientFetch(ask: HubAsk): PatientFetch {
  const { settings, signal } = ask;
  let failure: FedtuneError | null = null;
  const explain = (error: unknown): FedtuneError => {
    failure ??= isFedtuneError(error) ? error : unreachable(ask, error);
    return failure;
  };
  const answered: typeof fetch = async (address, options) => {
    const silence = new AbortController();
    const isHeard = (): NodeJS.Timeout =>
      setTimeout(() => {
        failure ??= silent(ask);
        silence.abort(failure);
      }, settings.timeoutMs).unref();
    let timer = isHeard();
    const heard = (): void => {
      clearTimeout(timer);
      timer = isHeard();
    };
    try {
      const both = AbortSignal.any([signal, silence.signal]);
      const headers = withToken(new Headers(options?.headers), address, settings);
      const response = await fetch(address, { ...options, headers, signal: both });
      if (!response.ok) throw refused(ask, response.status);
      return watched(response, heard, () => clearTimeout(timer));
    } catch (error) {
      clearTimeout(timer);
      throw explain(signal.aborted ? cancelled(ask) : error);
    }
  };
  return { fetch: answered, explain: (error) => explain(signal.aborted ? cancelled(ask) : error) };
}

/** The hub alone learns who asks: not the places that it sends on to. */
function withToken(
  headers: Headers,
  address: Parameters<typeof fetch>[0],
  { endpoint, token }: HubSettings,
): Headers {
  const { origin } = new URL(address instanceof Request ? address.url : address);
  if (token !== null && origin === new URL(endpoint).origin)
    headers.set("authorization", `Bearer ${token}`);
  return headers;
}

/** The same answer; each part of its body is noticed. */
function watched(response: Response, heard: () => void, ended: () => void): Response {
  if (response.body === null) {
    ended();
    return response;
  }
  const body = response.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(part, controller) {
        heard();
        controller.enqueue(part);
      },
      flush: ended,
    }),
  );
  const { status, statusText, headers } = response;
  return new Response(body, { status, statusText, headers });
}

const refusals: Readonly<Record<number, readonly [ErrorCode, string]>> = {
  401: ["unauthenticated", "it may be private, gated or not there; HF_TOKEN says who asks"],
  403: ["forbidden", "its conditions must be accepted on its page, by the owner of HF_TOKEN"],
  404: ["model-invalid", "there is no such repository, revision or file"],
  429: ["rate-limited", "too much was asked; try again later"],
};

function refused(ask: HubAsk, status: number): FedtuneError {
  const [code, why] = refusals[status] ?? ["transport-closed" as const, "try again later"];
  return hubError(ask, code, { reason: "hub-refused", status, why: `answered ${status}: ${why}` });
}

const offlineHint = "HF_ENDPOINT names another hub, HF_HUB_OFFLINE=1 uses what is cached";

function silent(ask: HubAsk): FedtuneError {
  const seconds = ask.settings.timeoutMs / 1000;
  const why = `was silent for ${seconds} s; ${offlineHint}`;
  return hubError(ask, "timeout", { reason: "hub-silent", why });
}

function unreachable(ask: HubAsk, cause: unknown): FedtuneError {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const text = inner instanceof Error ? inner.message : String(inner);
  const why = `cannot be reached (${text}); ${offlineHint}`;
  return hubError(ask, "transport-closed", { reason: "hub-unreachable", why, cause });
}

function cancelled(ask: HubAsk): FedtuneError {
  const { reason } = ask.signal as { readonly reason: unknown };
  if (isFedtuneError(reason)) return reason;
  return new FedtuneError("cancelled", `Stopped loading base model "${ask.model}"`);
}

interface HubFailure {
  readonly reason: string;
  readonly why: string;
  readonly status?: number;
  readonly cause?: unknown;
}

function hubError(
  { model, settings: { endpoint } }: HubAsk,
  code: ErrorCode,
  { reason, why, status, cause }: HubFailure,
): FedtuneError {
  return new FedtuneError(code, `Cannot load base model "${model}": ${endpoint} ${why}`, {
    data: { model, endpoint, reason, ...(status === undefined ? {} : { status }) },
    cause,
  });
}
