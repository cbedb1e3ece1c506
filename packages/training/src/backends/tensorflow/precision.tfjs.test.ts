/** Large products in bfloat16, held against float32. */
import * as tf from "@tensorflow/tfjs";
import { rngFromSeed } from "@fedtune/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { frozenLinear } from "../../layers/linear.ts";
import { loraLinear } from "../../layers/lora-linear.ts";
import { relativeNorm } from "../../test-support/golden.ts";
import { chooseBackend } from "../node-choose.ts";

/** The native library is optional. */
const native = await chooseBackend("tfjs-node").catch(() => null);

const rng = rngFromSeed(5);
const normal = (size: number): Float32Array =>
  Float32Array.from({ length: size }, () => rng.normal());

/** An adapted layer's result, and the gradients of its input, A and B for the sum of squares. */
async function layerPass({ rows, width, rank, x, weight, A, B }: Given) {
  const base = frozenLinear({ weight, bias: normal(width).fill(0.1), shape: [width, width] });
  const found = tf.tidy(() => {
    const wants = { x: true, A: true, B: true };
    const result = (...[input, down, up]: [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D]) =>
      loraLinear(input, { base, A: down, B: up, scaling: 0.5, wants });
    const factors = [
      tf.tensor2d(x, [rows, width]),
      tf.tensor2d(A, [rank, width]),
      tf.tensor2d(B, [width, rank]),
    ] as const;
    const gradients = tf.grads((...all) =>
      tf.sum(tf.square(result(...(all as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D])))),
    )([...factors]);
    return [result(...factors), ...gradients];
  });
  const values = await Promise.all(found.map((tensor) => tensor.data<"float32">()));
  tf.dispose(found);
  base.dispose();
  return values;
}

interface Given {
  readonly rows: number;
  readonly width: number;
  readonly rank: number;
  readonly x: Float32Array;
  readonly weight: Float32Array;
  readonly A: Float32Array;
  readonly B: Float32Array;
}

/** How far bfloat16 is from float32 in the result and in each gradient. */
async function apart(rows: number, width: number): Promise<readonly number[]> {
  const rank = 8;
  const given = {
    ...{ rows, width, rank },
    ...{ x: normal(rows * width), weight: normal(width * width) },
    ...{ A: normal(rank * width), B: normal(width * rank) },
  };
  await chooseBackend("tfjs-node", { matmulPrecision: "f32" });
  const exact = await layerPass(given);
  await chooseBackend("tfjs-node", { matmulPrecision: "bf16" });
  const rounded = await layerPass(given);
  return exact.map((values, index) => relativeNorm(rounded[index]!, values));
}

describe.skipIf(native === null)(
  "large products in bfloat16 (without the native library: none)",
  () => {
    beforeAll(async () => {
      await chooseBackend("tfjs-node");
    });
    afterAll(async () => {
      await chooseBackend("tfjs-node");
    });

    test.each([
      [64, 64],
      [200, 128],
      [97, 384],
    ])(
      "[TN27] of %i rows and width %i are within 2^-7 of float32, and are not float32",
      async (rows, width) => {
        const [y, ...gradients] = await apart(rows, width);
        expect(y).toBeGreaterThan(1e-4);
        expect(y).toBeLessThan(2 ** -7);
        for (const gradient of gradients) expect(gradient).toBeLessThan(2 ** -6);
      },
    );

    test("[TN27] with fewer rows or a narrower layer all stays float32, bit for bit", async () => {
      expect(await apart(63, 128)).toEqual([0, 0, 0, 0]);
      expect(await apart(128, 48)).toEqual([0, 0, 0, 0]);
    });

    test("[TN27] are chosen by name, and told", async () => {
      expect(await chooseBackend("tfjs-node", { matmulPrecision: "bf16" })).toMatchObject({
        name: "tfjs-node",
        matmulPrecision: "bf16",
      });
      expect(await chooseBackend("tfjs-node")).not.toHaveProperty("matmulPrecision");
      const stock = await chooseBackend("tfjs-node", { kernels: "stock", matmulPrecision: "bf16" });
      expect(stock.notes.join()).toContain("products in float32");
    });
  },
);

test("[TN27] a backend without them says that it computes in float32", async () => {
  const { matmulPrecision, notes } = await chooseBackend("cpu", { matmulPrecision: "bf16" });
  expect(matmulPrecision).toBeUndefined();
  expect(notes).toEqual([
    "cpu: products in float32, since bfloat16 is there with our kernels of tfjs-node alone",
  ]);
});
