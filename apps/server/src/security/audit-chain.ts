/** The arithmetic of the audit log: every event's hash covers the event and the hash before it. */
import { hashOfJson } from "@fedtune/core";
import type { Digest, Hash } from "@fedtune/core";

/** Who did what. */
export interface AuditEntry {
  /** `operator:NAME`, `token:ID`, `client:RUN/NAME`, `system`, or `anonymous` of an attempt that failed. */
  readonly actor: string;
  /** What was done, such as `token.created`. */
  readonly action: string;
  /** To what, such as `run:toy`. */
  readonly subject: string;
  /** Further facts; never a secret. */
  readonly data: Readonly<Record<string, string | number | boolean | null>>;
}

/** An entry in its place. */
export interface AuditEvent extends AuditEntry {
  /** From 1, without gaps. */
  readonly sequence: number;
  readonly at: Date;
  /** Hash of the event before; of the first: {@link chainStart}. */
  readonly previous: string;
  readonly hash: string;
}

/** Where the log ended at some moment: kept elsewhere, it shows that the end was not cut off later. */
export interface AuditHead {
  readonly sequence: number;
  readonly hash: string;
}

/** What the first event follows. */
export const chainStart: AuditHead = { sequence: 0, hash: "0".repeat(64) };

/** What is wrong with a log. */
export interface AuditFault {
  readonly sequence: number;
  readonly problem: "missing" | "edited" | "unlinked";
}

/** SHA-256 of the canonical JSON of an event with the hash before it. */
export function auditHash(event: Omit<AuditEvent, "hash">, hash: Hash): Digest {
  const { sequence, at, actor, action, subject, data, previous } = event;
  const content = { sequence, at: at.toISOString(), actor, action, subject, data, previous };
  return hashOfJson(content, hash);
}

/**
 * The first fault in events that should follow `after`, in order; null: there is none.
 *
 * `missing`: an event is not where its number says; `edited`: its content does not have its hash; `unlinked`: it does
 * not follow the event before it.
 */
export function firstFault(
  events: readonly AuditEvent[],
  after: AuditHead,
  hash: Hash,
): AuditFault | null {
  let before = after;
  for (const event of events) {
    const sequence = before.sequence + 1;
    if (event.sequence !== sequence) return { sequence, problem: "missing" };
    if (event.previous !== before.hash) return { sequence, problem: "unlinked" };
    if (auditHash(event, hash) !== event.hash) return { sequence, problem: "edited" };
    before = event;
  }
  return null;
}
