import * as tf from "@tensorflow/tfjs";
import { rngFromSeed } from "@fedtune/core";
import { describe, expect, test } from "vitest";
import { attention } from "../../layers/attention.ts";
import { describeModel } from "../../models/describe.ts";
import { uploadModel } from "../../models/device.ts";
import {
  asPadded,
  flatten,
  goldenCheckpoint,
  goldenChoice,
  goldenJson,
  goldenTensors,
  relativeNorm,
} from "../../test-support/golden.ts";
import type { GoldenBatch } from "../../test-support/golden.ts";
import { normals } from "../../test-support/kernel-bench.ts";
import { bindAdapter } from "../../trainer/binding.ts";
import { lossAndGradient } from "../../trainer/gradient.ts";
import { chooseBackend } from "../node-choose.ts";
import { nodeThreads } from "../node-threads.ts";
import { attachKernels } from "./attach.ts";

/** The memory is made for threads when the backend is first used, so threads come first. */
const first = await chooseBackend("wasm", { threads: 2 });

async function underEach<Result>(
  variants: readonly Parameters<typeof chooseBackend>[1][],
  work: () => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const variant of variants) {
    await chooseBackend("wasm", variant);
    results.push(await work());
  }
  return results;
}
const threadCounts = [{ threads: 1 }, { threads: 2 }, { threads: 3 }];
const ownAndStock = [{ threads: 1 }, { kernels: "stock" }] as const;

/** Loss and gradient of a golden model, over the batch `copies` times. */
async function goldenGradient(adapter: string, copies: number): Promise<Float32Array> {
  const golden = goldenJson<{ base: string; batch: GoldenBatch; labels: readonly number[] }>(
    `train/${adapter}/golden.json`,
  );
  const checkpoint = await goldenCheckpoint(golden.base);
  const labels = golden.base === "tiny-roberta" ? ["no", "yes"] : ["a", "b", "c"];
  const choice = goldenChoice(adapter, labels);
  const { layout, ...description } = describeModel(checkpoint.config, choice);
  const start = flatten(
    goldenTensors(`peft/${adapter}/adapter_model.safetensors`),
    layout,
    description.prefix,
  );
  const model = uploadModel(checkpoint);
  const train = ["down", "up", "head"] as const;
  const binding = bindAdapter({ layout, ...description }, start, { kind: choice.kind, train });
  const repeat = <T>(values: readonly T[]): T[] =>
    Array.from({ length: copies }, () => values).flat();
  const { input_ids, attention_mask, token_type_ids } = golden.batch;
  const types = token_type_ids === undefined ? {} : { token_type_ids: repeat(token_type_ids) };
  const batch = asPadded(
    { input_ids: repeat(input_ids), attention_mask: repeat(attention_mask), ...types },
    repeat(golden.labels),
  );
  const found = await lossAndGradient({ model, binding, batch }, start, 1);
  binding.dispose();
  model.dispose();
  return Float32Array.of(found.loss, ...found.gradient);
}

