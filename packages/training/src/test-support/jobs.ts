/** Small jobs over a tiny checkpoint, for tests of trainers. */
import {
  adapterKind,
  initialAdapter,
  rngFromSeed,
  runId,
  trainingSchema,
  utf8,
} from "@fedtune/core";
import type { Entropy, EvaluateJob, TrainControl, TrainJob } from "@fedtune/core";
import { fileData } from "../data/reference.ts";
import { nodeFiles } from "../backends/node-files.ts";
import { memoryFiles } from "../files.ts";
import type { Checkpoint } from "../models/checkpoint.ts";
import { loadCheckpoint } from "../models/checkpoint.ts";
import { describeModel } from "../models/describe.ts";
import { loadTokenizer } from "../tokenizer/tokenizer.ts";
import type { LocalTrainer } from "../trainer/trainer.ts";
import { createTrainer } from "../trainer/trainer.ts";
import { goldenPath } from "./golden.ts";

const words = {
  good: [
    "good",
    "very good",
    "great film",
    "a good film, very good",
    "the movie was good and the film was good",
  ],
  bad: [
    "bad",
    "very bad",
    "not good",
    "a bad film, it was bad",
    "the movie was bad, the world is bad",
  ],
};

/** Ten rows of two labels. */
export const reviews = `text\tlabel\n${Object.entries(words)
  .flatMap(([label, texts]) => texts.map((text) => `${text}\t${label}\n`))
  .join("")}`;

/** A control that never aborts. */
export const noAbort: TrainControl = { signal: new AbortController().signal };

/** What tests vary of a trainer. */
export interface TinyOptions {
  readonly files?: Readonly<Record<string, Uint8Array>>;
  readonly entropy?: Entropy;
  readonly stepBytes?: number;
}

/** A trainer in this thread over a checkpoint below `golden/`, with the reviews as `reviews.tsv`. */
export async function tinyTrainer(
  base = "tiny-bert",
  { files = { "reviews.tsv": utf8(reviews) }, ...options }: TinyOptions = {},
): Promise<{ trainer: LocalTrainer; checkpoint: Checkpoint }> {
  const checkpoint = await loadCheckpoint(nodeFiles, goldenPath(base));
  const tokenizer = await loadTokenizer(nodeFiles, goldenPath(base));
  const trainer = createTrainer({
    checkpoint,
    tokenizer,
    files: memoryFiles(files),
    clock: performance,
    pause: () => new Promise((resolve) => setImmediate(resolve)),
    ...options,
  });
  return { trainer, checkpoint };
}

/** A training job over the reviews. */
export function tinyJob(checkpoint: Checkpoint, changes: Partial<TrainJob> = {}): TrainJob {
  const targetModules =
    checkpoint.config.family === "distilbert" ? ["q_lin", "v_lin"] : ["query", "value"];
  const adapter = { kind: "lora", rank: 4, loraAlpha: 8, targetModules, ...changes.adapter };
  const labels = ["good", "bad"];
  const { layout } = describeModel(checkpoint.config, { ...adapter, labels });
  return {
    run: runId("test"),
    round: 1,
    rank: adapter.rank,
    start:
      changes.start ??
      initialAdapter(layout, { ...adapter, kind: adapterKind(adapter.kind) }, rngFromSeed(7)),
    residuals: [],
    train: ["down", "up", "head"],
    freezeZeros: [],
    task: { kind: "sequence-classification", labels },
    training: trainingSchema.parse({ batchSize: 4, learningRate: 0.01 }),
    privacy: { mode: "none" },
    seed: [1, 2, 3, 4],
    data: fileData({ kind: "file", path: "reviews.tsv" }),
    ...changes,
    adapter,
  };
}

/** The evaluation that goes with a training job. */
export function evaluationOf({
  run,
  rank,
  adapter,
  start,
  residuals,
  task,
  data,
}: TrainJob): EvaluateJob {
  return { run, rank, adapter, start, residuals, task, data, batchSize: 4, maxLength: null };
}
