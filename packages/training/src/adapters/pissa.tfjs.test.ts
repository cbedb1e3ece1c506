import {
  adapterKind,
  digest,
  factorView,
  peftTensorNames,
  readPeftAdapter,
  startingResidual,
  writePeftAdapter,
} from "@fedtune/core";
import type { BaseResidual } from "@fedtune/core";
import { beforeAll, describe, expect, test } from "vitest";
import { chooseBackend } from "../backends/node-choose.ts";
import { describeModel } from "../models/describe.ts";
import type { AdapterChoice } from "../models/describe.ts";
import { uploadModel } from "../models/device.ts";
import {
  asPadded,
  flatten,
  goldenCheckpoint,
  goldenJson,
  goldenTensors,
  relativeDifference,
} from "../test-support/golden.ts";
import type { GoldenBatch } from "../test-support/golden.ts";
import { bindAdapter } from "../trainer/binding.ts";
import { batchLogits } from "../trainer/gradient.ts";
import { openFold } from "../trainer/residuals.ts";

beforeAll(async () => {
  await chooseBackend("wasm");
});

interface Measured {
  readonly choice: AdapterChoice;
  readonly values: Float32Array;
  readonly residuals: readonly BaseResidual[];
}

describe.each([
  ["tiny-bert-pissa", "lora"],
  ["tiny-bert-pissa-rslora", "rslora"],
])("%s", (name, kind) => {
  /** PEFT's logits of the trained adapter on the base that it took the first product out of. */
  const golden = goldenJson<{ base: string; batch: GoldenBatch; logits: number[][] }>(
    `peft/${name}/golden.json`,
  );
  const settings = { kind, rank: 4, loraAlpha: 8 };
  const choice = { ...settings, targetModules: ["query", "value"], labels: ["a", "b", "c"] };

  async function setUp() {
    const { config } = await goldenCheckpoint(golden.base);
    const { layout, prefix, scaling } = describeModel(config, choice);
    const values = (file: string) =>
      flatten(goldenTensors(`peft/${name}/${file}.safetensors`), layout, prefix);
    return { layout, prefix, scaling, first: values("initial"), trained: values("trained") };
  }

  async function logitsOf({ choice: own, values, residuals }: Measured): Promise<Float32Array> {
    const checkpoint = await goldenCheckpoint(golden.base);
    const model = uploadModel(checkpoint);
    await openFold(model).apply(residuals);
    const description = describeModel(checkpoint.config, own);
    const binding = bindAdapter(description, values, { kind: own.kind, train: [] });
    const labels = golden.batch.input_ids.map(() => 0);
    const found = await batchLogits(
      { model, binding, batch: asPadded(golden.batch, labels) },
      values,
    );
    binding.dispose();
    model.dispose();
    return found;
  }

  test("[TN1] on the base without its first product gives PEFT's logits", async () => {
    const { layout, scaling, first, trained } = await setUp();
    const round0 = { hash: digest("0".repeat(64)), values: first };
    const residuals = startingResidual(layout, round0, { init: "pissa", scaling });
    const found = await logitsOf({ choice, values: trained, residuals });
    expect(relativeDifference(found, golden.logits.flat())).toBeLessThan(1e-5);
  });

  test("[AD8] [TN1] exported, on the whole base, gives PEFT's logits", async () => {
    const { layout, prefix, first, trained } = await setUp();
    const files = writePeftAdapter(layout, trained, {
      ...settings,
      kind: adapterKind(kind),
      prefix,
      takenOut: first,
    });
    const read = readPeftAdapter(files.config, files.safetensors, { prefix });
    const { rank, loraAlpha } = read;
    const twice = { ...choice, rank, loraAlpha };
    const checkpoint = await goldenCheckpoint(golden.base);
    const target = describeModel(checkpoint.config, twice).layout;
    const tensors = new Map<string, Float32Array>();
    const names = peftTensorNames(read.layout, prefix);
    for (const factor of read.layout.factors)
      tensors.set(names.get(factor.name)!, factorView(read.values, factor));
    const values = flatten(tensors, target, prefix);
    const found = await logitsOf({ choice: twice, values, residuals: [] });
    expect(relativeDifference(found, golden.logits.flat())).toBeLessThan(1e-5);
  });
});
