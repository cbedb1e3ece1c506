import { runId } from "@fedtune/core";
import type { EvaluateJob, Metrics, TrainControl } from "@fedtune/core";
import { classificationMetrics } from "@fedtune/training";
import type { LocalTrainer } from "@fedtune/training";
import type { Io } from "../io.ts";
import { tableText } from "../table.ts";
import { replaceFile } from "./adapter-folder.ts";
import { openBaseModel } from "./base-model.ts";
import { dataPath } from "./data-path.ts";
import { dataReference, labelsOf } from "./data-reference.ts";
import type { DataOptions } from "./data-reference.ts";
import { decimal, percent } from "./report-text.ts";
import { openSubject } from "./subject.ts";
import { openTrainer } from "./trainers.ts";
import type { ComputeOptions } from "./trainers.ts";

/** What `fedtune eval` was asked for. */
export interface EvalOptions extends ComputeOptions, DataOptions {
  readonly data: string;
  readonly model: string;
  readonly adapter?: string | undefined;
  readonly batchSize: number;
  readonly maxLength?: number | undefined;
  readonly logits?: string | undefined;
}

/** Evaluates an adapter, or the base model's own head; prints the metrics of its task. */
export async function runEval(options: EvalOptions, io: Io): Promise<undefined> {
  const data = dataReference(dataPath(options.data, "test"), options);
  const model = await openBaseModel(options.model, io);
  const subject = await openSubject(model, options.adapter ?? null, () => labelsOf(data));
  const { trainer, backend } = await openTrainer(model, options);
  const bar = io.progress("examples", 0);
  try {
    const { adapter, values, task } = subject;
    const job: EvaluateJob = {
      ...{ run: runId("eval"), rank: adapter.rank, adapter, task, data, residuals: [] },
      start: values,
      batchSize: options.batchSize,
      maxLength: options.maxLength ?? null,
    };
    const metrics = await measure(
      job,
      { trainer, logits: options.logits },
      {
        signal: io.signal,
        onProgress({ done, total }) {
          bar.setTotal(total);
          bar.update(done);
        },
      },
    );
    bar.stop();
    io.result(
      {
        model: model.name,
        adapter: options.adapter ?? null,
        data: options.data,
        backend: backend.name,
        labels: subject.task.labels,
        ...metrics,
      },
      () => metricsText(metrics),
    );
    return undefined;
  } finally {
    bar.stop();
    await trainer.close();
  }
}

/** Metrics of the task; with a path for logits those of every example too. */
async function measure(
  job: EvaluateJob,
  { trainer, logits }: { readonly trainer: LocalTrainer; readonly logits: string | undefined },
  control: TrainControl,
): Promise<Metrics> {
  const { kind, labels } = job.task;
  if (kind === "causal-lm" || logits === undefined) return trainer.evaluate(job, control);
  const found = await trainer.predict(job, control);
  await replaceFile(logits, logitLines(found, labels));
  return classificationMetrics({ ...found, classes: labels.length });
}

/** One JSON line per example: its true label and the logits in the order of the labels. */
function logitLines(
  { logits, labels: truth }: { readonly logits: Float32Array; readonly labels: Int32Array },
  labels: readonly string[],
): string {
  const width = labels.length;
  return Array.from(truth, (label, row) => {
    const own = [...logits.subarray(row * width, (row + 1) * width)];
    return `${JSON.stringify({ label: labels[label], logits: own })}\n`;
  }).join("");
}

function metricsText(metrics: Metrics): string {
  const { accuracy, macroF1, matthews, perplexity, tokenAccuracy, loss, examples = 0 } = metrics;
  const rows =
    perplexity === undefined
      ? [
          ["accuracy", percent(accuracy)],
          ["macro F1", percent(macroF1)],
          ["Matthews", decimal(matthews)],
        ]
      : [
          ["perplexity", decimal(perplexity)],
          ["token accuracy", percent(tokenAccuracy)],
          ["tokens", String(metrics["tokens"] ?? 0)],
        ];
  return tableText([], [...rows, ["loss", decimal(loss)], ["examples", String(examples)]]);
}
