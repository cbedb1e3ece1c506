import type { Metrics, RunPrivacy, TrainResult } from "@fedtune/core";
import { privacySettings } from "@fedtune/dp";

/** What a client says about its training beside the update. */
export interface SharedFacts {
  readonly examples: number;
  readonly metrics: Metrics;
}

/**
 * What may leave the client besides the update: everything, or, where the run withholds metrics, nothing that was
 * computed from its data: not even how many examples there are.
 */
export function sharedFacts(
  privacy: RunPrivacy,
  { examples, metrics }: Pick<TrainResult, "examples" | "metrics">,
): SharedFacts {
  const settings = privacySettings(privacy);
  if (settings.mode === "none" || settings.metrics === "release") return { examples, metrics };
  return { examples: 1, metrics: {} };
}
