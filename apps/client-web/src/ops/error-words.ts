/** What went wrong, in words for operators: chosen by the error's code, never by its text. */
import { asFedtuneError } from "@fedtune/core";
import type { ErrorCode, FedtuneError } from "@fedtune/core";

/** An error as a page shows it. */
export interface ErrorWords {
  /** What is kept and what to do. */
  readonly text: string;
  /** Small, for support. */
  readonly code: ErrorCode;
  /** Whether trying again may help. */
  readonly canRetry: boolean;
}

const own: Partial<Record<ErrorCode, string>> = {
  "transport-closed":
    "The server does not answer. What it knows is kept; check that it runs and that this device reaches it.",
  timeout:
    "The server took too long to answer. Whether it has done what was asked is seen after a reload.",
  "message-invalid":
    "The server speaks another version than this page. Load the page again to get the new one.",
  "rate-limited": "Too many tries in a short time. Wait a minute.",
  draining: "The server is going down for a restart. Runs go on when it is back.",
  forbidden: "Your account may not do this. Ask an admin of this server.",
  "origin-refused":
    "The server did not take the request to be from its own page. Load the page again.",
  unauthenticated: "You are not signed in any more. Sign in again; what you have written is kept.",
  "credential-expired": "Your session has ended. Sign in again; what you have written is kept.",
  "credential-revoked": "Your session was ended by an admin. Sign in again.",
  "storage-failed":
    "The server could not write. Open rounds are held, nothing is lost; check its disk.",
  "run-unknown": "There is no such run. It may have been deleted.",
  internal: "Something broke on the server. Its log has the details.",
};

/** Words for anything that was thrown; for codes without words of ours the server's own, which name the values. */
export function errorWords(error: unknown): ErrorWords {
  const known: FedtuneError = asFedtuneError(error);
  const text = own[known.code] ?? known.message;
  const canRetry = known.retryable || known.code === "internal";
  return { text, code: known.code, canRetry };
}
