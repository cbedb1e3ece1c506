/** A merged checkpoint gives what base and adapter gave together. */
import {
  parseAdapterConfig,
  readSafetensors,
  tensorToFloat32,
  writeSafetensors,
} from "@fedtune/core";
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { chooseBackend } from "../backends/node-choose.ts";
import { memoryFiles } from "../files.ts";
import {
  asPadded,
  flatten,
  goldenCheckpoint,
  goldenChoice,
  goldenJson,
  goldenPath,
  goldenStart,
  goldenTensors,
  relativeDifference,
} from "../test-support/golden.ts";
import type { GoldenBatch } from "../test-support/golden.ts";
import { bindAdapter } from "../trainer/binding.ts";
import { batchLogits } from "../trainer/gradient.ts";
import { loadCheckpoint } from "./checkpoint.ts";
import { describeModel } from "./describe.ts";
import type { AdapterChoice } from "./describe.ts";
import { uploadModel } from "./device.ts";
import { mergedTensors } from "./merge.ts";

beforeAll(async () => {
  await chooseBackend("wasm", { threads: 1 });
});

/** The merged checkpoint as a file, loaded as anybody would. */
async function merged(base: string, choice: AdapterChoice, values: Float32Array) {
  const tensors = await mergedTensors(await goldenCheckpoint(base), choice, values);
  const files = memoryFiles({
    "m/config.json": Uint8Array.from(readFileSync(goldenPath(`${base}/config.json`))),
    "m/model.safetensors": writeSafetensors(tensors),
  });
  return loadCheckpoint(files, "m");
}

describe.each([
  ["tiny-bert-lora", "tiny-bert"],
  ["tiny-bert-dora-all-linear", "tiny-bert"],
  ["tiny-bert-vera", "tiny-bert"],
  ["tiny-roberta-lora", "tiny-roberta"],
])("%s", (adapter, base) => {
  test("[TN22] the merged base with its head gives PEFT's logits, without an adapter", async () => {
    const labels = base === "tiny-roberta" ? ["no", "yes"] : ["a", "b", "c"];
    const choice = goldenChoice(adapter, labels);
    const { config } = await goldenCheckpoint(base);
    const { layout, prefix } = describeModel(config, choice);
    const values = flatten(goldenStart(adapter), layout, prefix);
    const checkpoint = await merged(base, choice, values);
    const golden = goldenJson<{ batch: GoldenBatch; logits: number[][] }>(
      `peft/${adapter}/golden.json`,
    );
    const neutral = { ...choice, kind: "lora", rank: 1, loraAlpha: 1 };
    const plain = describeModel(checkpoint.config, neutral);
    const nothing = new Float32Array(plain.layout.size);
    for (const factor of plain.layout.factors.filter(({ role }) => role === "head"))
      nothing.set(checkpoint.head.get(factor.name)!.values, factor.offset);
    const model = uploadModel(checkpoint);
    const binding = bindAdapter(plain, nothing, { kind: "lora", train: [] });
    const batch = asPadded(golden.batch, Array<number>(golden.logits.length).fill(0));
    const found = await batchLogits({ model, binding, batch }, nothing);
    expect(relativeDifference(found, golden.logits.flat())).toBeLessThan(2e-5);
    binding.dispose();
    model.dispose();
  });
});

test("[TN22] a merged decoder keeps the names and the turned weights of its checkpoint", async () => {
  const folder = "decoders/tiny-gpt2";
  const config = parseAdapterConfig(goldenJson(`${folder}/adapter/adapter_config.json`));
  const checkpoint = await goldenCheckpoint(folder);
  const choice = {
    ...{ kind: "lora", rank: config.rank, loraAlpha: config.loraAlpha, labels: [] },
    targetModules: config.targetModules as string[],
  };
  const { layout, prefix } = describeModel(checkpoint.config, choice);
  const tensors = goldenTensors(`${folder}/adapter/adapter_model.safetensors`);
  const whole = await mergedTensors(checkpoint, choice, flatten(tensors, layout, prefix));
  const original = readSafetensors(
    Uint8Array.from(readFileSync(goldenPath(`${folder}/model.safetensors`))),
  ).tensors;
  expect(whole.map(({ name }) => name).sort()).toEqual([...original.keys()].sort());
  const name = "transformer.h.0.attn.c_attn.weight";
  const found = whole.find((tensor) => tensor.name === name)!;
  const base = original.get(name)!;
  expect(found.shape).toEqual(base.shape);
  const difference = Float32Array.from(found.values, (v, k) => v - tensorToFloat32(base)[k]!);
  const wanted = productOf(tensors, { in: 32, out: 96, rank: 4, scaling: 2 });
  expect(relativeDifference(difference, wanted)).toBeLessThan(1e-4);
});

/** s (B A)^T, `[in, out]`, of the first layer's c_attn. */
function productOf(
  tensors: ReadonlyMap<string, Float32Array>,
  { in: inputs, out, rank, scaling }: Record<"in" | "out" | "rank" | "scaling", number>,
): Float32Array {
  const path = "base_model.model.transformer.h.0.attn.c_attn";
  const [A, B] = ["A", "B"].map((factor) => tensors.get(`${path}.lora_${factor}.weight`)!);
  return Float32Array.from({ length: inputs * out }, (_, k) => {
    const [i, o] = [Math.floor(k / out), k % out];
    let sum = 0;
    for (let r = 0; r < rank; r++) sum += B![o * rank + r]! * A![r * inputs + i]!;
    return scaling * sum;
  });
}
