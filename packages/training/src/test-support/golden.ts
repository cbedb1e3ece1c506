/** Reading the golden files that PyTorch and PEFT wrote; see `golden/`. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  factorView,
  parseAdapterConfig,
  peftTensorNames,
  readSafetensors,
  tensorToFloat32,
} from "@fedtune/core";
import type { Layout } from "@fedtune/core";
import { nodeFiles } from "../backends/node-files.ts";
import type { PaddedBatch } from "../data/batch.ts";
import { loadCheckpoint } from "../models/checkpoint.ts";
import type { AdapterChoice } from "../models/describe.ts";

export { relativeDifference, relativeNorm } from "./distances.ts";

/** Path below `golden/`. */
export function goldenPath(name: string): string {
  return fileURLToPath(new URL(`../../golden/${name}`, import.meta.url));
}

/** A JSON file below `golden/`, trusted to have the shape its test names. */
export function goldenJson<T>(name: string): T {
  return JSON.parse(readFileSync(goldenPath(name), "utf8")) as T;
}

/** The tensors of a safetensors file below `golden/`. */
export function goldenTensors(name: string): ReadonlyMap<string, Float32Array> {
  const { tensors } = readSafetensors(Uint8Array.from(readFileSync(goldenPath(name))));
  return new Map([...tensors].map(([key, tensor]) => [key, tensorToFloat32(tensor)]));
}

/** Loads a checkpoint below `golden/`. */
export function goldenCheckpoint(base: string) {
  return loadCheckpoint(nodeFiles, goldenPath(base));
}

/** A tokenised batch as the scripts wrote it. */
export interface GoldenBatch {
  readonly input_ids: readonly (readonly number[])[];
  readonly attention_mask: readonly (readonly number[])[];
  readonly token_type_ids?: readonly (readonly number[])[];
}

/** The batch as the trainer pads it. */
export function asPadded(batch: GoldenBatch, labels: readonly number[]): PaddedBatch {
  const length = batch.input_ids[0]?.length ?? 0;
  const mask = Float32Array.from(batch.attention_mask.flat());
  return {
    batch: batch.input_ids.length,
    length,
    ids: Int32Array.from(batch.input_ids.flat()),
    types: Int32Array.from(batch.token_type_ids?.flat() ?? new Int32Array(mask.length)),
    mask,
    labels: Int32Array.from(labels),
    completions: null,
    tokens: mask.reduce((sum, value) => sum + value, 0),
  };
}

/** PEFT has no LoRA-XS: its folder holds the same adapter as plain LoRA. */
const LORA_XS = "tiny-bert-lora-xs";

/** What PEFT's adapter_config.json says, in our words. */
export function goldenChoice(adapter: string, labels: readonly string[]): AdapterChoice {
  const config = parseAdapterConfig(goldenJson(`peft/${adapter}/adapter_config.json`));
  const { rank, loraAlpha, targetModules: targets } = config;
  const targetModules = typeof targets === "string" ? [targets] : targets;
  const kind = adapter === LORA_XS ? "lora-xs" : config.kind.name;
  return { kind, rank, loraAlpha, targetModules, labels };
}

/** The values that a golden adapter's training starts from. */
export function goldenStart(adapter: string): ReadonlyMap<string, Float32Array> {
  const whole = `peft/${adapter}/adapter_model.safetensors`;
  return goldenTensors(adapter === LORA_XS ? `train/${adapter}/start.safetensors` : whole);
}

/** PEFT's tensors as one flat vector in layout order. */
export function flatten(
  tensors: ReadonlyMap<string, Float32Array>,
  layout: Layout,
  prefix: string,
): Float32Array {
  const values = new Float32Array(layout.size);
  const names = peftTensorNames(layout, prefix);
  for (const factor of layout.factors) {
    const tensor = tensors.get(names.get(factor.name) ?? "");
    if (tensor?.length !== factor.size)
      throw new RangeError(`Golden tensor "${factor.name}" is missing or has another size`);
    factorView(values, factor).set(tensor);
  }
  return values;
}
