/** A check that the current backend computes what it should, in a few milliseconds. */
import * as tf from "@tensorflow/tfjs";
import { gelu } from "../layers/activation.ts";
import { attention } from "../layers/attention.ts";
import { layerNorm } from "../layers/layer-norm.ts";
import { frozenLinear } from "../layers/linear.ts";
import { loraLinear } from "../layers/lora-linear.ts";
import { crossEntropy } from "../layers/loss.ts";

/** Loss and Euclidean norms of the gradients of A and B of the fixed problem; float64 arithmetic of a slow version. */
const expectedNumbers = { loss: 1.5322058, normA: 0.0889862, normB: 0.0926656 } as const;
const TOLERANCE = 1e-4;

/** Null when the backend is fit for training, else what it got wrong. */
export async function selfTest(): Promise<string | null> {
  try {
    return (await integerOps()) ?? (await smallNumbers()) ?? (await trainingStep());
  } catch (error) {
    return `the self-test failed: ${error instanceof Error ? error.message : String(error)}`;
  }
}

async function integerOps(): Promise<string | null> {
  const results = tf.tidy(() => {
    const table = tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3], "int32");
    const parts = [
      tf.transpose(table),
      tf.argMax(tf.tensor2d([0, 5, 1, 7, 2, 3], [2, 3]), 1),
      tf.gather(table, tf.tensor1d([1, 0], "int32")),
    ];
    return parts.map((part): tf.Tensor1D => tf.reshape(tf.cast(part, "float32"), [-1]));
  });
  const wanted = [
    [1, 4, 2, 5, 3, 6],
    [1, 0],
    [4, 5, 6, 1, 2, 3],
  ];
  for (const [index, name] of ["int32 transpose", "argMax", "gather"].entries()) {
    const tensor = results[index];
    const found = tensor === undefined ? [] : Array.from(await tensor.data());
    tensor?.dispose();
    if (found.join() !== wanted[index]?.join())
      return `${name} gives [${found.join(", ")}], expected [${wanted[index]?.join(", ") ?? ""}]`;
  }
  return null;
}

/** Half floats, which some graphics cards compute with, know nothing between 0 and 6e-8; gradients and the epsilons of norms do. */
async function smallNumbers(): Promise<string | null> {
  const wanted = [1e-8, 1e-12, 3e-20];
  const tensor = tf.tidy(() => tf.mul(tf.tensor1d(wanted), tf.scalar(1)));
  const found = Array.from(await tensor.data());
  tensor.dispose();
  const isLost = wanted.some((value, index) => !(Math.abs((found[index] ?? 0) / value - 1) < 1e-3));
  return isLost ? `small numbers come back as [${found.join(", ")}]` : null;
}

async function trainingStep(): Promise<string | null> {
  const { loss, normA, normB } = await fixedStep();
  const pairs = { loss, normA, normB };
  for (const name of ["loss", "normA", "normB"] as const) {
    const wanted = expectedNumbers[name];
    if (!(Math.abs(pairs[name] - wanted) <= TOLERANCE * Math.abs(wanted)))
      return `the fixed training step gives ${name} ${pairs[name]}, expected ${wanted}`;
  }
  return null;
}

/** A wave of `size` values, the same on every platform to rounding. */
export function wave(size: number, phase: number): Float32Array {
  return Float32Array.from({ length: size }, (_, index) => Math.sin(index * 1.3 + phase));
}

/** Loss and gradient norms of a two-token, four-wide transformer-like step with every kind of layer in it. */
async function fixedStep(): Promise<{ loss: number; normA: number; normB: number }> {
  const base = frozenLinear({ weight: wave(16, 0.1), bias: wave(4, 0.2), shape: [4, 4] });
  try {
    const packed = tf.tidy(() => {
      const A = tf.tensor2d(wave(8, 0.3), [2, 4]);
      const B = tf.tensor2d(wave(8, 0.4), [4, 2]);
      const x = tf.tensor2d(wave(16, 0.5), [4, 4]);
      const norm = {
        gamma: tf.tensor1d(wave(4, 0.6)),
        beta: tf.tensor1d(wave(4, 0.7)),
        epsilon: 1e-12,
      };
      const mask = tf.tensor4d([0, 0, 0, -1e9], [2, 1, 1, 2]);
      const labels = tf.tensor1d([0, 1, 2, 3], "int32");
      const lossOf = (): tf.Scalar => {
        const q = loraLinear(x, {
          base,
          A,
          B,
          scaling: 0.5,
          wants: { x: false, A: true, B: true },
        });
        const mixed = attention(q, q, { v: gelu(q), batch: 2, length: 2, heads: 2, mask });
        return crossEntropy(layerNorm(mixed, norm, q), labels, 0.25);
      };
      const { value, grads } = tf.valueAndGrads(lossOf)([A, B]);
      const norms = grads.map((g) => tf.sqrt(tf.sum(tf.square(g))));
      return tf.concat1d([value, ...norms].map((part): tf.Tensor1D => tf.reshape(part, [1])));
    });
    const [loss = Number.NaN, normA = Number.NaN, normB = Number.NaN] = await packed.data();
    packed.dispose();
    return { loss, normA, normB };
  } finally {
    base.dispose();
  }
}
