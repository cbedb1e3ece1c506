/** What a run's evaluation is called, so that nobody takes one kind of number for another. */
import { describePlan } from "@fedtune/core";
import type { ResolvedRun } from "@fedtune/core";
import type { SimulationConfig } from "@fedtune/simulation";

/**
 * The word before `accuracy`: empty where the coordinator evaluates one model, `personalised` where every client
 * evaluates its own, `federated` where they all evaluate the same one on data of their own.
 */
export function evaluationLabel(resolved: ResolvedRun, sharePersonal = false): string {
  if (resolved.config.evaluation.where === "central") return "";
  if (sharePersonal) return "shared-B";
  return describePlan(resolved.method, resolved).keeps.length > 0 ? "personalised" : "federated";
}

/** What `simulation.sharePersonal` means, wherever its numbers are shown. */
const sharePersonalText =
  "One B and head for all clients, trained by one after the other (simulation.sharePersonal): " +
  "as in the released FedSA-LoRA code, not as in its paper";

/** What `simulation.noiseCohort` means, wherever numbers of such a run are shown. */
const noiseCohortText = (cohort: number): string =>
  `The noise is that of rounds of ${cohort} clients, and so is the epsilon (simulation.noiseCohort): ` +
  "this run, of fewer, tells how such rounds would do and protects less itself";

/** What somebody must know who reads the numbers of a simulation. */
export function cautions({
  sharePersonal,
  noiseCohort,
}: Pick<SimulationConfig, "sharePersonal" | "noiseCohort">): readonly string[] {
  return [
    ...(sharePersonal ? [sharePersonalText] : []),
    ...(noiseCohort === null ? [] : [noiseCohortText(noiseCohort)]),
  ];
}

/** The same as marks of files. */
export function cautionMarks({
  sharePersonal,
  noiseCohort,
}: Pick<SimulationConfig, "sharePersonal" | "noiseCohort">): Readonly<Record<string, unknown>> {
  return {
    ...(sharePersonal ? { sharePersonal } : {}),
    ...(noiseCohort === null ? {} : { noiseCohort }),
  };
}

/** Why test data has no use in this run; null where it has. */
export function unusedTestText({ config }: ResolvedRun): string | null {
  if (config.evaluation.where === "central") return null;
  return "The test data is not used: clients evaluate on what they hold out (evaluation.where is federated)";
}
