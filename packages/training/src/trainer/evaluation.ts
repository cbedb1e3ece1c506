/** Passes over all examples without training: logits of labels, scores of tokens. */
import type { EvaluateJob, Metrics, TrainControl } from "@fedtune/core";
import type { Example, HostBatch } from "../data/batch.ts";
import { lengthOf, sortedBatches } from "../data/batch.ts";
import type { DeviceModel } from "../models/device.ts";
import type { Binding } from "./binding.ts";
import type { ReadTensor } from "./device-reads.ts";
import { batchLogits, batchTokens, paddedFor } from "./gradient.ts";
import { openLanguageMetrics } from "./language-metrics.ts";

/** Logits of every example of a data reference, in file order. */
export interface Prediction {
  /** `[examples * labels]`, row-major. */
  readonly logits: Float32Array;
  /** Indices into the task's labels; `[examples]`. */
  readonly labels: Int32Array;
}

/** What is evaluated, and on what. */
export interface EvaluationRun extends Pick<TrainControl, "onProgress"> {
  readonly model: DeviceModel;
  readonly binding: Binding;
  readonly job: EvaluateJob;
  readonly examples: readonly Example[];
  readonly read: ReadTensor;
  /** Lets other work run and throws when the job was cancelled. */
  readonly beforeBatch: () => Promise<void>;
}

/** Logits of a classification. */
export async function predictAll(run: EvaluationRun): Promise<Prediction> {
  const { model, binding, job, examples, read } = run;
  const classes = job.task.labels.length;
  const logits = new Float32Array(examples.length * classes);
  await eachBatch(run, async (batch, indices) => {
    const found = await batchLogits({ model, binding, batch, read }, job.start);
    indices.forEach((index, row) => {
      logits.set(found.subarray(row * classes, (row + 1) * classes), index * classes);
    });
  });
  return { logits, labels: Int32Array.from(examples, ({ label }) => label) };
}

/** Metrics of a language model: means over all tokens that are to be predicted. */
export async function evaluateTokens(run: EvaluationRun): Promise<Metrics> {
  const { model, binding, job, read } = run;
  const totals = openLanguageMetrics();
  await eachBatch(run, async (batch, indices) => {
    totals.add(await batchTokens({ model, binding, batch, read }, job.start), indices.length);
  });
  return totals.metrics();
}

/** Batches of like lengths, the longest first. */
async function eachBatch(
  { model, job, examples, beforeBatch, onProgress }: EvaluationRun,
  work: (batch: HostBatch, indices: readonly number[]) => Promise<void>,
): Promise<void> {
  const lengths = examples.map(lengthOf);
  let done = 0;
  for (const indices of sortedBatches(lengths, job.batchSize)) {
    await beforeBatch();
    const part = indices.flatMap((index) => examples[index] ?? []);
    await work(paddedFor(model, part), indices);
    done += indices.length;
    onProgress?.({ done, total: examples.length });
  }
}