describe("our kernels in the wasm backend", () => {
  test("[TN10] are taken after a test against the stock ones, on as many threads as asked for", async () => {
    expect(first).toEqual({ name: "wasm", kernels: "own", threads: 2, notes: [] });
    const [own, stock] = await underEach(
      ownAndStock,
      async () => tf.getKernel("BatchMatMul", "wasm").kernelFunc.name,
    );
    expect(own).not.toBe(stock);
    expect(tf.getKernel("FedtuneGelu", "wasm")).toBeUndefined();
    expect(tf.getKernel("BatchMatMul", "wasm").setupFunc).toBeDefined();
  });

  test("[TN19] [TN10] are left out when they disagree with the stock ones, and a note says which", async () => {
    await chooseBackend("wasm", { kernels: "stock" });
    const kernel = tf.getKernel("Erf", "wasm");
    tf.unregisterKernel("Erf", "wasm");
    const cosine = tf.getKernel("Cos", "wasm").kernelFunc;
    tf.registerKernel({ ...kernel, kernelFunc: cosine });
    const state = await attachKernels({ kernels: "own", threads: 1 }, nodeThreads);
    expect(tf.getKernel("Erf", "wasm").kernelFunc).toBe(cosine);
    tf.unregisterKernel("Erf", "wasm");
    tf.registerKernel(kernel);
    expect(state).toEqual({
      kernels: "stock",
      threads: 1,
      notes: [expect.stringMatching(/ours failed: erf comes out differently/)],
    });
  });

  test("[TN10] run on one thread, with a reason, where threads do not start", async () => {
    const failing = {
      ...nodeThreads,
      startThread: () => Promise.reject(new Error("no more threads")),
    };
    await chooseBackend("wasm", { threads: 1 });
    const state = await attachKernels({ kernels: "own", threads: 64 }, failing);
    expect(state).toMatchObject({ kernels: "own", threads: 1 });
    expect(state.notes).toEqual([expect.stringMatching(/one thread, since 64 failed: no more/)]);
  });

  test.each(["tiny-bert-all-linear", "tiny-roberta-lora", "tiny-distilbert-lora"])(
    "[TN2] gradients of %s are those of the stock kernels",
    async (adapter) => {
      const [own, stock] = await underEach(ownAndStock, () => goldenGradient(adapter, 1));
      expect(relativeNorm(own!, stock!)).toBeLessThan(2e-6);
    },
  );

  test("[TN18] [TN4] gradients are the same bits on one, two and three threads", async () => {
    const found = await underEach(threadCounts, () => goldenGradient("tiny-bert-all-linear", 12));
    expect(found[1]).toEqual(found[0]);
    expect(found[2]).toEqual(found[0]);
  });

  test("[TN18] [TN4] products of any form are the same bits on one, two and three threads", async () => {
    const rng = rngFromSeed(7);
    const cases = Array.from({ length: 20 }, () => {
      const [rows = 1, inner = 1, columns = 1] = [0, 1, 2].map(
        () => 1 + Math.floor(rng.uniform() * 300),
      );
      const [turnA, turnB, batch] = [
        rng.uniform() < 0.5,
        rng.uniform() < 0.5,
        rng.uniform() < 0.3 ? 5 : 1,
      ];
      const draw = (x: number, y: number) => ({
        values: normals(rng, batch * x * y),
        shape: [batch, x, y] as [number, number, number],
      });
      const a = turnA ? draw(inner, rows) : draw(rows, inner);
      return { a, b: turnB ? draw(columns, inner) : draw(inner, columns), turnA, turnB };
    });
    const found = await underEach(threadCounts, async () =>
      cases.map(({ a, b, turnA, turnB }) =>
        tf.tidy(() =>
          tf
            .matMul(tf.tensor3d(a.values, a.shape), tf.tensor3d(b.values, b.shape), turnA, turnB)
            .dataSync(),
        ),
      ),
    );
    expect(found[1]).toEqual(found[0]);
    expect(found[2]).toEqual(found[0]);
  });

  test("[TN18] [TN4] causal attention of grouped heads is the same bits on one, two and three threads", async () => {
    const rng = rngFromSeed(8);
    const shape = { batch: 2, length: 61, heads: 12, keyValueHeads: 3, causal: true };
    const [q, k, v, dy] = [12, 3, 3, 12].map((count) => normals(rng, 2 * 61 * count * 16));
    const found = await underEach(threadCounts, async () =>
      tf.tidy(() => {
        const matrix = (values: Float32Array): tf.Tensor2D =>
          tf.tensor2d(values, [2 * 61, values.length / 122]);
        const layer = (...[q2, k2, v2]: tf.Tensor[]) =>
          attention(q2 as tf.Tensor2D, k2 as tf.Tensor2D, { v: v2 as tf.Tensor2D, ...shape });
        const inputs = [q!, k!, v!].map(matrix);
        const all = [layer(...inputs), ...tf.grads(layer)(inputs, matrix(dy!))];
        return all.map((tensor) => tensor.dataSync());
      }),
    );
    expect(found[1]).toEqual(found[0]);
    expect(found[2]).toEqual(found[0]);
  });

  test("hand what they cannot do to the stock kernels", async () => {
    const [own, stock] = await underEach(ownAndStock, async () =>
      tf.tidy(() => {
        const a = tf.tensor2d(normals(rngFromSeed(1), 15), [3, 5]);
        const b = tf.tensor2d(normals(rngFromSeed(2), 35), [5, 7]);
        const bias = tf.tensor1d(normals(rngFromSeed(3), 7));
        return tf.fused.matMul({ a, b, bias, activation: "relu" }).dataSync();
      }),
    );
    expect(relativeNorm(own!, stock!)).toBeLessThan(1e-6);
    expect(() => tf.tidy(() => tf.matMul(tf.zeros([2, 3]), tf.zeros([2, 3])))).toThrow(
      /must match/,
    );
  });

  test("what a layer keeps for its gradient is not copied", async () => {
    await chooseBackend("wasm", { threads: 1 });
    const before = tf.memory().numTensors;
    const x = tf.tensor1d([1, 2, 3]);
    const { numDataBuffers } = tf.memory();
    const copy = tf.clone(x);
    expect(tf.memory().numDataBuffers).toBe(numDataBuffers);
    x.dispose();
    expect([...copy.dataSync()]).toEqual([1, 2, 3]);
    copy.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test("results stay right while the memory grows under them", async () => {
    await chooseBackend("wasm", { threads: 2 });
    const ones = tf.ones<tf.Rank.R2>([300, 300]);
    const kept: tf.Tensor[] = [];
    for (let step = 0; step < 12; step++) {
      kept.push(tf.zeros([1_000_000]));
      const product = tf.matMul(ones, ones, false, true);
      expect(product.dataSync().every((value) => value === 300)).toBe(true);
      product.dispose();
    }
    tf.dispose([ones, ...kept]);
  });
});
