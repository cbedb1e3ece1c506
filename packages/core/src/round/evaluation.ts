/** Evaluation of a finished round, wherever it happens. */
import type { Metrics } from "../metrics.ts";
import type { Context } from "./coordinator.ts";
import { evaluateAtClients } from "./federated-evaluation.ts";

/** Evaluates, stores what was found, and lets the engine go on. */
export async function evaluate(context: Context, round: number): Promise<void> {
  const { ports, setup, epoch, listener } = context;
  const isFederated = setup.resolved.config.evaluation.where === "federated";
  const metrics = await (isFederated ? evaluateAtClients : evaluateCentrally)(context, round);
  if (metrics !== null) {
    const row = { round, metrics, traffic: isFederated ? context.traffic.take() : null };
    await ports.store.putEvaluation(setup.id, epoch, row);
    listener.evaluated?.(row);
  }
  context.post({ type: "evaluated", metrics });
}

async function evaluateCentrally(context: Context, round: number): Promise<Metrics | null> {
  const { ports, setup, model } = context;
  const { rank } = setup.resolved.config.adapter;
  const residuals = await model.residuals();
  const subject = { adapter: model.adapter(rank), rank, round, residuals };
  const evaluating = ports.evaluate?.(subject);
  return evaluating === undefined ? null : inTime(context, evaluating);
}

/** What an evaluation finds; null when it takes too long, so that no run waits on it for ever. */
function inTime({ ports, setup }: Context, evaluating: Promise<Metrics>): Promise<Metrics | null> {
  return new Promise((resolve, reject) => {
    const cancel = ports.clock.after(setup.resolved.config.evaluation.evaluateTimeoutMs, () => {
      resolve(null);
    });
    void evaluating.then(resolve, reject).finally(cancel);
  });
}
