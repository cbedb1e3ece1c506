import { adapterKind, FedtuneError, factorView, runId } from "@fedtune/core";
import type { EvaluateJob, Layout } from "@fedtune/core";
import {
  classificationMetrics,
  discoverLabels,
  fileData,
  linearModules,
  loadCheckpoint,
} from "@fedtune/training";
import type { FileData } from "@fedtune/training";
import { nodeFiles } from "@fedtune/training/node";
import { z } from "zod";
import type { Io } from "../io.ts";
import { tableText } from "../table.ts";
import { adapterMetadata, loadAdapter, replaceFile } from "./adapter-folder.ts";
import { openBaseModel } from "./base-model.ts";
import type { BaseModel } from "./base-model.ts";
import { dataPath } from "./data-path.ts";
import { decimal, percent } from "./report-text.ts";
import { openTrainer } from "./trainers.ts";

/** What `fedtune eval` was asked for. */
export interface EvalOptions {
  readonly data: string;
  readonly model: string;
  readonly adapter?: string | undefined;
  readonly text?: string | undefined;
  readonly textPair?: string | undefined;
  readonly label?: string | undefined;
  readonly batchSize: number;
  readonly maxLength?: number | undefined;
  readonly backend?: string | undefined;
  readonly logits?: string | undefined;
}

/** What is evaluated: adapter settings, the values over their layout, and the labels in order. */
interface Subject {
  readonly adapter: EvaluateJob["adapter"];
  readonly values: Float32Array;
  readonly labels: readonly string[];
}

/** Evaluates an adapter, or the base model's own head; prints accuracy, macroF1, matthews and loss. */
export async function runEval(options: EvalOptions, io: Io): Promise<undefined> {
  const { text = "text", textPair, label = "label" } = options;
  const data = fileData({
    kind: "file",
    path: dataPath(options.data, "test"),
    text,
    textPair: textPair ?? null,
    label,
  });
  const model = await openBaseModel(options.model);
  const subject = await (options.adapter === undefined
    ? ownHead(model, data)
    : fromAdapter(model, options.adapter, data));
  const { trainer, backend } = await openTrainer(model, options.backend);
  const bar = io.progress("examples", 0);
  try {
    const found = await trainer.predict(
      {
        run: runId("eval"),
        rank: subject.adapter.rank,
        adapter: subject.adapter,
        start: subject.values,
        residuals: [],
        task: { kind: "sequence-classification", labels: [...subject.labels] },
        data,
        batchSize: options.batchSize,
        maxLength: options.maxLength ?? null,
      },
      {
        signal: io.signal,
        onProgress({ done, total }) {
          bar.setTotal(total);
          bar.update(done);
        },
      },
    );
    const metrics = classificationMetrics({ ...found, classes: subject.labels.length });
    if (options.logits !== undefined)
      await replaceFile(options.logits, logitLines(found, subject.labels));
    bar.stop();
    io.result(
      {
        model: model.name,
        adapter: options.adapter ?? null,
        data: options.data,
        backend: backend.name,
        labels: subject.labels,
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

/** The adapter's values over the base model's own layout, its labels from the file or, if it names none, the data. */
async function fromAdapter(model: BaseModel, folder: string, data: FileData): Promise<Subject> {
  const read = await loadAdapter(folder, model.prefix);
  const labels = (await savedLabels(folder)) ?? (await discoverLabels(nodeFiles, data));
  const modules = read.layout.factors
    .filter(({ role }) => role === "down")
    .map(({ module }) => module);
  const adapter = {
    kind: read.kind.name,
    rank: read.rank,
    loraAlpha: read.loraAlpha,
    targetModules: modules,
  };
  const { layout } = model.describe({ adapter, task: { labels } });
  return { adapter, labels, values: onto(layout, read, folder) };
}

/** Puts an adapter's factors in the places of the model's layout. */
function onto(
  layout: Layout,
  read: { readonly layout: Layout; readonly values: Float32Array },
  folder: string,
): Float32Array {
  const values = new Float32Array(layout.size);
  for (const factor of layout.factors) {
    const found = read.layout.factors.find(({ name }) => name === factor.name);
    const shape = found?.shape.join(", ") ?? "nothing";
    if (found?.shape.join() !== factor.shape.join()) {
      const message = `Cannot use adapter ${folder} on this base model: "${factor.name}" is [${shape}], wanted [${factor.shape.join(", ")}]`;
      throw new FedtuneError("adapter-invalid", message, {
        data: { folder, factor: factor.name, wanted: factor.shape },
      });
    }
    values.set(factorView(read.values, found), factor.offset);
  }
  return values;
}

const labelList = z.array(z.string()).min(2);

async function savedLabels(folder: string): Promise<readonly string[] | null> {
  const text = (await adapterMetadata(folder)).get("labels");
  return text === undefined ? null : labelList.parse(JSON.parse(text));
}

/** The base model with the head that its checkpoint carries, under an adapter that changes nothing. */
async function ownHead(model: BaseModel, data: FileData): Promise<Subject> {
  const labels = await discoverLabels(nodeFiles, data);
  const { config, head } = await loadCheckpoint(nodeFiles, model.folder);
  const targetModules = linearModules(config)
    .slice(0, 1)
    .map(({ name }) => name);
  const adapter = { kind: adapterKind("lora").name, rank: 1, loraAlpha: 1, targetModules };
  const { layout } = model.describe({ adapter, task: { labels } });
  const values = new Float32Array(layout.size);
  for (const factor of layout.factors.filter(({ role }) => role === "head")) {
    const weight = head.get(factor.name);
    if (weight?.shape.join() !== factor.shape.join()) {
      const found = weight === undefined ? "no" : `a [${weight.shape.join(", ")}]`;
      const message = `Cannot evaluate base model "${model.name}" alone: it has ${found} "${factor.name}", wanted [${factor.shape.join(", ")}] for ${labels.length} labels; give --adapter`;
      throw new FedtuneError("model-invalid", message, {
        data: { model: model.name, factor: factor.name, wanted: factor.shape },
      });
    }
    values.set(weight.values, factor.offset);
  }
  return { adapter, labels, values };
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

function metricsText(metrics: Readonly<Record<string, number>>): string {
  const { accuracy, macroF1, matthews, loss, examples } = metrics;
  return tableText(
    [],
    [
      ["accuracy", percent(accuracy)],
      ["macro F1", percent(macroF1)],
      ["Matthews", decimal(matthews)],
      ["loss", decimal(loss)],
      ["examples", String(examples ?? 0)],
    ],
  );
}
