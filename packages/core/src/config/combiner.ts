/** Which rule stands before the method, and with what it does not go together. */
import type { Combiner } from "../combiner.ts";
import type { Method } from "../method.ts";
import type { InputIssue } from "./issues.ts";
import { schemaByName } from "./named.ts";
import type { RunConfig } from "./run-config.ts";

/** The choice of a combiner with its options; the first of the registry is the default. */
export function combinerSchema(combiners: readonly Combiner[]) {
  return schemaByName(combiners, "combiner").prefault({ name: combiners[0]?.name ?? "" } as never);
}

/** A combiner as a config chose it. */
export interface ChosenCombiner {
  readonly value: Combiner;
  /** Its own options, parsed. */
  readonly options: unknown;
}

/** What contradicts the choice: the method, the ranks, privacy, and rounds that may close with too few updates. */
export function combinerIssues(
  { adapter, rounds, privacy }: RunConfig,
  { claims, name }: Method,
  { value: combiner, options }: ChosenCombiner,
): InputIssue[] {
  const { name: chosen } = combiner;
  const refused = (wanted: string): InputIssue => ({
    field: "combiner.name",
    value: chosen,
    wanted,
    fix: { value: "mean" },
  });
  const issues: InputIssue[] = [];
  if (privacy.mode === "user-level" && chosen !== "mean")
    issues.push(
      refused("mean with privacy.mode user-level: nothing but the updates' noisy sum is read"),
    );
  const least = combiner.leastUpdates(options);
  if (rounds.minFitClients < least)
    issues.push({
      field: "rounds.minFitClients",
      value: rounds.minFitClients,
      wanted: `at least ${String(least)} with combiner.name ${chosen}: fewer updates cannot outvote a liar`,
      fix: { value: least },
    });
  if (!combiner.claims.compares) return issues;
  if (claims.sharedGauge !== true)
    issues.push(
      refused(
        `mean or norm-clipping with method.name ${name}: its clients' factors share no gauge, so that their values cannot be compared`,
      ),
    );
  const ranks = new Set(adapter.clientRanks ?? [adapter.rank]);
  if (ranks.size > 1)
    issues.push(
      refused("mean or norm-clipping with different adapter.clientRanks: values have no partners"),
    );
  return issues;
}
