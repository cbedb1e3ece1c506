import type { Metrics, Trainer, TrainResult } from "@fedtune/core";

/**
 * Several trainers as one: each call takes the first idle one, the rest wait in order.
 *
 * Results do not depend on which trainer does what, as long as they are alike.
 */
export function trainerPool(trainers: readonly [Trainer, ...Trainer[]]): Trainer {
  const idle: Trainer[] = [...trainers];
  const waiting: ((trainer: Trainer) => void)[] = [];
  const take = (): Promise<Trainer> => {
    const trainer = idle.shift();
    return trainer === undefined
      ? new Promise((resolve) => waiting.push(resolve))
      : Promise.resolve(trainer);
  };
  const give = (trainer: Trainer): void => {
    const next = waiting.shift();
    if (next === undefined) idle.push(trainer);
    else next(trainer);
  };
  const using = async <T>(work: (trainer: Trainer) => Promise<T>): Promise<T> => {
    const trainer = await take();
    try {
      return await work(trainer);
    } finally {
      give(trainer);
    }
  };
  return {
    train: (job, control): Promise<TrainResult> =>
      using((trainer) => {
        control.signal.throwIfAborted();
        return trainer.train(job, control);
      }),
    evaluate: (job, control): Promise<Metrics> =>
      using((trainer) => trainer.evaluate(job, control)),
    async close() {
      await Promise.all(trainers.map((trainer) => trainer.close()));
    },
  };
}
