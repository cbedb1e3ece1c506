import { runId } from "@fedtune/core";
import type { CoordinatorPorts, DataRef, ResolvedRun, TrainControl, Trainer } from "@fedtune/core";

/** What central evaluation needs. */
export interface CentralEvaluation {
  readonly trainer: Trainer;
  readonly resolved: ResolvedRun;
  /** The operator's own data. */
  readonly data: DataRef;
  readonly control: TrainControl;
}

/** Examples per batch when evaluating: only memory depends on it. */
const BATCH_SIZE = 32;

/** Evaluates the global adapter on the operator's data. */
export function centralEvaluation({
  trainer,
  resolved,
  data,
  control,
}: CentralEvaluation): NonNullable<CoordinatorPorts["evaluate"]> {
  const { config } = resolved;
  return ({ adapter: start, rank, residuals }) =>
    trainer.evaluate(
      {
        run: runId(config.name),
        rank,
        adapter: { ...config.adapter, rank },
        start,
        residuals,
        task: config.task,
        data,
        batchSize: BATCH_SIZE,
        maxLength: config.training.maxLength,
      },
      control,
    );
}
