/** The base model of a run on this machine: a built-in one by name, a checkpoint folder, or one of a hub. */
import { FedtuneError, prepareRun, readsBase, runId } from "@fedtune/core";
import type { AdapterSettings, BaseWeight, ResolvedRun, RunSetup } from "@fedtune/core";
import { nodeHash } from "@fedtune/node-ports";
import type { AskedModel } from "@fedtune/server";
import {
  defaultTargets,
  describeModel,
  loadCheckpoint,
  loadModelConfig,
  modelPrefix,
} from "@fedtune/training";
import type { ModelDescription } from "@fedtune/training";
import {
  builtinModelFolder,
  fetchHubModel,
  hubModelFolder,
  hubName,
  hubSettings,
  isCommit,
  isMarked,
  nodeFiles,
  parseHubName,
} from "@fedtune/training/node";
import type { HubName } from "@fedtune/training/node";
import { existsSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Io } from "../io.ts";

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
  /** As the run names it; one of a hub by its commit, whatever it was asked for by. */
  readonly name: string;
  readonly folder: string;
  /** What HuggingFace and PEFT put before module names, for example `bert.`. */
  readonly prefix: string;
  /** Whether it reads images rather than texts. */
  readonly readsImages: boolean;
  /** What is adapted where a config does not say. */
  readonly defaultTargets: readonly string[];
  /** @throws FedtuneError `config-invalid` when a target module is unknown */
  describe(request: AdapterRequest): ModelDescription;
  /** The linear weights, for adapters whose first values come from them; reads the whole checkpoint. */
  weights(): Promise<BaseWeight>;
}

/**
 * Where a base model lies, without asking anybody: a built-in one with this package, one of a hub, named by its commit, in
 * the cache, any other in the folder of its name.
 */
export function modelFolder(name: string): string {
  const builtin = builtinModelFolder(name);
  if (builtin !== null) return builtin;
  const folder = resolve(name);
  if (!isMarked(name) && existsSync(folder)) return folder;
  return hubModelFolder(name) ?? folder;
}

/** Who is told of a download, and who may stop it. */
export type ModelWorld = Pick<Io, "progress" | "note" | "signal">;

interface Located {
  readonly name: string;
  readonly folder: string;
}

/** A built-in name wins over a folder, a folder over a hub; `hub:` before a name means the hub. */
async function locate(name: string, world: ModelWorld | null): Promise<Located> {
  const builtin = builtinModelFolder(name);
  const folder = builtin ?? resolve(name);
  if (builtin !== null || (!isMarked(name) && existsSync(folder))) return { name, folder };
  const repository = parseHubName(name);
  if (repository === null) {
    const message = `Cannot open base model "${name}": wanted a built-in model, a folder or hub:owner/name, found no ${folder}`;
    throw new FedtuneError("model-invalid", message, { data: { model: name, folder } });
  }
  return fetched(repository, world);
}

async function fetched(repository: HubName, world: ModelWorld | null): Promise<Located> {
  const bar = world?.progress("base model, MB", 0);
  try {
    const megabytes = (bytes: number): number => Math.round(bytes / 1e6);
    return await fetchHubModel(repository, {
      ...(world === null ? {} : { signal: world.signal }),
      onProgress({ done, total }) {
        bar?.setTotal(megabytes(total));
        bar?.update(megabytes(done));
      },
    });
  } finally {
    bar?.stop();
  }
}

/**
 * Opens a base model by its built-in name, folder or name on a hub; reads its configuration only.
 *
 * @throws FedtuneError `model-invalid` when the folder is missing or holds no model, and what `fetchHubModel` throws
 */
export async function openBaseModel(
  asked: string,
  world: ModelWorld | null = null,
): Promise<BaseModel> {
  const { name, folder } = await locate(asked, world);
  if (name !== asked) world?.note(`Base model "${asked}" is ${name}`);
  const config = await loadModelConfig(nodeFiles, folder);
  return {
    name,
    folder,
    prefix: modelPrefix(config),
    readsImages: config.image !== null,
    defaultTargets: defaultTargets(config),
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

/** Whether a name means a commit of a hub, and so the same model everywhere. */
export function isPinned(name: string): boolean {
  return isMarked(name) && isCommit(parseHubName(name)?.revision ?? "");
}

/**
 * Refuses a model of a hub that is not named by its commit: a run must have the same base from its first round to its last.
 *
 * @throws FedtuneError `config-invalid`
 */
export function refuseUnpinned(name: string): void {
  if (!isMarked(name) || isPinned(name)) return;
  const { repo = "", revision = "" } = parseHubName(name) ?? {};
  const wanted = hubName({ repo, revision: "<40 digits>" });
  const message = `Cannot serve base model "${name}": "${revision}" may mean another model tomorrow; wanted ${wanted}`;
  throw new FedtuneError("config-invalid", message, { data: { model: name } });
}

/** A run config with what its base model settles: its name by commit, and the target modules where none are named. */
export function settledBy(
  config: Readonly<Record<string, unknown>>,
  model: Pick<BaseModel, "name" | "defaultTargets">,
): Readonly<Record<string, unknown>> {
  const { adapter = {} } = config;
  const isNamed = typeof adapter !== "object" || adapter === null || "targetModules" in adapter;
  const targets = isNamed
    ? {}
    : { adapter: { ...adapter, targetModules: [...model.defaultTargets] } };
  return { ...config, model: model.name, ...targets };
}

/**
 * Asks a base model what its adapters are like, as estimates do; of its weights only the size is looked at. Fetches
 * nothing: who asks for an estimate is not to fill the disk.
 *
 * @throws FedtuneError `model-invalid`, `file-missing`
 */
export async function askModel(name: string): Promise<AskedModel> {
  const repository = existsSync(modelFolder(name)) ? null : parseHubName(name);
  if (repository !== null)
    await fetchHubModel(repository, { settings: { ...hubSettings(), offline: true } });
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
