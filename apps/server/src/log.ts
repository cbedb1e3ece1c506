/** What the server logs: named fields only, never a body, a key or an adapter. */
import { asFedtuneError } from "@fedtune/core";
import type { ErrorCode } from "@fedtune/core";
import type { Logger } from "pino";

/** One helper per thing that happens; each decides which fields are written. */
export interface ServerLog {
  listening(at: { readonly host: string; readonly port: number }): void;
  closed(): void;
  connected(connection: string): void;
  disconnected(connection: string, run: string | null): void;
  dismissed(connection: string, code: ErrorCode): void;
  requested(request: {
    readonly method: string;
    readonly path: string;
    readonly status: number;
    readonly ms: number;
  }): void;
  refused(refusal: {
    readonly run: string;
    readonly client: string;
    readonly code: ErrorCode;
    readonly round: number | null;
  }): void;
  committed(commit: {
    readonly run: string;
    readonly round: number;
    readonly accepted: number;
    readonly seconds: number;
  }): void;
  abandoned(attempt: {
    readonly run: string;
    readonly round: number;
    readonly attempt: number;
    readonly code: ErrorCode;
  }): void;
  /** Something that should not happen; the only helper that writes a stack. */
  failed(what: string, error: unknown): void;
}

/** The helpers over a pino logger; null logs nothing. */
export function serverLog(logger: Logger | null): ServerLog {
  return {
    listening: ({ host, port }) => logger?.info({ host, port }, "listening"),
    closed: () => logger?.info("closed"),
    connected: (connection) => logger?.debug({ connection }, "connected"),
    disconnected: (connection, run) => logger?.debug({ connection, run }, "disconnected"),
    dismissed: (connection, code) => logger?.warn({ connection, code }, "connection dismissed"),
    requested: ({ method, path, status, ms }) =>
      logger?.debug({ method, path, status, ms: Math.round(ms) }, "request"),
    refused: ({ run, client, code, round }) =>
      logger?.warn({ run, client, code, round }, "update or client refused"),
    committed: ({ run, round, accepted, seconds }) =>
      logger?.info({ run, round, accepted, seconds }, "round committed"),
    abandoned: ({ run, round, attempt, code }) =>
      logger?.warn({ run, round, attempt, code }, "attempt abandoned"),
    failed(what, error) {
      const { code, message, stack } = asFedtuneError(error);
      logger?.error({ what, code, message, stack }, "failed");
    },
  };
}
