/** `fedtune try`: texts or pictures in, labels or texts out. */
import { asFedtuneError, FedtuneError, rngFromSeed, runId } from "@fedtune/core";
import type { DataRef, EvaluateJob, TrainControl } from "@fedtune/core";
import { imageData, parseSampling } from "@fedtune/training";
import type { LocalTrainer } from "@fedtune/training";
import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { createInterface } from "node:readline";
import type { Io } from "../io.ts";
import { tableText } from "../table.ts";
import { openBaseModel } from "./base-model.ts";
import { percent } from "./report-text.ts";
import { openSubject } from "./subject.ts";
import type { Subject } from "./subject.ts";
import { openTrainer } from "./trainers.ts";
import type { ComputeOptions } from "./trainers.ts";

/** What `fedtune try` was asked for. */
export interface TryOptions extends ComputeOptions {
  readonly texts: readonly string[];
  readonly model: string;
  readonly adapter?: string | undefined;
  readonly labels?: string | undefined;
  readonly pair?: string | undefined;
  readonly maxNewTokens: number;
  readonly temperature: number;
  readonly topK?: number | undefined;
  readonly topP?: number | undefined;
  readonly seed: number;
}

/** Answers every text, in order. */
export async function runTry(options: TryOptions, io: Io): Promise<undefined> {
  const texts = options.texts.length > 0 ? options.texts : await linesOfInput();
  if (texts.length === 0)
    throw new FedtuneError("usage", "Cannot try the model: wanted a text, or lines to read");
  const model = await openBaseModel(options.model, io);
  const subject = await openSubject(model, options.adapter ?? null, () => labelsOf(options));
  const { trainer, backend } = await openTrainer(model, options);
  const control = { signal: io.signal };
  try {
    const answers =
      subject.task.kind === "causal-lm"
        ? await write({ trainer, subject, texts, options }, control)
        : await classify({ trainer, subject, texts, options }, control);
    io.result(
      { model: model.name, adapter: options.adapter ?? null, backend: backend.name, answers },
      () => answers.map(answerText).join("\n\n"),
    );
    return undefined;
  } finally {
    await trainer.close();
  }
}

async function linesOfInput(): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const line of createInterface({ input: process.stdin })) lines.push(line);
  return lines.filter((line) => line.trim() !== "");
}

function labelsOf({ labels }: TryOptions): Promise<readonly string[]> {
  if (labels !== undefined) return Promise.resolve(labels.split(",").map((label) => label.trim()));
  const message = "Cannot name the labels: the adapter's file has none; give --labels a,b,c";
  return Promise.reject(new FedtuneError("usage", message));
}

interface Task {
  readonly trainer: LocalTrainer;
  readonly subject: Subject;
  readonly texts: readonly string[];
  readonly options: TryOptions;
}

/** What was made of one text. */
type Answer =
  | { readonly text: string; readonly labels: readonly { label: string; probability: number }[] }
  | { readonly text: string; readonly continuation: string; readonly ends: "end" | "length" };

function jobOf({
  adapter,
  values,
  task,
}: Subject): Omit<EvaluateJob, "data" | "maxLength" | "batchSize"> {
  const { rank } = adapter;
  return { run: runId("try"), rank, adapter, task, start: values, residuals: [] };
}

async function write(
  { trainer, subject, texts, options }: Task,
  control: TrainControl,
): Promise<readonly Answer[]> {
  const { temperature, topK = null, topP = 1, maxNewTokens, seed } = options;
  const sampling = parseSampling({ temperature, topK, topP });
  const answers: Answer[] = [];
  for (const [index, text] of texts.entries()) {
    const { key } = rngFromSeed(seed).fork(`text/${index}`).state();
    const { text: continuation, ends } = await trainer.generate(
      { ...jobOf(subject), prompt: text, maxNewTokens, sampling, seed: key },
      control,
    );
    answers.push({ text, continuation, ends });
  }
  return answers;
}

/** The trainer reads files: the texts are one for as long as that takes, and pictures a folder. */
async function classify(
  { trainer, subject, texts, options: { pair } }: Task,
  control: TrainControl,
): Promise<readonly Answer[]> {
  const { labels } = subject.task;
  const folder = await mkdtemp(join(tmpdir(), "fedtune-try-"));
  try {
    const isImages = subject.task.kind === "image-classification";
    const data = await (isImages ? pictureFolder(texts, folder) : textFile(texts, pair, folder));
    const task = { ...subject.task, labels: labels.map((_, index) => String(index)) };
    const job = { ...jobOf(subject), task, data, batchSize: 16, maxLength: null };
    const { logits } = await trainer.predict(job, control);
    return texts.map((text, row) => {
      const own = logits.subarray(row * labels.length, (row + 1) * labels.length);
      return { text, labels: ranked(own, labels) };
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Nobody knows the label of what is tried: labels are numbered, and all examples have the first. */
const SOME_LABEL = "0";

async function textFile(
  texts: readonly string[],
  pair: string | undefined,
  folder: string,
): Promise<DataRef> {
  const path = join(folder, "texts.jsonl");
  const rows = texts.map((text) => JSON.stringify({ text, pair, label: SOME_LABEL }));
  await writeFile(path, rows.join("\n"), { mode: 0o600 });
  return { kind: "file", path, textPair: pair === undefined ? null : "pair" };
}

/** Copies under numbers, so that the pictures keep the order in which they were named. */
async function pictureFolder(paths: readonly string[], folder: string): Promise<DataRef> {
  await mkdir(join(folder, SOME_LABEL));
  for (const [index, path] of paths.entries()) {
    const name = `${String(index).padStart(8, "0")}${extname(path)}`;
    await copyFile(path, join(folder, SOME_LABEL, name)).catch((cause: unknown) => {
      const message = `Cannot read the picture ${path}: ${asFedtuneError(cause).message}`;
      throw new FedtuneError("file-unreadable", message, { data: { path }, cause });
    });
  }
  return imageData({ kind: "images", path: `${folder}/` });
}

/** Labels with their probabilities, the likeliest first. */
function ranked(logits: Float32Array, labels: readonly string[]) {
  const largest = Math.max(...logits);
  const powers = Array.from(logits, (value) => Math.exp(value - largest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return labels
    .map((label, index) => ({ label, probability: (powers[index] ?? 0) / sum }))
    .sort((a, b) => b.probability - a.probability);
}

/** How many labels of one text are shown. */
const SHOWN = 5;

function answerText(answer: Answer): string {
  if ("continuation" in answer) return `${answer.text}${answer.continuation}`;
  const rows = answer.labels
    .slice(0, SHOWN)
    .map(({ label, probability }) => [percent(probability), label]);
  return `${answer.text}\n${tableText([], rows)}`;
}
