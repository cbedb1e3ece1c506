/** What of a run leaves the coordinator: everything, but for what protects its clients. */
import type { EvaluationRow, RoundRow, RunConfig, RunEnd, RunHistory } from "@fedtune/core";

/** Fields of a round that say who took part in it, or how many. */
type PresenceField =
  "sampled" | "accepted" | "refusals" | "declined" | "gone" | "training" | "traffic" | "seconds";

/** A round as everybody may know it; fields about presence are missing where that is hidden. */
export type PublicRound = Omit<RoundRow, PresenceField | "privacy"> &
  Partial<Pick<RoundRow, PresenceField>> & {
    readonly privacy: Pick<NonNullable<RoundRow["privacy"]>, "metrics"> | null;
  };

type Protected = Pick<RunConfig, "privacy">;

/** Whether it is nobody's business who takes part in a round: the noise of the run may count on that. */
export function hidesPresence({ privacy }: Protected): boolean {
  return privacy.mode === "user-level";
}

/** The history without the secrets of the run's noise and, where presence is hidden, without who took part. */
export function publicHistory(history: RunHistory, config: Protected) {
  const rounds = history.rounds.map((row) => publicRound(row, config));
  const evaluations = history.evaluations.map((row) => publicEvaluation(row, config));
  const failure = publicFailure(history.failure, config);
  const told = { ...history, rounds, evaluations, failure };
  return hidesPresence(config) ? { ...told, attempts: [], refusals: [] } : told;
}

/** A round without secrets; where presence is hidden, nothing is told but what is named here. */
export function publicRound({ privacy, ...row }: RoundRow, config: Protected): PublicRound {
  const told = { ...row, privacy: privacy === null ? null : { metrics: privacy.metrics } };
  if (!hidesPresence(config)) return told;
  const { round, attempt, method, aggregationError, state, parts, adapters } = told;
  return {
    round,
    attempt,
    method,
    aggregationError,
    privacy: told.privacy,
    state,
    parts,
    adapters,
  };
}

/** An evaluation: what travelled for it, and its number of examples, tell how many clients were asked. */
export function publicEvaluation(row: EvaluationRow, config: Protected): EvaluationRow {
  if (!hidesPresence(config)) return row;
  const { examples: _examples, ...metrics } = row.metrics;
  return { ...row, metrics, traffic: null };
}

/** Why a run failed: sentences of the engine count who was there. */
export function publicFailure(failure: RunEnd["failure"], config: Protected): RunEnd["failure"] {
  if (failure === null || !hidesPresence(config)) return failure;
  const message = `The run ended with ${failure.code}; how many took part is hidden`;
  return { code: failure.code, message };
}
