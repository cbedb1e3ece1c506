/** The Trainer port over one base model on one device: flat vectors in, flat vectors out, no tensor outside. */
import type {
  Clock,
  Entropy,
  EvaluateJob,
  Metrics,
  TrainControl,
  Trainer,
  TrainJob,
  TrainResult,
} from "@fedtune/core";
import { asFedtuneError, FedtuneError, rngFromState } from "@fedtune/core";
import type { Example } from "../data/batch.ts";
import type { BasePrecision } from "../layers/stored-matrix.ts";
import type { Checkpoint } from "../models/checkpoint.ts";
import type { ModelDescription } from "../models/describe.ts";
import { describeModel } from "../models/describe.ts";
import type { DeviceModel } from "../models/device.ts";
import { uploadModel } from "../models/device.ts";
import { checkVocabulary } from "../tokenizer/tokenizer.ts";
import { bindAdapter } from "./binding.ts";
import { checkAbort, openReads } from "./device-reads.ts";
import type { DeviceReads } from "./device-reads.ts";
import { evaluateTokens, predictAll } from "./evaluation.ts";
import type { EvaluationRun, Prediction } from "./evaluation.ts";
import { loadExamples, openStores } from "./job-examples.ts";
import type { ExampleStores, ExampleWorld } from "./job-examples.ts";
import { generateText } from "./generate.ts";
import type { Generated, GenerateJob } from "./generate.ts";
import type { LocalRound } from "./local-steps.ts";
import { trainLocally } from "./local-steps.ts";
import { classificationMetrics } from "./metrics.ts";
import { recordLevelOf, trainRecordLevel } from "./record-level.ts";
import type { ResidualFold } from "./residuals.ts";
import { openFold } from "./residuals.ts";
import type { StepMemory } from "./step-memory.ts";
import { openStepMemory } from "./step-memory.ts";

/** What a trainer owns and is given. */
export interface TrainerOptions extends ExampleWorld {
  readonly checkpoint: Checkpoint;
  /** How the base model's weights are kept; default `f32`. */
  readonly basePrecision?: BasePrecision;
  /** What a step may take on the device beside the base model; default null: nobody knows, and steps are halved when it is short. */
  readonly stepBytes?: number | null;
  readonly clock: Pick<Clock, "now">;
  /** Noise of record-level privacy comes from here; without it such a job is refused, unless its noise is seeded. */
  readonly entropy?: Entropy;
  /** Resolves once other work of the thread had its turn; awaited before each step, so that an abort can arrive. */
  pause(): Promise<void>;
}

/** A trainer that also gives the logits behind its metrics. */
export interface LocalTrainer extends Trainer {
  /** @throws FedtuneError as `evaluate` */
  predict(job: EvaluateJob, control: TrainControl): Promise<Prediction>;
  /** Writes a text. @throws FedtuneError `model-invalid`, `data-invalid`, `config-invalid`, `cancelled` */
  generate(job: GenerateJob, control: TrainControl): Promise<Generated>;
}

interface Context {
  /** Without the checkpoint, whose memory ends when it is on the device. */
  readonly options: Omit<TrainerOptions, "checkpoint">;
  readonly model: DeviceModel;
  readonly stores: ExampleStores;
  readonly fold: ResidualFold;
  readonly memory: StepMemory;
  readonly reads: DeviceReads;
}

/**
 * Uploads the base model to the current backend and serves jobs, one at a time. An abort ends a job before its next step,
 * or at once where it waits for the device; `close` waits until the device owes no answer.
 *
 * @throws FedtuneError `tokenizer-mismatch` when the tokenizer has ids that the model lacks
 */
export function createTrainer({ checkpoint, ...options }: TrainerOptions): LocalTrainer {
  const { tokenizer, basePrecision, stepBytes = null } = options;
  if (tokenizer !== null) checkVocabulary(tokenizer, checkpoint.config);
  const model = uploadModel(checkpoint, basePrecision);
  const memory = openStepMemory(checkpoint.config, stepBytes);
  const stores = openStores(options);
  const reads = openReads();
  const context: Context = { options, model, memory, stores, reads, fold: openFold(model) };
  const inTurn = oneAtATime();
  const run = <T>(control: TrainControl, work: () => Promise<T>): Promise<T> =>
    inTurn(() => guarded(control, work));
  const evaluated = <T>(
    job: EvaluateJob,
    control: TrainControl,
    work: (run: EvaluationRun) => Promise<T>,
  ) => run(control, () => evaluating(context, job, { control, work }));
  return {
    train: (job, control) => run(control, () => train(context, job, control)),
    predict: (job, control) => evaluated(job, control, predictAll),
    generate: (job, control) => run(control, () => generate(context, job, control)),
    evaluate: async (job, control): Promise<Metrics> => {
      if (job.task.kind === "causal-lm") return evaluated(job, control, evaluateTokens);
      const found = await evaluated(job, control, predictAll);
      return classificationMetrics({ ...found, classes: job.task.labels.length });
    },
    close: () =>
      inTurn(async () => {
        await reads.settled();
        model.dispose();
      }),
  };
}

