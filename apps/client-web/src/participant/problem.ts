/** Errors as plain data, which survive the way between threads and reloads. */
import type { FedtuneError } from "@fedtune/core";
import type { Problem } from "./invitation.ts";

/** An error as plain data. */
export function problemOf(error: FedtuneError): Problem {
  const { code, message, data, retryable } = error.toJSON();
  // What JSON does not hold is of no use to a page.
  const facts = JSON.parse(JSON.stringify(data)) as Problem["data"];
  return { code, message, data: facts, retryable };
}
