/** Models and jobs for tests of trainers in a tab; the same jobs run in Node. */
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  adapterKind,
  digest,
  initialAdapter,
  rngFromSeed,
  runId,
  trainingSchema,
} from "@fedtune/core";
import type { TrainJob } from "@fedtune/core";
import { describeModel, fileData, loadModelConfig } from "@fedtune/training";
import {
  builtinModelFolder,
  createWorkerTrainer,
  householdFile,
  nodeFiles,
} from "@fedtune/training/node";
import type { WorkerTrainer } from "@fedtune/training/node";
import { goldenPath } from "../../../../../packages/training/src/test-support/golden.ts";
import { reviews } from "../../../../../packages/training/src/test-support/jobs.ts";
import type { ModelFile } from "../types.ts";

/** A base model as a folder here and as files of the test's site. */
export interface TestModel {
  readonly folder: string;
  readonly files: readonly ModelFile[];
}

const common = ["config.json", "model.safetensors"];
const namesOf = {
  texts: [...common, "tokenizer.json", "tokenizer_config.json"],
  images: [...common, "preprocessor_config.json"],
};

async function testModel(
  folder: string,
  address: string,
  reads: keyof typeof namesOf = "texts",
): Promise<TestModel> {
  const files = namesOf[reads].map(async (name): Promise<ModelFile> => {
    const bytes = await readFile(join(folder, name));
    const hash = digest(createHash("sha256").update(bytes).digest("hex"));
    return { name, url: `${address}/${name}`, bytes: bytes.length, hash };
  });
  return { folder, files: await Promise.all(files) };
}

/** Folders that the site serves, by the first part of their address. */
export const siteFolders = {
  mini: builtinModelFolder("fedtune-mini") ?? "",
  tiny: goldenPath("tiny-bert"),
  vit: goldenPath("vit/tiny-vit"),
};
/** The built-in base model. */
export const mini = await testModel(siteFolders.mini, "/mini");
/** A model of some thousand weights. */
export const tiny = await testModel(siteFolders.tiny, "/tiny");
/** A model of images, 12 x 12 pixels in colours. */
export const vit = await testModel(siteFolders.vit, "/vit", "images");

/** The household intents of the demo. */
export const household = {
  path: "train.tsv",
  text: await readFile(householdFile("train.tsv"), "utf8"),
  labels: (await readFile(householdFile("labels.txt"), "utf8")).trim().split("\n"),
};

/** Ten short texts that the tiny model has words for. */
export const reviewFile = { path: "reviews.tsv", text: reviews };

/** What is varied of a job. */
export type JobChanges = Partial<Omit<TrainJob, "training">> & {
  readonly labels: readonly string[];
  readonly training: object;
};

/** A job over a file, for a model; it starts from a drawn adapter. */
export async function jobFor(
  { folder }: TestModel,
  path: string,
  { labels, training, ...changes }: JobChanges,
): Promise<TrainJob> {
  const config = await loadModelConfig(nodeFiles, folder);
  const adapter = { kind: "lora", rank: 4, loraAlpha: 8, targetModules: ["query", "value"] };
  const { layout } = describeModel(config, { ...adapter, labels });
  const kind = adapterKind(adapter.kind);
  return {
    ...{ run: runId("tab"), round: 1, rank: adapter.rank, adapter, residuals: [] },
    start: initialAdapter(layout, { ...adapter, kind }, rngFromSeed(7)),
    train: ["down", "up", "head"],
    freezeZeros: [],
    task: { kind: "sequence-classification", labels: [...labels] },
    training: trainingSchema.parse({ learningRate: 0.01, ...training }),
    privacy: { mode: "none" },
    seed: [1, 2, 3, 4],
    data: fileData({ kind: "file", path }),
    ...changes,
  };
}

/** A job of plain gradient steps over the reviews. */
export function reviewJob(
  training: object = {},
  changes: Partial<Omit<TrainJob, "training">> = {},
): Promise<TrainJob> {
  return jobFor(tiny, reviewFile.path, {
    labels: ["good", "bad"],
    training: { batchSize: 4, optimizer: { name: "sgd" }, ...training },
    ...changes,
  });
}

/** Does the same in Node, on wasm and one thread; `at` gives a job's data the path that it has there. */
export async function inNode<Result>(
  { folder }: TestModel,
  file: { readonly path: string; readonly text: string },
  work: (
    trainer: WorkerTrainer,
    at: <Job extends Pick<TrainJob, "data">>(job: Job) => Job,
  ) => Promise<Result>,
): Promise<Result> {
  const place = await mkdtemp(join(tmpdir(), "fedtune-tab-"));
  const trainer = createWorkerTrainer({ model: folder, backend: "wasm", threads: 1 });
  try {
    const path = join(place, file.path);
    await writeFile(path, file.text);
    return await work(trainer, (job) => ({ ...job, data: { ...job.data, path } }));
  } finally {
    await trainer.close();
    await rm(place, { recursive: true });
  }
}