/** Runs tasks in the order in which they were handed over; a failed one does not stop the next. */
function oneAtATime(): <T>(task: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const result = last.then(task, task);
    last = result.catch(() => undefined);
    return result;
  };
}

async function guarded<T>({ signal }: TrainControl, work: () => Promise<T>): Promise<T> {
  try {
    checkAbort(signal);
    return await work();
  } catch (error) {
    throw asFedtuneError(error, "training-failed");
  }
}

async function train(context: Context, job: TrainJob, control: TrainControl): Promise<TrainResult> {
  const started = context.options.clock.now();
  const settings = recordLevelOf(job);
  const { description, examples } = await prepare(context, job, job.training.maxLength);
  const values = Float32Array.from(job.start);
  const binding = bindAdapter(description, values, { kind: job.adapter.kind, train: job.train });
  const round: LocalRound = {
    model: context.model,
    binding,
    layout: description.layout,
    train: job.train,
    freezeZeros: job.freezeZeros,
    training: job.training,
    examples,
    memory: context.memory,
    read: context.reads.until(control.signal),
    rng: rngFromState({ key: job.seed, position: 0 }),
    beforeStep: () => turn(context, control),
    afterStep: (progress) => control.onProgress?.(progress),
  };
  const { entropy } = context.options;
  const seconds = (): number => (context.options.clock.now() - started) / 1000;
  try {
    const told =
      settings === null
        ? await plainRound(round, values, seconds)
        : await trainRecordLevel(round, values, { settings, seconds, entropy });
    return { factors: values, examples: examples.length, ...told };
  } finally {
    binding.dispose();
  }
}

async function plainRound(
  round: LocalRound,
  values: Float32Array,
  seconds: () => number,
): Promise<Pick<TrainResult, "metrics" | "privacyEvents">> {
  const { lossSum, seen, steps, tokens } = await trainLocally(round, values);
  return {
    metrics: { loss: lossSum / seen, steps, tokens, seconds: seconds() },
    privacyEvents: [],
  };
}

/** Lets waiting messages in, then stops if one of them was an abort. */
async function turn({ options }: Context, { signal }: TrainControl): Promise<void> {
  await options.pause();
  checkAbort(signal);
}

type AnyJob = Pick<TrainJob, "adapter" | "task" | "start" | "residuals">;

/** The job's adapter on this model, with the base at what the job asks for. */
async function describeJob({ model, fold }: Context, job: AnyJob): Promise<ModelDescription> {
  const description = describeModel(model.config, { ...job.adapter, labels: job.task.labels });
  if (job.start.length !== description.layout.size) {
    const message = `Cannot train: the adapter has ${job.start.length} values, the model's layout ${description.layout.size}`;
    throw new FedtuneError("shape-mismatch", message, {
      data: { size: job.start.length, wanted: description.layout.size },
    });
  }
  await fold.apply(job.residuals);
  return description;
}

async function prepare(
  context: Context,
  job: AnyJob & Pick<TrainJob, "data">,
  maxLength: number | null,
): Promise<{ description: ModelDescription; examples: readonly Example[] }> {
  const { task, data } = job;
  const { config } = context.model;
  const examples = await loadExamples(context.stores, { config, task, data, maxLength });
  return { description: await describeJob(context, job), examples };
}

async function generate(
  context: Context,
  job: GenerateJob,
  control: TrainControl,
): Promise<Generated> {
  const { model, options, reads } = context;
  const { tokenizer } = options;
  if (tokenizer === null)
    throw new FedtuneError("model-invalid", "Cannot write a text: this base model reads images");
  const description = await describeJob(context, job);
  const binding = bindAdapter(description, job.start, { kind: job.adapter.kind, train: [] });
  try {
    const turns = () => turn(context, control);
    const read = reads.until(control.signal);
    return await generateText({ tokenizer, model, binding, read, turn: turns }, job, control);
  } finally {
    binding.dispose();
  }
}

/** Evaluates with the job's adapter in place. */
async function evaluating<T>(
  context: Context,
  job: EvaluateJob,
  {
    control,
    work,
  }: { readonly control: TrainControl; readonly work: (run: EvaluationRun) => Promise<T> },
): Promise<T> {
  const { description, examples } = await prepare(context, job, job.maxLength);
  const binding = bindAdapter(description, job.start, { kind: job.adapter.kind, train: [] });
  const { model, reads } = context;
  const read = reads.until(control.signal);
  const beforeBatch = () => turn(context, control);
  try {
    return await work({ model, binding, job, examples, read, beforeBatch, ...control });
  } finally {
    binding.dispose();
  }
}
