/** The toy trainer as runs with privacy see it. */
import { rngFromSeed } from "@fedtune/core";
import type { Layout, TrainJob, Trainer } from "@fedtune/core";
import { plannedEvents, privacySettings } from "@fedtune/dp";
import { toyTrainer } from "@fedtune/testkit";

/** The toy, with seeded noise where the run asks for privacy: the same for the same order. */
export function noisyToy(
  layout: Layout,
  trains: (job: TrainJob, signal: AbortSignal) => Promise<void>,
): Trainer {
  const toy = toyTrainer(layout);
  return {
    ...toy,
    async train(job, control) {
      await trains(job, control.signal);
      const result = await toy.train(job, control);
      const settings = privacySettings(job.privacy);
      if (settings.mode !== "record-level") return result;
      const rng = rngFromSeed(job.seed[0]);
      const factors = result.factors.map((value) => value + (rng.uniform() - 0.5) / 8);
      return { ...result, factors, privacyEvents: plannedEvents(settings, job.training) };
    },
  };
}
