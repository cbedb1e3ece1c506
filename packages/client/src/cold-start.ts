/** The first training of a client that has no factors of its own. */
import { rngFromState } from "@fedtune/core";
import type { FactorRole, TrainControl, Trainer, TrainJob, TrainResult } from "@fedtune/core";

/**
 * Trains the personal factors alone for as long as a round, then everything as usual from there.
 *
 * What is uploaded changes only in the second part. The metrics are those of the usual training; the first part draws
 * from a stream of its own.
 */
export async function trainFromCold(
  trainer: Trainer,
  { job, personal }: { readonly job: TrainJob; readonly personal: readonly FactorRole[] },
  control: TrainControl,
): Promise<TrainResult> {
  const seed = rngFromState({ key: job.seed, position: 0 }).fork("cold-start").state().key;
  const fitted = await trainer.train({ ...job, seed, train: personal }, control);
  control.signal.throwIfAborted();
  const result = await trainer.train({ ...job, start: fitted.factors }, control);
  return { ...result, privacyEvents: [...fitted.privacyEvents, ...result.privacyEvents] };
}
