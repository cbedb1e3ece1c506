/** A simulation in the form that the views of live runs take. */
import type { EpsilonCurve } from "../../run/model/epsilon-curve.ts";
import type { PrivacyView } from "../../run/model/privacy.ts";
import type { RunViews } from "../../run/use-run-data.ts";
import type { Simulation } from "./simulation.ts";

/** What the run has spent, round by round; null: it promised nothing. */
function privacyOf({ rows, settings }: Simulation): PrivacyView | null {
  const past: EpsilonCurve = rows.flatMap(({ round, epsilon }) =>
    epsilon === null ? [] : [[round, epsilon] as const],
  );
  const last = past.at(-1);
  if (last === undefined || settings.privacy.mode === "none") return null;
  const [committed, spent] = last;
  const { delta, budget } = settings.privacy;
  return {
    ...{ delta: delta ?? 0, spent, projected: spent, limit: budget?.epsilon ?? null },
    ...{ rounds: committed, committed, past, future: [], exceededAfter: null },
  };
}

/** Views of a simulation. */
export function viewsOf(simulation: Simulation): RunViews {
  const { id, name, configHash, settings, rows } = simulation;
  const committedRounds = rows.at(-1)?.round ?? 0;
  return {
    ...{ id: name, configHash: configHash ?? id, settings, rows, cost: null, isSimulation: true },
    privacy: privacyOf(simulation),
    run: { status: "completed", numRounds: committedRounds, committedRounds, presence: "shown" },
  };
}
