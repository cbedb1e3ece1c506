/** What this device can do: a few steps of the run's own training, whose result is forgotten. */
import { isFedtuneError, runId } from "@fedtune/core";
import type { DataRef, TrainControl, TrainingSettings, TrainJob } from "@fedtune/core";
import { describeModel, fileData, imageData } from "@fedtune/training";
import type { LocalTrainer, ModelConfig } from "@fedtune/training";
import { deviceMemory, measureSpeed } from "@fedtune/training/browser";
import type { ChosenBrowserBackend } from "@fedtune/training/browser";
import { packPictures } from "./picture-pack.ts";
import type { DeviceQuestion, DeviceReport } from "./types.ts";

/** What the check works with. */
export interface CheckParts {
  readonly trainer: LocalTrainer;
  readonly config: ModelConfig;
  readonly backend: ChosenBrowserBackend;
  readonly memory: Omit<DeviceReport["memory"], "usedBytes">;
  /** Data files by path; the examples that stand for a file are put among them for a while. */
  readonly files: Map<string, Blob>;
  readonly control: TrainControl;
}

/** Steps are timed until both are reached, or the epochs are over; the first one warms up and is not counted. */
const ENOUGH = { steps: 3, milliseconds: 1500 } as const;
/** Enough steps for the smallest file. */
const EPOCHS = 8;
/** Steps that would take longer are not tried whole: one example tells enough. */
const LONGEST_STEP_SECONDS = 15;
/** Standing in for a file, under a name that no file has. */
const SAMPLE = "/device-check";

/** Trains and measures. @throws FedtuneError as training does, also for data that cannot be used */
export async function checkDevice(
  question: DeviceQuestion,
  parts: CheckParts,
): Promise<DeviceReport> {
  const { backend, config, memory, files, trainer, control } = parts;
  const { gflops } = await measureSpeed();
  if (question.data === null) files.set(SAMPLE, await sampleFile(question, config));
  try {
    const { batchSize, localEpochs, maxSteps } = question.training;
    const one = jobOf(question, config, { batchSize: 1, microBatchSize: null, maxSteps: 2 });
    const least = batchSize * (await timeSteps(trainer, one, control)).stepSeconds;
    const all = jobOf(question, config, { maxSteps: null });
    const isSlow = least > LONGEST_STEP_SECONDS;
    const whole = isSlow ? null : await timeSteps(trainer, all, control);
    const epochSteps = (whole?.steps ?? 0) / EPOCHS;
    return {
      ...{ backend, gflops, stepSeconds: whole?.stepSeconds ?? least },
      stepsPerRound:
        question.data === null || isSlow
          ? null
          : Math.min(localEpochs * epochSteps, maxSteps ?? Number.POSITIVE_INFINITY),
      memory: { ...memory, usedBytes: deviceMemory() },
    };
  } finally {
    files.delete(SAMPLE);
  }
}

/** Seconds of a step, and how many steps the whole job would have. */
async function timeSteps(
  trainer: LocalTrainer,
  job: TrainJob,
  control: TrainControl,
): Promise<{ readonly stepSeconds: number; readonly steps: number }> {
  const { signal } = control;
  const enough = new AbortController();
  const stop = (): void => enough.abort();
  signal.addEventListener("abort", stop, { once: true });
  const ends: number[] = [];
  let steps = 0;
  try {
    await trainer.train(job, {
      signal: enough.signal,
      onProgress(progress) {
        control.onProgress?.(progress);
        steps = progress.total;
        ends.push(performance.now());
        if (ends.length > ENOUGH.steps && span(ends) >= ENOUGH.milliseconds) stop();
      },
    });
  } catch (error) {
    if (signal.aborted || !isFedtuneError(error, "cancelled")) throw error;
  } finally {
    signal.removeEventListener("abort", stop);
  }
  return { stepSeconds: span(ends) / 1000 / Math.max(1, ends.length - 1), steps };
}

function span(ends: readonly number[]): number {
  return (ends.at(-1) ?? 0) - (ends[0] ?? 0);
}

/** The run's training from an adapter of zeros; no privacy, since nothing of it is kept. */
function jobOf(
  { adapter, task, training, data }: DeviceQuestion,
  config: ModelConfig,
  changes: Partial<TrainingSettings>,
): TrainJob {
  const { layout } = describeModel(config, { ...adapter, labels: task.labels });
  const roles = new Set(layout.factors.map(({ role }) => role));
  roles.delete("projection");
  return {
    ...{ run: runId("device-check"), round: 1, rank: adapter.rank, adapter, task },
    start: new Float32Array(layout.size),
    residuals: [],
    train: [...roles],
    freezeZeros: [],
    training: { ...training, localEpochs: EPOCHS, ...changes },
    privacy: { mode: "none" },
    seed: [1, 2, 3, 4],
    data: data ?? sampleReference(config),
  };
}

function sampleReference({ image }: ModelConfig): DataRef {
  return image === null
    ? fileData({ kind: "file", path: SAMPLE, format: "jsonl" })
    : imageData({ kind: "images", path: SAMPLE, format: "folder" });
}

/** One batch: texts that are as long as the run lets them be, or pictures in the size of the model. */
async function sampleFile(
  { task, training }: DeviceQuestion,
  { image }: ModelConfig,
): Promise<Blob> {
  const [label = ""] = task.labels;
  if (image !== null) {
    const canvas = new OffscreenCanvas(image.width, image.height);
    canvas.getContext("2d");
    const picture = await canvas.convertToBlob();
    return packPictures(
      Array.from({ length: training.batchSize }, (_, index) => {
        return { folder: label, name: `${index}.png`, picture };
      }),
    );
  }
  const text = "a ".repeat(training.maxLength);
  return new Blob([`${JSON.stringify({ text, label })}\n`.repeat(training.batchSize)]);
}
