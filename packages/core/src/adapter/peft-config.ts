/** PEFT's adapter_config.json. */
import { z } from "zod";
import { inputError, parseInput } from "../config/issues.ts";
import type { AdapterKind } from "./kind.ts";
import { adapterKinds } from "./kinds/registry.ts";
import type { PeftForm } from "./peft-form.ts";

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

const name = z.string().min(1).max(1000);
const text = z.string().max(4000).nullable().default(null);

const types = [...new Set(adapterKinds.flatMap(({ peft }) => peft?.peftType ?? []))];
/** Looked at first: another type has other fields. */
const typeSchema = z.object({ peft_type: z.enum(types) });
/** Keys that are not listed are PEFT's own business: new versions add some. */
const schema = typeSchema.extend({
  r: z.int().positive(),
  target_modules: z.union([z.array(name).min(1), name]),
  modules_to_save: z.array(name).nullable().default(null),
  bias: z.literal("none").default("none"),
  fan_in_fan_out: z.boolean().default(false),
  task_type: text,
  base_model_name_or_path: text,
});

const input = { what: "adapter_config.json", code: "adapter-invalid" } as const;

/**
 * Reads a parsed adapter_config.json.
 *
 * @throws FedtuneError `adapter-invalid` naming every field that is wrong or not supported, its value and what was wanted
 */
export function parseAdapterConfig(json: unknown): AdapterConfig {
  const { peft_type: type } = parseInput(typeSchema, json, input);
  const own = adapterKinds.find(({ peft }) => peft?.peftType === type)?.peft?.fields ?? {};
  const config = parseInput(z.intersection(schema, z.object(own)), json, input);
  const { kind, form } = kindOf(config);
  return {
    kind,
    rank: config.r,
    loraAlpha: form.loraAlpha(config),
    targetModules: config.target_modules,
    modulesToSave: [...new Set(config.modules_to_save)],
    taskType: config.task_type,
    baseModel: config.base_model_name_or_path,
    fanInFanOut: config.fan_in_fan_out,
  };
}

/** The registered kind with the file's type and flags. */
function kindOf(config: Readonly<Record<string, unknown>>): {
  readonly kind: AdapterKind;
  readonly form: PeftForm;
} {
  const typed = adapterKinds.flatMap((kind) => {
    const form = kind.peft;
    return form !== null && form.peftType === config["peft_type"] ? [{ kind, form }] : [];
  });
  const names = typed.map(({ kind }) => kind.name).join(" or ");
  let candidates = typed;
  for (const field of new Set(typed.flatMap(({ form }) => Object.keys(form.flags)))) {
    const value = config[field];
    candidates = candidates.filter(({ form }) => (form.flags[field] ?? false) === value);
    if (candidates.length > 0) continue;
    throw inputError([{ field, value, wanted: `an adapter of kind ${names}` }], input);
  }
  const [found] = candidates;
  if (found !== undefined) return found;
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
    ...kind.peft.write(config),
    base_model_name_or_path: config.baseModel,
    bias: "none",
    fan_in_fan_out: config.fanInFanOut,
    inference_mode: true,
    modules_to_save: config.modulesToSave.length === 0 ? null : config.modulesToSave,
    peft_type: kind.peft.peftType,
    r: config.rank,
    target_modules: typeof targetModules === "string" ? targetModules : [...targetModules].sort(),
    task_type: config.taskType,
  };
  const sorted = Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1));
  return `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`;
}
