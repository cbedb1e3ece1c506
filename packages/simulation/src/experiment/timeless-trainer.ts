import type { Metrics, Trainer } from "@fedtune/core";

/**
 * A trainer that does not tell how long its work took: a repetition takes another time, and even the length of the
 * message that reports it would differ.
 */
export function timelessTrainer(trainer: Trainer): Trainer {
  return {
    async train(job, control) {
      const result = await trainer.train(job, control);
      return { ...result, metrics: withoutSeconds(result.metrics) };
    },
    evaluate: async (job, control) => withoutSeconds(await trainer.evaluate(job, control)),
    close: () => trainer.close(),
  };
}

function withoutSeconds({ seconds: _seconds, ...metrics }: Metrics): Metrics {
  return metrics;
}
