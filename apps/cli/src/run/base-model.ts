/** The base model of a run on this machine: a built-in one by name, or a checkpoint folder. */
import { FedtuneError, prepareRun, readsBase, runId } from "@fedtune/core";
import type { AdapterSettings, BaseWeight, ResolvedRun, RunSetup } from "@fedtune/core";
import { nodeHash } from "@fedtune/node-ports";
import type { AskedModel } from "@fedtune/server";
import { describeModel, loadCheckpoint, loadModelConfig, modelPrefix } from "@fedtune/training";
import type { ModelDescription } from "@fedtune/training";
import { builtinModelFolder, nodeFiles } from "@fedtune/training/node";
import { existsSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";

/** What decides an adapter's shape. */
export interface AdapterRequest {
  readonly adapter: AdapterSettings & {
    readonly kind: string;
    readonly targetModules: readonly string[];
  };
  readonly task: { readonly labels: readonly string[] };
}

/** A base model that lies here. */
export interface BaseModel {
  /** As the run names it. */
  readonly name: string;
  readonly folder: string;
  /** What HuggingFace and PEFT put before module names, for example `bert.`. */
  readonly prefix: string;
  /** @throws FedtuneError `config-invalid` when a target module is unknown */
  describe(request: AdapterRequest): ModelDescription;
  /** The linear weights, for adapters whose first values come from them; reads the whole checkpoint. */
  weights(): Promise<BaseWeight>;
}

/** Where a base model lies: a built-in one with this package, any other in the folder of its name. */
export function modelFolder(name: string): string {
  return builtinModelFolder(name) ?? resolve(name);
}

/**
 * Opens a base model by its built-in name or folder; reads its configuration only.
 *
 * @throws FedtuneError `model-invalid` when the folder is missing or holds no model
 */
export async function openBaseModel(name: string): Promise<BaseModel> {
  const folder = modelFolder(name);
  if (!existsSync(folder)) {
    throw new FedtuneError(
      "model-invalid",
      `Cannot open base model "${name}": wanted a built-in model or a folder, found no ${folder}`,
      {
        data: { model: name, folder },
      },
    );
  }
  const config = await loadModelConfig(nodeFiles, folder);
  return {
    name,
    folder,
    prefix: modelPrefix(config),
    describe: ({ adapter, task }) => describeModel(config, { ...adapter, labels: task.labels }),
    async weights() {
      const { weights } = await loadCheckpoint(nodeFiles, folder);
      return (module) => {
        const weight = weights.get(`${module}.weight`);
        if (weight === undefined) throw new RangeError(`Cannot find the weight of "${module}"`);
        return weight.values;
      };
    },
  };
}

/**
 * Asks a base model what its adapters are like, as estimates do; of its weights only the size is looked at.
 *
 * @throws FedtuneError `model-invalid`
 */
export async function askModel(name: string): Promise<AskedModel> {
  const model = await openBaseModel(name);
  const { folder } = model;
  const files = (await readdir(folder)).filter((file) => file.endsWith(".safetensors"));
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(folder, file))).size));
  const describe: AskedModel["describe"] = (request) => model.describe(request);
  return { describe, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}

/**
 * The adapter of round 0 where the run took its product out of the base (PiSSA): an export says what is left relative
 * to the base as everyone has it. Null for other runs.
 */
export async function takenOutOf(
  model: BaseModel,
  resolved: ResolvedRun,
): Promise<Float32Array | null> {
  const { init, rank } = resolved.config.adapter;
  if (init !== "pissa") return null;
  const { initialState } = await prepareWith(model, resolved);
  return resolved.method.adapter(initialState, rank);
}

/** Prepares a run over a base model that lies here. */
export async function prepareWith(model: BaseModel, resolved: ResolvedRun): Promise<RunSetup> {
  const { name, task } = resolved.config;
  return prepareRun(runId(name), resolved, {
    describe: (adapter) => model.describe({ adapter, task }),
    weights: readsBase(resolved) ? await model.weights() : null,
    hash: nodeHash,
  });
}
