/** A run as the API tells it. */
import type { ItemOf } from "@fedtune/api";
import type { Digest, RoundState, RunConfig, RunHistory, StoredRun } from "@fedtune/core";
import type { Countdown, OpenRun } from "../run-registry.ts";
import type { RunFigures } from "./figures.ts";
import { hidesPresence, publicFailure } from "./public-history.ts";
import type { RunDetails, RunStateView } from "./run-service.ts";

/** A run in a list. */
export type RunSummary = ItemOf<"listRuns">;

type Protected = Pick<RunConfig, "privacy">;

/** The state of an open run, as everybody may know it. */
export function stateView(
  state: RoundState,
  countdown: Countdown | null,
  config: Protected,
): RunStateView {
  const { phase, round, attempt, presentCount, paused } = state;
  const isHidden = hidesPresence(config);
  return {
    ...{ phase, round, attempt, present: presentCount, paused, countdown },
    failure: publicFailure(state.failure, config),
    counts: isHidden ? null : state.counts,
    target: isHidden ? null : state.target,
  };
}

/** An open run in one line. */
export function openSummary(run: OpenRun, stored: StoredRun, figures: RunFigures): RunSummary {
  const { coordinator } = run;
  const { config } = coordinator.setup.resolved;
  const state = stateView(coordinator.state(), run.countdown(), config);
  return { ...headOf(stored, config), isOpen: true, figures, state };
}

/** A run that this process does not drive. */
export function storedSummary(stored: StoredRun, figures: RunFigures): RunSummary {
  const config = configIn(stored);
  const { status, rounds, paused } = stored;
  const state: RunStateView = {
    phase: status === "running" ? "idle" : status,
    ...{ round: rounds, attempt: 0, present: 0, paused, countdown: null },
    failure: publicFailure(stored.failure, config),
    ...{ counts: null, target: null },
  };
  return { ...headOf(stored, config), isOpen: false, figures, state };
}

function headOf({ id, status, rounds, createdAt, endedAt }: StoredRun, config: RunConfig) {
  const { model, method } = config;
  return {
    ...{ id, model, status, createdAt, endedAt },
    method: String(method["name"]),
    numRounds: config.rounds.numRounds,
    committedRounds: rounds,
  };
}

/** The config of a stored run: what the coordinator resolved and wrote. */
export function configIn({ config }: Pick<StoredRun, "config">): RunConfig {
  return config as RunConfig;
}

/** The same, of a whole history. */
export function configOf({ run }: RunHistory): RunConfig {
  return configIn(run);
}

/** Everything about a run but its history. */
export function detailsOf(
  summary: RunSummary,
  { config, hash }: { readonly config: RunConfig; readonly hash: Digest },
  state: RoundState | null,
): RunDetails {
  return {
    ...summary,
    configHash: hash,
    config: { ...config },
    presence: hidesPresence(config) ? "hidden" : "shown",
    participants: state === null ? [] : participantsOf(state, config),
  };
}

function participantsOf(
  { participants, cohort }: RoundState,
  config: RunConfig,
): RunDetails["participants"] {
  const isHidden = hidesPresence(config);
  const statuses = new Map(cohort.map(({ index, status }) => [index, status]));
  return participants.flatMap((one) => {
    if (one === undefined) return [];
    const { index, present, holds } = one;
    return isHidden
      ? { index, present, holds: null, status: null }
      : { index, present, holds, status: statuses.get(index) ?? null };
  });
}
