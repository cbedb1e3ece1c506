import type { Trainer, VirtualClock } from "@fedtune/core";

/** A trainer whose work holds virtual time still: real computation takes no simulated time by itself. */
export function busyTrainer(trainer: Trainer, clock: VirtualClock): Trainer {
  return {
    train: (job, control) => clock.busy(trainer.train(job, control)),
    evaluate: (job, control) => clock.busy(trainer.evaluate(job, control)),
    close: () => trainer.close(),
  };
}
