/** Adapters as HuggingFace PEFT's two files: adapter_config.json and adapter_model.safetensors. */
import { FedtuneError } from "../errors.ts";
import type { AdapterKind, AdapterSettings, AdapterValues } from "./kind.ts";
import { factorView, type Factor, type Layout } from "./layout.ts";
import { parseAdapterConfig, writeAdapterConfig, type AdapterConfig } from "./peft-config.ts";
import { portableAdapter } from "./peft-export.ts";
import { invalidAdapterTensor, peftLayout, peftTensorNames } from "./peft-names.ts";
import {
  readSafetensors,
  tensorToFloat32,
  writeSafetensors,
  type TensorView,
} from "./safetensors.ts";

/** What PEFT's files say beyond the values. */
export interface PeftOptions extends AdapterSettings {
  readonly kind: AdapterKind;
  /** What the base model puts before module names, for example `bert.`; may be empty. */
  readonly prefix: string;
  /** Every adapted module by its whole name, unless given. */
  readonly targetModules?: readonly string[];
  readonly baseModel?: string;
  /** `SEQ_CLS` unless given; null: PEFT has no name for the task. */
  readonly taskType?: string | null;
  readonly fanInFanOut?: boolean;
  /** `F32` unless given. */
  readonly dtype?: "F32" | "F16";
  /** The adapter of round 0 where its product was taken out of the base (PiSSA); `[layout.size]`. */
  readonly takenOut?: Float32Array | null;
  /** Added to the metadata of the tensors' file. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** The contents of the two files. */
export interface PeftFiles {
  readonly config: string;
  readonly safetensors: Uint8Array;
}

/** An adapter read from PEFT's files. */
export interface PeftAdapter extends AdapterConfig {
  readonly layout: Layout;
  /** `[layout.size]`. */
  readonly values: Float32Array;
}

/**
 * Writes an adapter so that `PeftModel.from_pretrained` opens it; the same input gives the same bytes.
 *
 * A kind that PEFT lacks is written as one that it has, see {@link portableAdapter}, and is read back as that one.
 *
 * @throws FedtuneError `shape-mismatch` when `values` does not have `layout.size` values, `not-finite`
 * @throws RangeError for a kind that PEFT cannot express
 */
export function writePeftAdapter(
  layout: Layout,
  values: Float32Array,
  options: PeftOptions,
): PeftFiles {
  if (values.length !== layout.size) {
    const message = `Cannot write an adapter of ${values.length} values: wanted ${layout.size}`;
    throw new FedtuneError("shape-mismatch", message);
  }
  const { prefix, dtype = "F32", metadata, takenOut = null } = options;
  const portable = portableAdapter({ ...options, layout, values }, takenOut);
  const names = peftTensorNames(portable.layout, prefix);
  const tensors = portable.layout.factors.map((factor) => ({
    name: names.get(factor.name) ?? factor.name,
    shape: factor.shape,
    values: factorView(portable.values, factor),
    dtype,
  }));
  return {
    config: writeAdapterConfig(configOf(portable, options)),
    safetensors: writeSafetensors(tensors, { format: "pt", ...metadata }),
  };
}

function configOf(adapter: AdapterValues, options: PeftOptions): AdapterConfig {
  const { prefix, targetModules, baseModel, taskType = "SEQ_CLS", fanInFanOut } = options;
  const { kind, rank, loraAlpha, layout } = adapter;
  const adapted = layout.factors.filter(({ role }) => role !== "head" && role !== "projection");
  const heads = layout.factors.filter(({ role }) => role === "head");
  return {
    kind,
    rank,
    loraAlpha,
    targetModules: targetModules ?? [...new Set(adapted.map(({ module }) => prefix + module))],
    // PEFT saves whole submodules: `classifier` covers `classifier.dense`.
    modulesToSave: [...new Set(heads.flatMap(({ name }) => name.split(".").slice(0, 1)))],
    taskType,
    baseModel: baseModel ?? null,
    fanInFanOut: fanInFanOut ?? false,
  };
}

/**
 * Reads an adapter that anyone may have written. Half and bfloat16 tensors are widened to float32.
 *
 * `prefix` is what the base model puts before module names. With `layout`, the file must hold exactly its factors;
 * without, the layout comes from the file: modules in natural order, then the head.
 *
 * @throws FedtuneError `adapter-invalid` naming the field or tensor and what was wanted
 * @throws FedtuneError `safetensors-invalid`, `not-finite` naming the tensor
 */
export function readPeftAdapter(
  configJson: string,
  bytes: Uint8Array,
  options: { readonly prefix: string; readonly layout?: Layout },
): PeftAdapter {
  const config = parseAdapterConfig(parsed(configJson));
  const { tensors } = readSafetensors(bytes);
  const layout = options.layout ?? peftLayout(tensors, config, options.prefix);
  const names = peftTensorNames(layout, options.prefix);
  const values = new Float32Array(layout.size);
  const unused = new Set(tensors.keys());
  for (const factor of layout.factors) {
    const name = names.get(factor.name) ?? factor.name;
    const tensor = tensors.get(name);
    if (tensor === undefined) throw invalidAdapterTensor(name, "is missing");
    checkTensor(tensor, factor, config);
    values.set(tensorToFloat32(tensor, { finite: true }), factor.offset);
    unused.delete(name);
  }
  const [unknown] = unused;
  if (unknown !== undefined) throw invalidAdapterTensor(unknown, "is not a factor of this adapter");
  return { ...config, layout, values };
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new FedtuneError("adapter-invalid", "Cannot read adapter_config.json: it is not JSON", {
      cause,
    });
  }
}

function checkTensor(tensor: TensorView, factor: Factor, { rank }: AdapterConfig): void {
  const { name, dtype, shape } = tensor;
  if (!["F32", "F16", "BF16", "F64"].includes(dtype)) {
    throw invalidAdapterTensor(name, `has dtype ${dtype}, wanted F32, F16, BF16 or F64`);
  }
  if (shape.join() !== factor.shape.join()) {
    throw invalidAdapterTensor(
      name,
      `has shape [${shape.join(", ")}], wanted [${factor.shape.join(", ")}]`,
    );
  }
  const found = factor.role === "down" ? shape[0] : factor.role === "up" ? shape[1] : undefined;
  if (found !== undefined && found !== rank) {
    throw invalidAdapterTensor(name, `has rank ${found}, but adapter_config.json says r = ${rank}`);
  }
}
