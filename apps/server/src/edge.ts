/** Where errors leave the server: codes become HTTP statuses, everything unexpected becomes `internal` without detail. */
import { FedtuneError, isFedtuneError } from "@fedtune/core";
import type { ErrorCode } from "@fedtune/core";
import type { ErrorRequestHandler, Request, Response } from "express";
import type { ServerLog } from "./log.ts";

const statuses: Readonly<Partial<Record<ErrorCode, number>>> = {
  "config-invalid": 400,
  "message-invalid": 400,
  "codec-invalid": 400,
  usage: 400,
  "norm-exceeded": 400,
  "unknown-client": 401,
  unauthenticated: 401,
  "credential-expired": 401,
  "credential-revoked": 401,
  "signature-invalid": 401,
  "request-replayed": 409,
  forbidden: 403,
  "origin-refused": 403,
  "not-selected": 403,
  "run-unknown": 404,
  "blob-missing": 404,
  timeout: 408,
  "config-conflict": 409,
  "update-conflict": 409,
  "wrong-round": 409,
  "late-update": 409,
  "update-too-large": 413,
  "blob-corrupt": 422,
  "protocol-version": 426,
  "rate-limited": 429,
  "transport-closed": 503,
  draining: 503,
  "storage-failed": 507,
};

/** How long the rest of a refused body is read and thrown away, so that the client gets to see the answer. */
const LINGER_MS = 1_000;

/** The HTTP status of an error code; 500 for codes that no request should meet. */
function statusOf(code: ErrorCode): number {
  return statuses[code] ?? 500;
}

/** Answers every error as `{ code, message, data }`. */
export function errorHandler(log: ServerLog): ErrorRequestHandler {
  // eslint-disable-next-line max-params -- Express knows an error handler by its four parameters
  return (error: unknown, request: Request, response: Response, _next: unknown) => {
    const known = asKnown(error, log);
    lingerOver(request);
    if (response.headersSent || request.socket.destroyed) {
      response.destroy();
      return;
    }
    const { code, message, data } = known;
    response.status(statusOf(code)).set("Cache-Control", "no-store").json({ code, message, data });
  };
}

function asKnown(error: unknown, log: ServerLog): FedtuneError {
  if (isFedtuneError(error) && error.code !== "internal") return error;
  if (isClientFault(error)) return new FedtuneError("message-invalid", "Cannot read the request");
  log.failed("a request", error);
  return new FedtuneError("internal", "The server failed; its log has the cause");
}

/** Express' own complaints about a request, for example a path that does not decode. */
function isClientFault(error: unknown): boolean {
  const status = error instanceof Error && "status" in error ? error.status : undefined;
  return typeof status === "number" && status >= 400 && status < 500;
}

function lingerOver(request: Request): void {
  if (request.complete || request.destroyed) return;
  const timer = setTimeout(() => request.destroy(), LINGER_MS);
  request.once("close", () => {
    clearTimeout(timer);
  });
  request.resume();
}
