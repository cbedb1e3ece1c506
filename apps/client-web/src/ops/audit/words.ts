/** What the audit log's page says. */
import { formatCount } from "@fedtune/figures";

/** Texts of the page. */
export const words = {
  title: "Audit log",
  about: "Who did what on this server. Every entry holds the hash of the one before it.",
  checking: "The chain is being checked",
  whole: "The chain is whole",
  wholeText: (entries: number) =>
    `${formatCount(entries)} entries, none missing, none edited. Keep the last hash elsewhere: it shows later that no end was cut off.`,
  empty: "The log is empty.",
  broken: "The chain is broken",
  problems: {
    missing: (at: number) => `Entry ${formatCount(at)} is missing.`,
    edited: (at: number) => `Entry ${formatCount(at)} was edited after it was written.`,
    unlinked: (at: number) => `Entry ${formatCount(at)} does not follow from the one before it.`,
  },
  brokenText: "Somebody has changed the database past this server. Compare with a backup.",
  checkFailed: "Could not check the chain",
  check: "Check again",
  lastHash: "Last hash",
  failed: "Could not load the log",
  none: "Nothing has been done yet",
  older: "Show older entries",
  caption: "Entries, the latest first",
  columns: {
    sequence: "No.",
    at: "When",
    actor: "Who",
    action: "What",
    subject: "On what",
    data: "With",
  },
} as const;
