/** `fedtune merge`: base model and adapter as one checkpoint. */
import { FedtuneError, writeSafetensors } from "@fedtune/core";
import { fromLlama2c, loadCheckpoint, mergedTensors } from "@fedtune/training";
import { chooseBackend, nodeFiles } from "@fedtune/training/node";
import type { BackendRequest } from "@fedtune/training/node";
import { existsSync } from "node:fs";
import { copyFile, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Io } from "../io.ts";
import { openBaseModel } from "./base-model.ts";
import { openSubject } from "./subject.ts";

/** What `fedtune merge` was asked for. */
export interface MergeOptions {
  readonly adapter: string;
  readonly out: string;
  readonly model: string;
  readonly backend?: string | undefined;
}

/** What a checkpoint has beside its weights, where the base model has it. */
const alongside = [
  ...["tokenizer.json", "tokenizer_config.json", "vocab.txt", "special_tokens_map.json"],
  ...["merges.txt", "vocab.json", "tokenizer.bin"],
];

/** Writes the folder whole or not at all. */
export async function runMerge(options: MergeOptions, io: Io): Promise<undefined> {
  const { adapter: folder, out } = options;
  if (existsSync(out)) {
    const message = `Cannot write to ${out}: it exists, wanted a new folder`;
    throw new FedtuneError("usage", message, { data: { out } });
  }
  const model = await openBaseModel(options.model, io);
  const { adapter, values, task } = await openSubject(model, folder, noLabels(folder));
  await chooseBackend((options.backend ?? "auto") as BackendRequest);
  const checkpoint = await loadCheckpoint(nodeFiles, model.folder);
  const tensors = await mergedTensors(checkpoint, { ...adapter, labels: task.labels }, values);
  const bytes = writeSafetensors(tensors, { format: "pt" });
  const draft = `${out}.${process.pid}.tmp`;
  try {
    await mkdir(draft, { recursive: true });
    await writeFile(join(draft, "model.safetensors"), bytes);
    await writeFile(join(draft, "config.json"), await configOf(model.folder, task.labels));
    for (const name of alongside) {
      const from = join(model.folder, name);
      if (existsSync(from)) await copyFile(from, join(draft, name));
    }
    await rename(draft, out);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  io.result({ out, tensors: tensors.length, bytes: bytes.length, labels: task.labels }, () =>
    [`Checkpoint: ${out}`, `${tensors.length} tensors, ${bytes.length} bytes`].join("\n"),
  );
  return undefined;
}

function noLabels(folder: string): () => Promise<never> {
  const message = `Cannot merge ${folder}: its adapter_model.safetensors names no labels`;
  return () => Promise.reject(new FedtuneError("adapter-invalid", message));
}

/** The base model's configuration, under HuggingFace's names, with the labels of the task. */
async function configOf(folder: string, labels: readonly string[]): Promise<string> {
  const raw = JSON.parse(await readFile(join(folder, "config.json"), "utf8")) as object;
  const config = fromLlama2c(raw) ?? raw;
  const named =
    labels.length === 0
      ? {}
      : {
          num_labels: labels.length,
          id2label: Object.fromEntries(labels.map((label, index) => [String(index), label])),
          label2id: Object.fromEntries(labels.map((label, index) => [label, index])),
        };
  return `${JSON.stringify({ ...config, ...named }, null, 2)}\n`;
}
