/** What of a run's history leaves the coordinator: everything, but for what protects its clients. */
import type { RoundRow, RunConfig, RunHistory } from "@fedtune/core";

/** Fields of a round that say who took part in it, or how many. */
const presenceFields = [
  "sampled",
  "accepted",
  "refusals",
  "declined",
  "gone",
  "training",
  "traffic",
  "seconds",
] as const;

/** Whether it is nobody's business who takes part in a round: the noise of the run may count on that. */
export function hidesPresence({ privacy }: Pick<RunConfig, "privacy">): boolean {
  return privacy.mode === "user-level";
}

/** The history without the secrets of the run's noise and, where presence is hidden, without who took part. */
export function publicHistory(history: RunHistory, config: Pick<RunConfig, "privacy">) {
  const rounds = history.rounds.map(withoutSecret);
  if (!hidesPresence(config)) return { ...history, rounds };
  return { ...history, rounds: rounds.map(withoutPresence), attempts: [], refusals: [] };
}

function withoutSecret({ privacy, ...row }: RoundRow) {
  return { ...row, privacy: privacy === null ? null : { metrics: privacy.metrics } };
}

function withoutPresence(row: ReturnType<typeof withoutSecret>) {
  const hidden: ReadonlySet<string> = new Set(presenceFields);
  return Object.fromEntries(Object.entries(row).filter(([field]) => !hidden.has(field)));
}
