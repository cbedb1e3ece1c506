/** Base weights in fewer bits: bounds of their error, gradients through them, and the memory that they take. */
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, test } from "vitest";
import { chooseBackend } from "../backends/node-choose.ts";
import { describeModel } from "../models/describe.ts";
import { uploadModel } from "../models/device.ts";
import {
  asPadded,
  flatten,
  goldenCheckpoint,
  goldenChoice,
  goldenJson,
  goldenStart,
  relativeNorm,
} from "../test-support/golden.ts";
import type { GoldenBatch } from "../test-support/golden.ts";
import { bindAdapter } from "../trainer/binding.ts";
import { batchLogits, exampleGradients, lossAndGradient } from "../trainer/gradient.ts";
import { storedMatrix } from "./stored-matrix.ts";
import type { BasePrecision } from "./stored-matrix.ts";

describe.each(["own", "stock"] as const)("on wasm with %s kernels", (kernels) => {
  beforeAll(async () => {
    await chooseBackend("wasm", { kernels, threads: 1 });
  });

  test.each(["f16", "int8"] as const)(
    "[TN23] %s keeps every value within its bound",
    async (bits) => {
      const [rows, columns] = [7, 33];
      const values = Float32Array.from({ length: rows * columns }, (_, k) =>
        k % columns === 0 ? 0 : Math.sin(k * 1.7) * 10 ** (Math.floor(k / columns) - 3),
      );
      const stored = storedMatrix(values, [rows, columns], bits);
      const whole = tf.tidy(() => stored.whole());
      const found = await whole.data();
      const ids = Int32Array.of(5, 0, 5);
      const some = stored.rows(ids, tf.tensor1d(ids, "int32"));
      expect([...(await some.data())]).toEqual(
        [...ids].flatMap((row) => [...found.slice(row * columns, (row + 1) * columns)]),
      );
      for (let row = 0; row < rows; row++) {
        const own = values.subarray(row * columns, (row + 1) * columns);
        const largest = own.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        own.forEach((value, column) => {
          const error = Math.abs(found[row * columns + column]! - value);
          const bound =
            bits === "int8" ? largest / 254 : Math.max(Math.abs(value) * 2 ** -11, 2 ** -25);
          expect(error).toBeLessThanOrEqual(bound * (1 + 1e-6));
        });
      }
      tf.dispose([whole, some]);
      stored.dispose();
    },
  );

  describe.each(["tiny-bert-lora", "tiny-bert-dora-all-linear", "tiny-distilbert-lora"])(
    "%s",
    (adapter) => {
      async function setUp(precision: BasePrecision) {
        const golden = goldenJson<{ base: string; batch: GoldenBatch; labels: number[] }>(
          `train/${adapter}/golden.json`,
        );
        const checkpoint = await goldenCheckpoint(golden.base);
        const choice = goldenChoice(adapter, ["a", "b", "c"]);
        const description = describeModel(checkpoint.config, choice);
        const { layout, prefix } = description;
        const start = flatten(goldenStart(adapter), layout, prefix);
        const train = ["down", "up", "magnitude", "head"] as const;
        const model = uploadModel(checkpoint, precision);
        const binding = bindAdapter(description, start, { kind: choice.kind, train });
        const close = () => {
          binding.dispose();
          model.dispose();
        };
        return {
          job: { model, binding, batch: asPadded(golden.batch, golden.labels) },
          start,
          close,
        };
      }

      test.each([
        ["f16", 2e-3],
        ["int8", 5e-2],
      ] as const)(
        "[TN23] with %s logits and gradients are near those of float32, and nothing is left behind",
        async (precision, bound) => {
          const whole = await setUp("f32");
          const logits = await batchLogits(whole.job, whole.start);
          const { gradient } = await lossAndGradient(whole.job, whole.start, 0.2);
          whole.close();
          const before = tf.memory().numTensors;
          const { job, start, close } = await setUp(precision);
          const difference = relativeNorm(await batchLogits(job, start), logits);
          // What a kind keeps of frozen things, row norms for one, is there after the first pass.
          const held = tf.memory().numBytes;
          expect(difference).toBeGreaterThan(0);
          expect(difference).toBeLessThan(bound);
          const found = await lossAndGradient(job, start, 0.2);
          expect(relativeNorm(found.gradient, gradient)).toBeLessThan(4 * bound);
          const { gradients } = await exampleGradients(job, start);
          expect(gradients.every((row) => row.every(Number.isFinite))).toBe(true);
          expect(tf.memory().numBytes).toBe(held);
          close();
          expect(tf.memory().numTensors).toBe(before);
        },
      );
    },
  );

  test("[TN23] the device holds no weight of a layer or a word between passes", async () => {
    const checkpoint = await goldenCheckpoint("tiny-bert");
    const bytesOf = (precision: BasePrecision): number => {
      const before = tf.memory().numBytes;
      const model = uploadModel(checkpoint, precision);
      const bytes = tf.memory().numBytes - before;
      model.dispose();
      return bytes;
    };
    const small = [...checkpoint.weights].reduce(
      (sum, [name, { values }]) =>
        /Norm|bias|position|token_type/.test(name) ? sum + 4 * values.length : sum,
      0,
    );
    expect([bytesOf("f16"), bytesOf("int8")]).toEqual([small, small]);
    expect(bytesOf("f32")).toBeGreaterThan(3 * small);
  });
});
