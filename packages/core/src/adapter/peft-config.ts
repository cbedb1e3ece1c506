/** PEFT's adapter_config.json. */
import { z } from "zod";
import { inputError, parseInput } from "../config/issues.ts";
import type { AdapterKind } from "./kind.ts";
import { adapterKinds } from "./kinds/registry.ts";

/** What the file says, in fedtune's words. */
export interface AdapterConfig {
  readonly kind: AdapterKind;
  readonly rank: number;
  readonly loraAlpha: number;
  /** Names of modules, whole or their ends; or one regular expression over whole names. */
  readonly targetModules: readonly string[] | string;
  /** Modules that were trained in full, the head among them. */
  readonly modulesToSave: readonly string[];
  /** For example `SEQ_CLS`; null when the file names none. */
  readonly taskType: string | null;
  readonly baseModel: string | null;
  /** Base weights are stored `[in, out]` (GPT-2); shapes of A and B do not change. */
  readonly fanInFanOut: boolean;
}

/** Features that would change what the factors mean; a file that uses one is refused. */
const UNSUPPORTED = [
  ...["rank_pattern", "alpha_pattern", "lora_bias", "layer_replication", "target_parameters"],
  ...["trainable_token_indices", "alora_invocation_tokens", "arrow_config", "use_qalora"],
  ...["use_bdlora", "kasa_config", "velora_config", "monteclora_config"],
] as const;

const name = z.string().min(1).max(1000);
const text = z.string().max(4000).nullable().default(null);
const flag = z.boolean().default(false);
const absent = z
  .unknown()
  .refine(isEmpty, "nothing here: adapters that use this are not supported")
  .optional();

const types = [...new Set(adapterKinds.flatMap(({ peft }) => peft?.peftType ?? []))];
/** Looked at first: another type has other fields. */
const typeSchema = z.object({ peft_type: z.enum(types) });
/** Keys that are not listed are PEFT's own business: new versions add some. */
const schema = typeSchema.extend({
  r: z.int().positive(),
  lora_alpha: z.number().positive(),
  target_modules: z.union([z.array(name).min(1), name]),
  modules_to_save: z.array(name).nullable().default(null),
  use_rslora: flag,
  use_dora: flag,
  bias: z.literal("none").default("none"),
  fan_in_fan_out: flag,
  task_type: text,
  base_model_name_or_path: text,
  // The other choices change the base weights, which the file does not carry.
  init_lora_weights: z
    .union([z.boolean(), z.enum(["gaussian", "eva", "orthogonal"])])
    .default(true),
  ...Object.fromEntries(UNSUPPORTED.map((key) => [key, absent])),
});

const input = { what: "adapter_config.json", code: "adapter-invalid" } as const;

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === false) return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

/**
 * Reads a parsed adapter_config.json.
 *
 * @throws FedtuneError `adapter-invalid` naming every field that is wrong or not supported, its value and what was wanted
 */
export function parseAdapterConfig(json: unknown): AdapterConfig {
  parseInput(typeSchema, json, input);
  const config = parseInput(schema, json, input);
  return {
    kind: kindOf(config),
    rank: config.r,
    loraAlpha: config.lora_alpha,
    targetModules: config.target_modules,
    modulesToSave: [...new Set(config.modules_to_save)],
    taskType: config.task_type,
    baseModel: config.base_model_name_or_path,
    fanInFanOut: config.fan_in_fan_out,
  };
}

/** The registered kind with the file's type and flags. */
function kindOf(config: Readonly<Record<string, unknown>>): AdapterKind {
  const typed = adapterKinds.filter(({ peft }) => peft?.peftType === config["peft_type"]);
  const names = typed.map((kind) => kind.name).join(" or ");
  let candidates = typed;
  for (const field of new Set(typed.flatMap(({ peft }) => Object.keys(peft?.flags ?? {})))) {
    const value = config[field];
    candidates = candidates.filter(({ peft }) => (peft?.flags[field] ?? false) === value);
    if (candidates.length > 0) continue;
    throw inputError([{ field, value, wanted: `an adapter of kind ${names}` }], input);
  }
  const [kind] = candidates;
  if (kind !== undefined) return kind;
  const issue = { field: "peft_type", value: config["peft_type"], wanted: types.join(", ") };
  throw inputError([issue], input);
}

/**
 * Writes adapter_config.json; the same settings give the same text.
 *
 * @throws RangeError for a kind that PEFT does not know
 */
export function writeAdapterConfig(config: AdapterConfig): string {
  const { kind, targetModules } = config;
  if (kind.peft === null)
    throw new RangeError(`Cannot write kind "${kind.name}" for PEFT: it has none`);
  const fields: Record<string, unknown> = {
    ...kind.peft.flags,
    alpha_pattern: {},
    base_model_name_or_path: config.baseModel,
    bias: "none",
    fan_in_fan_out: config.fanInFanOut,
    inference_mode: true,
    init_lora_weights: true,
    lora_alpha: config.loraAlpha,
    lora_dropout: 0,
    modules_to_save: config.modulesToSave.length === 0 ? null : config.modulesToSave,
    peft_type: kind.peft.peftType,
    r: config.rank,
    rank_pattern: {},
    target_modules: typeof targetModules === "string" ? targetModules : [...targetModules].sort(),
    task_type: config.taskType,
  };
  const sorted = Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1));
  return `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`;
}
