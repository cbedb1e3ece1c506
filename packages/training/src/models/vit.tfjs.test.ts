/** Vision transformers against PyTorch, transformers and PEFT: logits, losses, gradients. */
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, test } from "vitest";
import { chooseBackend } from "../backends/node-choose.ts";
import type { ImageExample } from "../data/image-batch.ts";
import {
  flatten,
  goldenCheckpoint,
  goldenJson,
  goldenTensors,
  relativeDifference,
} from "../test-support/golden.ts";
import { bindAdapter } from "../trainer/binding.ts";
import { batchLogits, exampleGradients, lossAndGradient, paddedFor } from "../trainer/gradient.ts";
import { describeModel } from "./describe.ts";
import { uploadModel } from "./device.ts";

interface VitGolden {
  readonly rank: number;
  readonly loraAlpha: number;
  readonly targetModules: readonly string[];
  readonly labels: readonly number[];
  /** Images in the model's size, as base64. */
  readonly pixels: readonly string[];
  readonly loss: number;
  readonly example_losses: readonly number[];
  readonly logits: readonly (readonly number[])[];
}

const names = ["tiny-vit", "tiny-vit-gray"] as const;
const engines = [
  ["cpu", "stock"],
  ["wasm", "own"],
  ["wasm", "stock"],
] as const;
const train = ["down", "up", "head"] as const;

async function setUp(name: (typeof names)[number]) {
  const folder = `vit/${name}`;
  const golden = goldenJson<VitGolden>(`${folder}/golden.json`);
  const checkpoint = await goldenCheckpoint(folder);
  const { rank, loraAlpha, targetModules } = golden;
  const choice = { kind: "lora", rank, loraAlpha, targetModules, labels: ["a", "b", "c"] };
  const description = describeModel(checkpoint.config, choice);
  const { layout, prefix } = description;
  const pack = (file: string) => flatten(goldenTensors(`${folder}/${file}`), layout, prefix);
  const values = pack("adapter.safetensors");
  const model = uploadModel(checkpoint);
  const binding = bindAdapter(description, values, { kind: choice.kind, train });
  const examples = golden.pixels.map((text, index): ImageExample => ({
    pixels: Uint8Array.from(Buffer.from(text, "base64")),
    label: golden.labels[index]!,
  }));
  const jobOf = (part: readonly ImageExample[]) => ({
    ...{ model, binding },
    batch: paddedFor(model, part),
  });
  const close = () => {
    binding.dispose();
    model.dispose();
  };
  return { golden, checkpoint, values, examples, jobOf, pack, close };
}

describe.each(engines)("on %s with %s kernels", (backend, kernels) => {
  beforeAll(async () => {
    expect(await chooseBackend(backend, { kernels })).toMatchObject({ kernels });
  });

  describe.each(names)("%s", (name) => {
    test("[TN1] [TN2] logits, loss and gradients equal PyTorch's", async () => {
      const before = tf.memory().numTensors;
      const { golden, values, examples, jobOf, pack, close } = await setUp(name);
      const job = jobOf(examples);
      const wanted = golden.logits.flat();
      expect(relativeDifference(await batchLogits(job, values), wanted)).toBeLessThan(1e-5);
      const { loss, gradient } = await lossAndGradient(job, values, 0.25);
      expect(loss).toBeCloseTo(golden.loss, 5);
      expect(relativeDifference(gradient, pack("gradients.safetensors"))).toBeLessThan(2e-5);
      close();
      expect(tf.memory().numTensors).toBe(before);
    });

    test("[TN17] every image's own gradient is that of a batch of one", async () => {
      const { golden, values, examples, jobOf, close } = await setUp(name);
      const { gradients } = await exampleGradients(jobOf(examples), values);
      for (const [index, example] of examples.entries()) {
        const { loss, gradient } = await lossAndGradient(jobOf([example]), values, 1);
        expect(loss).toBeCloseTo(golden.example_losses[index]!, 4);
        expect(relativeDifference(gradients[index]!, gradient)).toBeLessThan(2e-5);
      }
      close();
    });
  });
});
