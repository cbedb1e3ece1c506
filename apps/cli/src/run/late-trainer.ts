import { FedtuneError } from "@fedtune/core";
import type { Trainer } from "@fedtune/core";

/** A trainer whose inner one is known only after the coordinator has named the base model. */
export interface LateTrainer extends Trainer {
  provide(trainer: Trainer): void;
}

/** Makes one that is still empty; `close` closes what was provided. */
export function lateTrainer(): LateTrainer {
  let inner: Trainer | null = null;
  const ready = (): Trainer => {
    if (inner === null)
      throw new FedtuneError("internal", "Cannot train before the run's base model is open");
    return inner;
  };
  return {
    provide(trainer) {
      inner = trainer;
    },
    train: (job, control) => ready().train(job, control),
    evaluate: (job, control) => ready().evaluate(job, control),
    close: () => inner?.close() ?? Promise.resolve(),
  };
}
