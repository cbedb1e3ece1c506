/** Evaluation of a client's own adapter on its own examples. */
import { FedtuneError } from "@fedtune/core";
import type { EvaluateJob, Metrics, TrainControl, Trainer } from "@fedtune/core";

/** What one evaluation found; weights are its examples. */
export interface OwnEvaluation {
  readonly examples: number;
  readonly metrics: Metrics;
}

/**
 * Evaluates, and checks what comes out of it before it is told to anybody.
 *
 * @throws FedtuneError `data-invalid` without examples to evaluate on, `not-finite`, and what the trainer throws
 */
export async function evaluateOwn(
  trainer: Trainer,
  { data, ...job }: Omit<EvaluateJob, "data"> & { readonly data: EvaluateJob["data"] | null },
  control: TrainControl,
): Promise<OwnEvaluation> {
  if (data === null) throw nothingToEvaluateOn();
  const { examples = 0, ...metrics } = await trainer.evaluate({ ...job, data }, control);
  control.signal.throwIfAborted();
  if (examples === 0) throw nothingToEvaluateOn();
  checkFinite(metrics);
  return { examples, metrics };
}

/** @throws FedtuneError `not-finite` */
export function checkFinite(metrics: Metrics): void {
  for (const [name, value] of Object.entries(metrics)) {
    if (Number.isFinite(value)) continue;
    throw new FedtuneError(
      "not-finite",
      `Cannot report metric "${name}": it is ${value}, wanted a finite number`,
    );
  }
}

function nothingToEvaluateOn(): FedtuneError {
  return new FedtuneError(
    "data-invalid",
    "Cannot evaluate: this client keeps no examples for it, and the run holds none out of its training",
  );
}
