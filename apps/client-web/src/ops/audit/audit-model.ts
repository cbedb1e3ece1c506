/** Entries of the audit log as lines of a table. */
import type { ItemOf, OutputOf } from "@fedtune/api";
import { words } from "./words.ts";

/** An entry. */
export type AuditEvent = ItemOf<"listAuditEvents">;
/** Whether the chain is whole. */
export type Verification = OutputOf<"verifyAudit">;

/** Who did it: `operator:keller` is keller. */
export function actorText(actor: string): string {
  return actor.replace(/^operator:/, "");
}

/** A route's name as words: `createEnrolmentToken` is "create enrolment token". */
export function actionText(action: string): string {
  return action.replaceAll(/([a-z\d])([A-Z])/g, "$1 $2").toLowerCase();
}

/** The further facts of an entry in one line. */
export function dataText(data: AuditEvent["data"]): string {
  return Object.entries(data)
    .map(([name, value]) => `${name} ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(", ");
}

/** What the check of the chain has found, in words. */
export function verdict({ fault, head }: Verification): {
  readonly isWhole: boolean;
  readonly title: string;
  readonly text: string;
} {
  if (fault !== null) {
    const text = `${words.problems[fault.problem](fault.sequence)} ${words.brokenText}`;
    return { isWhole: false, title: words.broken, text };
  }
  const text = head === null ? words.empty : words.wholeText(head.sequence);
  return { isWhole: true, title: words.whole, text };
}
