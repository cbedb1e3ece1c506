/** What a run has spent of privacy, and will have. */
import type { Run, RunCost } from "./api-types.ts";
import type { EpsilonCurve } from "./epsilon-curve.ts";
import { epsilonAt } from "./epsilon-curve.ts";
import type { RunSettings } from "./settings.ts";

/** Privacy as the figures and the curve show it. */
export interface PrivacyView {
  readonly delta: number;
  /** After the last committed round, by a unit that took part in every round. */
  readonly spent: number;
  /** When all rounds have run. */
  readonly projected: number;
  /** Null: none is set. */
  readonly limit: number | null;
  readonly rounds: number;
  readonly committed: number;
  /** Up to now, and from now on; each ends where the other begins. */
  readonly past: EpsilonCurve;
  readonly future: EpsilonCurve;
  /** The last round within the limit; null: it is kept, or there is none. */
  readonly exceededAfter: number | null;
}

/** What it is made from. */
export interface PrivacySources {
  readonly run: Pick<Run, "committedRounds" | "numRounds"> & {
    readonly figures: Pick<Run["figures"], "epsilon">;
  };
  /** Null: not told. */
  readonly estimate: RunCost["epsilon"];
}

/** Null where nothing is promised. */
export function privacyView({ run, estimate }: PrivacySources): PrivacyView | null {
  const { epsilon } = run.figures;
  if (epsilon === null) return null;
  const { committedRounds: committed, numRounds: rounds } = run;
  const { spent, planned: projected, delta } = epsilon;
  const curve: EpsilonCurve = (estimate?.curve ?? []).map(([round = 0, value = 0]) => [
    round,
    value,
  ]);
  const now: EpsilonCurve = committed > 0 ? [[committed, spent]] : [];
  const end: EpsilonCurve = committed < rounds ? [[rounds, projected]] : [];
  const start: EpsilonCurve = [[0, 0]];
  const ahead = end.length === 0 || now.length > 0 ? now : start;
  return {
    ...{
      delta,
      spent,
      projected,
      rounds,
      committed,
      limit: epsilon.limit ?? estimate?.limit ?? null,
    },
    past: [...start, ...curve.filter(([round]) => round > 0 && round < committed), ...now],
    future: [...ahead, ...curve.filter(([round]) => round > committed && round < rounds), ...end],
    exceededAfter: estimate?.exceededAfter ?? null,
  };
}

/** Epsilon after each round, from the same curve. */
export function epsilonOf(view: PrivacyView | null): (round: number) => number | null {
  if (view === null) return () => null;
  const whole: EpsilonCurve = [...view.past, ...view.future.slice(1)];
  return (round) => epsilonAt(whole, round);
}

/** Who adds the noise, in words that a sentence goes on with. */
export function mechanismText({ privacy }: Pick<RunSettings, "privacy">): string {
  switch (privacy.mode) {
    case "record-level":
      return "DP-SGD on each device";
    case "user-level":
      return privacy.noiseBy === "clients"
        ? "DP-FedAvg, noise by clients"
        : "DP-FedAvg, noise by the server";
    case "none":
      return "no privacy mechanism";
  }
}
