import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, test } from "vitest";
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
import { bindAdapter } from "../../trainer/binding.ts";
import { batchLogits, lossAndGradient } from "../../trainer/gradient.ts";
import { chooseBackend } from "../node-choose.ts";
import type { NativeBinding } from "./native.ts";
import { nativeOf } from "./native.ts";
import { compute } from "./operations.ts";

/** The native library is optional. */
const chosen = await chooseBackend("tfjs-node").catch(() => null);

type Counting = NativeBinding & { getNumOfTensors(): number };
const bindingOf = (): Counting => (tf.backend() as unknown as { binding: Counting }).binding;

/** Operations that the library was asked for while `work` ran. */
async function counted(work: () => Promise<unknown>): Promise<number> {
  const backend = tf.backend() as unknown as { binding: object };
  const { binding } = backend;
  let operations = 0;
  const executeOp = (...args: Parameters<NativeBinding["executeOp"]>) => {
    operations++;
    return (binding as Counting).executeOp(...args);
  };
  const names = Object.getOwnPropertyNames(binding);
  const all = names.map((name) => [name, Reflect.get(binding, name)] as const);
  backend.binding = { ...Object.fromEntries(all), executeOp };
  await work().finally(() => (backend.binding = binding));
  return operations;
}

/** A pass forward and back over two layers, with LoRA on query and value. */
async function goldenPass() {
  const adapter = "tiny-bert-lora";
  const golden = goldenJson<{ base: string; batch: GoldenBatch; labels: readonly number[] }>(
    `train/${adapter}/golden.json`,
  );
  const checkpoint = await goldenCheckpoint(golden.base);
  const choice = goldenChoice(adapter, ["a", "b", "c"]);
  const { layout, ...description } = describeModel(checkpoint.config, choice);
  const tensors = goldenTensors(`peft/${adapter}/adapter_model.safetensors`);
  const start = flatten(tensors, layout, description.prefix);
  const model = uploadModel(checkpoint);
  const train = ["down", "up", "head"] as const;
  const binding = bindAdapter({ layout, ...description }, start, { kind: choice.kind, train });
  const job = { model, binding, batch: asPadded(golden.batch, golden.labels) };
  return {
    layers: checkpoint.config.layers,
    forward: () => batchLogits(job, start),
    gradient: () => lossAndGradient(job, start, 1),
    close() {
      binding.dispose();
      model.dispose();
    },
  };
}

describe.skipIf(chosen === null)("our kernels on TensorFlow's library", () => {
  beforeAll(async () => {
    await chooseBackend("tfjs-node");
  });

  test("[TN10] are taken unless the stock ones are asked for", async () => {
    expect(chosen).toEqual({ name: "tfjs-node", kernels: "own", threads: 1, notes: [] });
    expect(await chooseBackend("tfjs-node", { kernels: "stock" })).toMatchObject({
      kernels: "stock",
    });
    expect(tf.getKernel("FedtuneGelu", "tensorflow")).toBeUndefined();
    expect(await chooseBackend("tfjs-node")).toMatchObject({ kernels: "own" });
    expect(tf.getKernel("FedtuneGelu", "tensorflow")).toBeDefined();
  });

  test("[TN10] logits and gradients equal those of TensorFlow.js' operations", async () => {
    const both = [];
    for (const kernels of ["own", "stock"] as const) {
      await chooseBackend("tfjs-node", { kernels });
      const pass = await goldenPass();
      both.push({ logits: await pass.forward(), ...(await pass.gradient()) });
      pass.close();
    }
    await chooseBackend("tfjs-node");
    const [own, stock] = both;
    expect(relativeNorm(own!.logits, stock!.logits)).toBeLessThan(1e-6);
    expect(relativeNorm(own!.gradient, stock!.gradient)).toBeLessThan(1e-6);
    expect(own!.loss).toBeCloseTo(stock!.loss, 5);
  });

  test("[TN10] a pass is so many operations of the library and no more", async () => {
    const pass = await goldenPass();
    await pass.gradient();
    expect(pass.layers).toBe(2);
    expect(await counted(pass.forward)).toBe(153);
    expect(await counted(pass.gradient)).toBe(321);
    pass.close();
  });

  test("nothing is left in the library after a pass, nor after one that failed", async () => {
    const pass = await goldenPass();
    await pass.gradient();
    const before = bindingOf().getNumOfTensors();
    await pass.gradient();
    expect(bindingOf().getNumOfTensors()).toBe(before);
    pass.close();
    const x = tf.ones([2, 3]);
    // The values of a tensor reach the library with its first use.
    x.neg().dispose();
    const kept = bindingOf().getNumOfTensors();
    expect(() =>
      compute(nativeOf(tf.backend())!, ({ of, keep, unary, matMul }) => {
        const y = keep(unary("Erf", of(x)));
        return [matMul(unary("Exp", y), y)];
      }),
    ).toThrow(/MatMul|Matrix size-incompatible/);
    expect(bindingOf().getNumOfTensors()).toBe(kept);
    x.dispose();
  });
});

test("a backend that is not inside as ours expect it is left as it is", () => {
  expect(nativeOf(null)).toBeNull();
  expect(nativeOf({})).toBeNull();
  const functions = { createTensor() {}, deleteTensor() {}, executeOp() {} };
  const outer = { getInputTensorIds() {}, createOutputTensor() {} };
  const numbers = { TF_FLOAT: 1, TF_INT32: 3, TF_ATTR_TYPE: 4, TF_ATTR_BOOL: 3 };
  expect(nativeOf({ ...outer, binding: functions })).toBeNull();
  expect(nativeOf({ binding: { ...functions, ...numbers } })).toBeNull();
  const whole = { ...outer, binding: { ...functions, ...numbers } };
  expect(nativeOf(whole)).toBe(whole);
});
