/** What a verb evaluates, tries or merges: an adapter on a base model, or the base model as it is. */
import { adapterKind, FedtuneError, factorView } from "@fedtune/core";
import type { EvaluateJob, Layout } from "@fedtune/core";
import { linearModules, loadCheckpoint } from "@fedtune/training";
import { nodeFiles } from "@fedtune/training/node";
import { z } from "zod";
import { adapterMetadata, loadAdapter } from "./adapter-folder.ts";
import type { BaseModel } from "./base-model.ts";

/** Adapter settings, the values over their layout, and the task. */
export interface Subject {
  readonly adapter: EvaluateJob["adapter"];
  readonly values: Float32Array;
  readonly task: EvaluateJob["task"];
}

/** Where the labels come from when the adapter's file names none. */
export type FindLabels = () => Promise<readonly string[]>;

/**
 * Opens an adapter folder, or with null the base model under an adapter that changes nothing.
 *
 * @throws FedtuneError `adapter-invalid`, `model-invalid` naming what does not fit
 */
export function openSubject(
  model: BaseModel,
  folder: string | null,
  findLabels: FindLabels,
): Promise<Subject> {
  return folder === null ? ownHead(model, findLabels) : fromAdapter(model, folder, findLabels);
}

function taskOf({ readsImages }: BaseModel, labels: readonly string[]): EvaluateJob["task"] {
  if (labels.length === 0) return { kind: "causal-lm", labels: [] };
  const kind = readsImages ? "image-classification" : "sequence-classification";
  return { kind, labels: [...labels] };
}

/** The adapter's values over the base model's own layout. */
async function fromAdapter(
  model: BaseModel,
  folder: string,
  findLabels: FindLabels,
): Promise<Subject> {
  const read = await loadAdapter(folder, model.prefix);
  const isLanguage = read.taskType === "CAUSAL_LM";
  const labels = isLanguage ? [] : ((await savedLabels(folder)) ?? (await findLabels()));
  const modules = read.layout.factors
    .filter(({ role }) => role === "down")
    .map(({ module }) => module);
  const adapter = {
    kind: read.kind.name,
    rank: read.rank,
    loraAlpha: read.loraAlpha,
    targetModules: modules,
  };
  const task = taskOf(model, labels);
  const { layout } = model.describe({ adapter, task });
  return { adapter, task, values: onto(layout, read, folder) };
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

/** The base model with the head that its checkpoint carries; a decoder without one writes texts. */
async function ownHead(model: BaseModel, findLabels: FindLabels): Promise<Subject> {
  const { config, head } = await loadCheckpoint(nodeFiles, model.folder);
  const isLanguage = config.decoder !== null && head.size === 0;
  const labels = isLanguage ? [] : await findLabels();
  const targetModules = linearModules(config)
    .slice(0, 1)
    .map(({ name }) => name);
  const adapter = { kind: adapterKind("lora").name, rank: 1, loraAlpha: 1, targetModules };
  const task = taskOf(model, labels);
  const { layout } = model.describe({ adapter, task });
  const values = new Float32Array(layout.size);
  for (const factor of layout.factors.filter(({ role }) => role === "head")) {
    const weight = head.get(factor.name);
    if (weight?.shape.join() !== factor.shape.join()) {
      const found = weight === undefined ? "no" : `a [${weight.shape.join(", ")}]`;
      const message = `Cannot use base model "${model.name}" alone: it has ${found} "${factor.name}", wanted [${factor.shape.join(", ")}] for ${labels.length} labels; give --adapter`;
      throw new FedtuneError("model-invalid", message, {
        data: { model: model.name, factor: factor.name, wanted: factor.shape },
      });
    }
    values.set(weight.values, factor.offset);
  }
  return { adapter, task, values };
}
