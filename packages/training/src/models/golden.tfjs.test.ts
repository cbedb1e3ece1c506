import { gatherRoles, scatterRoles, selectRoles } from "@fedtune/core";
import type { FactorRole } from "@fedtune/core";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, test } from "vitest";
import { chooseBackend } from "../backends/node-choose.ts";
import {
  asPadded,
  flatten,
  goldenCheckpoint,
  goldenChoice,
  goldenJson,
  goldenStart,
  goldenTensors,
  relativeDifference,
  relativeNorm,
} from "../test-support/golden.ts";
import type { GoldenBatch } from "../test-support/golden.ts";
import { bindAdapter } from "../trainer/binding.ts";
import { batchLogits, lossAndGradient } from "../trainer/gradient.ts";
import { createOptimizer } from "../trainer/optimizers.ts";
import { describeModel } from "./describe.ts";
import { uploadModel } from "./device.ts";

interface TrainGolden {
  readonly base: string;
  readonly batch: GoldenBatch;
  readonly labels: readonly number[];
  readonly loss: number;
  readonly runs: Readonly<
    Record<"sgd" | "momentum" | "adamw", { readonly losses: readonly number[] }>
  >;
}

const adapters: readonly [name: string, train: readonly FactorRole[]][] = [
  ["tiny-bert-lora", ["down", "up", "head"]],
  ["tiny-bert-rslora", ["down", "up", "head"]],
  ["tiny-bert-all-linear", ["down", "up", "head"]],
  ["tiny-bert-dora", ["down", "up", "magnitude", "head"]],
  ["tiny-bert-dora-all-linear", ["down", "up", "magnitude", "head"]],
  ["tiny-bert-vera", ["down", "up", "head"]],
  ["tiny-bert-vera-all-linear", ["down", "up", "head"]],
  ["tiny-bert-lora-xs", ["down", "up", "core", "head"]],
  ["tiny-roberta-lora", ["down", "up", "head"]],
  ["tiny-distilbert-lora", ["down", "up", "head"]],
];
const steppers = {
  sgd: {
    learningRate: 0.1,
    optimizer: createOptimizer({ name: "sgd", momentum: 0, weightDecay: 0 }),
  },
  momentum: {
    learningRate: 0.1,
    optimizer: createOptimizer({ name: "sgd", momentum: 0.9, weightDecay: 0 }),
  },
  adamw: {
    learningRate: 0.01,
    optimizer: createOptimizer({
      name: "adamw",
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      weightDecay: 0.01,
    }),
  },
};

/** The native library is optional; where it was fetched, it is held to the same numbers. */
const native = await chooseBackend("tfjs-node").then(
  () => true,
  () => false,
);

const engines = [
  ["cpu", "stock"],
  ["wasm", "own"],
  ["wasm", "stock"],
  ["tfjs-node", "own"],
  ["tfjs-node", "stock"],
] as const;

describe.each(engines)("on %s with %s kernels", (backend, kernels) => {
  beforeAll(async () => {
    if (backend !== "tfjs-node" || native)
      expect(await chooseBackend(backend, { kernels })).toMatchObject({ kernels });
  });

  describe.skipIf(backend === "tfjs-node" && !native).each(adapters)("%s", (adapter, train) => {
    async function setUp() {
      const golden = goldenJson<TrainGolden>(`train/${adapter}/golden.json`);
      const checkpoint = await goldenCheckpoint(golden.base);
      const labels = golden.base === "tiny-roberta" ? ["no", "yes"] : ["a", "b", "c"];
      const choice = goldenChoice(adapter, labels);
      const description = describeModel(checkpoint.config, choice);
      const { layout, prefix } = description;
      const pack = (file: string) =>
        flatten(goldenTensors(file), selectRoles(layout, train), prefix);
      const start = flatten(goldenStart(adapter), layout, prefix);
      const model = uploadModel(checkpoint);
      const binding = bindAdapter(description, start, {
        kind: choice.kind,
        train,
      });
      const batch = asPadded(golden.batch, golden.labels);
      const close = () => {
        binding.dispose();
        model.dispose();
      };
      const whole = (packed: Float32Array) => {
        const values = start.slice();
        scatterRoles(layout, values, { roles: train, packed });
        return values;
      };
      const trained = gatherRoles(layout, start, train);
      return { golden, job: { model, binding, batch }, start, trained, whole, pack, close };
    }

    test("[TN1] [TN2] logits and gradients equal PyTorch's", async () => {
      const before = tf.memory().numTensors;
      const { golden, job, start, pack, close } = await setUp();
      const expected = goldenJson<{ logits: number[][] }>(
        `peft/${adapter}/golden.json`,
      ).logits.flat();
      expect(relativeDifference(await batchLogits(job, start), expected)).toBeLessThan(1e-5);
      const { loss, gradient } = await lossAndGradient(job, start, 1 / golden.labels.length);
      expect(loss).toBeCloseTo(golden.loss, 5);
      expect(
        relativeDifference(gradient, pack(`train/${adapter}/gradients.safetensors`)),
      ).toBeLessThan(1e-5);
      close();
      expect(tf.memory().numTensors).toBe(before);
    });

    test.each(["sgd", "momentum", "adamw"] as const)(
      "[TN2] five %s steps equal PyTorch's",
      async (name) => {
        const { golden, job, trained, whole, pack, close } = await setUp();
        const { learningRate, optimizer } = steppers[name];
        let at = { parameters: trained, state: optimizer.init(trained.length) };
        const losses: number[] = [];
        for (let step = 0; step < 5; step++) {
          const { loss, gradient } = await lossAndGradient(
            job,
            whole(at.parameters),
            1 / golden.labels.length,
          );
          losses.push(loss);
          at = optimizer.update({ ...at, gradient }, learningRate);
        }
        expect(relativeDifference(losses, golden.runs[name].losses.slice(0, 5))).toBeLessThan(1e-5);
        // AdamW divides by the gradient's own size, so that one nearly zero entry shows the error of the erf kernel: the norm is compared.
        expect(
          relativeNorm(at.parameters, pack(`train/${adapter}/${name}.safetensors`)),
        ).toBeLessThan(2e-5);
        close();
      },
    );
  });
});
