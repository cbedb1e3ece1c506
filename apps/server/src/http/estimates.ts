/** Estimates on demand: computed in a thread of their own, remembered, a bounded number at a time. */
import type { OutputOf } from "@fedtune/api";
import { canonicalJson, FedtuneError, isFedtuneError, runConfigSchema } from "@fedtune/core";
import type { AdapterShape, InputIssue, Registries, RunConfig } from "@fedtune/core";
import type { ThreadPool } from "../workers/thread-pool.ts";
import type { EstimateTask, ModelShapes } from "./estimate.ts";

type Estimate = OutputOf<"estimateRun">;

/** A base model that can be asked what adapters of it are like; its weights are not read. */
export interface AskedModel {
  /** Of its weights. */
  readonly bytes: number;
  /**
   * What an adapter on it is made of, and the longest sequence that it takes.
   *
   * @throws FedtuneError `config-invalid` when a target module is unknown
   */
  readonly describe: (
    run: Pick<RunConfig, "task"> & { readonly adapter: AdapterRequest },
  ) => AdapterShape & { readonly maxTokens: number };
}

/** What decides the shape of an adapter. */
export type AdapterRequest = Pick<
  RunConfig["adapter"],
  "kind" | "rank" | "loraAlpha" | "targetModules"
>;

/** What estimates stand on. */
export interface EstimateOptions {
  readonly registries: Registries;
  /** @throws FedtuneError `model-invalid` for a model that is not here */
  readonly askModel: (model: string) => Promise<AskedModel>;
  readonly pool: Pick<ThreadPool, "run">;
}

/** Makes the estimate of a config document. @throws FedtuneError `rate-limited` when too many wait */
export type EstimateOf = (document: Readonly<Record<string, unknown>>) => Promise<Estimate>;

/** Estimates that are remembered, and that wait at a time. */
const [KEPT, WAITING] = [64, 8];

/** Makes the maker. */
export function estimates(options: EstimateOptions): EstimateOf {
  const kept = new Map<string, Promise<Estimate>>();
  let waiting = 0;
  const make = async (document: Readonly<Record<string, unknown>>): Promise<Estimate> => {
    if (waiting >= WAITING) {
      const message = `Cannot estimate now: ${waiting} others wait; ask again in some seconds`;
      throw new FedtuneError("rate-limited", message, { data: { retryAfterMs: 2_000 } });
    }
    waiting += 1;
    try {
      const task = await taskOf(options, document);
      return await options.pool.run({ type: "estimate", source: { kind: "asked" }, task }, noBlobs);
    } finally {
      waiting -= 1;
    }
  };
  return (document) => {
    const key = canonicalJson(document);
    const known = kept.get(key);
    if (known !== undefined) return known;
    const making = make(document);
    kept.set(key, making);
    const [oldest] = kept.keys();
    if (kept.size > KEPT && oldest !== undefined) kept.delete(oldest);
    // A failure is not remembered.
    making.catch(() => kept.delete(key));
    return making;
  };
}

/** The task asks for none. */
const noBlobs = {
  get: (): Promise<never> => Promise.reject(new RangeError("Cannot get a blob: wanted none")),
};

/** What the base model of a config is like, where the config can be read. */
async function taskOf(
  { registries, askModel }: EstimateOptions,
  document: unknown,
): Promise<EstimateTask> {
  const { data: config } = runConfigSchema(registries).safeParse(document);
  if (config === undefined) return { document, model: null, problem: null };
  try {
    const model = await askModel(config.model);
    return { document, model: shapesOf(model, config), problem: null };
  } catch (error) {
    if (!isFedtuneError(error)) throw error;
    return { document, model: null, problem: problemOf(error, config) };
  }
}

function shapesOf(
  { bytes, describe }: AskedModel,
  { adapter, task }: Pick<RunConfig, "task"> & { readonly adapter: AdapterRequest },
): ModelShapes {
  const own = describe({ adapter, task });
  const dense = describe({ adapter: { ...adapter, kind: "lora" }, task });
  return { adapter: plain(own), dense: plain(dense), bytes, maxTokens: own.maxTokens };
}

function plain({ layout, modules }: AdapterShape): AdapterShape {
  return { layout, modules };
}

/** A model that is not here, or one that has no such modules. */
function problemOf(
  { code, message }: FedtuneError,
  { model, adapter }: { readonly model: string; readonly adapter: AdapterRequest },
): InputIssue {
  return code === "config-invalid"
    ? { field: "adapter.targetModules", value: adapter.targetModules, wanted: message }
    : { field: "model", value: model, wanted: message };
}
