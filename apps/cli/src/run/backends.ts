/** The one place where the command line asks the training package what it can compute with. */
import type { Finding } from "./doctor.ts";
import { notWired } from "./unwired.ts";

/** Every backend, the preferred one first; each one that is there was tried on a small computation. */
export function listBackends(): Promise<readonly Finding[]> {
  return Promise.reject(notWired("doctor"));
}
