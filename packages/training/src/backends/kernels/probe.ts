/** Fixed small problems on which our kernels and the stock ones must agree. */
import * as tf from "@tensorflow/tfjs";
import { gelu } from "../../layers/activation.ts";
import { attention } from "../../layers/attention.ts";
import { layerNorm } from "../../layers/layer-norm.ts";
import { sumOfProducts } from "../../layers/products.ts";
import { wave } from "../self-test.ts";

/** Results by the name of what computed them. */
export type ProbeResults = ReadonlyMap<string, Float32Array>;

const matrix = (rows: number, columns: number, phase: number): tf.Tensor2D =>
  tf.tensor2d(wave(rows * columns, phase), [rows, columns]);

/** Sizes are odd so that every remainder is taken; the first product is large enough for several threads. */
const problems: Readonly<Record<string, () => tf.Tensor>> = {
  "a large product": () => tf.matMul(matrix(101, 59, 0.1), matrix(59, 83, 0.2)),
  "a product with transposed operands": () =>
    tf.matMul(matrix(37, 13, 0.3), matrix(11, 37, 0.4), true, true),
  "a batch of products": () => {
    const a = tf.tensor3d(wave(3 * 7 * 5, 0.5), [3, 7, 5]);
    return tf.matMul(a, tf.tensor3d(wave(3 * 9 * 5, 0.6), [3, 9, 5]), false, true);
  },
  "a product with a bias": () => {
    const [a, b] = [matrix(6, 7, 0.7), matrix(7, 19, 0.8)];
    return tf.fused.matMul({ a, b, bias: tf.tensor1d(wave(19, 0.9)) });
  },
  "a sum of products": () => {
    const [x, w, h] = [matrix(9, 300, 1), matrix(300, 18, 1.1), matrix(9, 3, 1.2)];
    const update = { a: h, b: matrix(18, 3, 1.3), transposeB: true, factor: 0.5 };
    return sumOfProducts([{ a: x, b: w }, update], tf.tensor1d(wave(18, 1.4)));
  },
  erf: () => tf.erf(matrix(3, 7, 1.5)),
  gelu: () => valueAndGradient(gelu, matrix(5, 7, 1.6)),
  "layer norm": () => {
    const parameters = { gamma: tf.tensor1d(wave(7, 1.7)), beta: tf.tensor1d(wave(7, 1.8)) };
    const residual = matrix(5, 7, 1.9);
    const norm = { ...parameters, epsilon: 1e-12 };
    return valueAndGradient((x) => layerNorm(x, norm, residual), matrix(5, 7, 2));
  },
  attention: () => {
    const mask = tf.tensor4d([0, 0, 0, 0, 0, 0, 0, 0, -1e9, -1e9], [2, 1, 1, 5]);
    const shape = { batch: 2, length: 5, heads: 2, mask };
    const [k, v] = [matrix(10, 6, 2.1), matrix(10, 6, 2.2)];
    return valueAndGradient((x) => attention(x, k, { v, ...shape }), matrix(10, 6, 2.3));
  },
  "causal attention of grouped heads": () => {
    const shape = { batch: 2, length: 7, heads: 4, keyValueHeads: 2, causal: true };
    const [q, k] = [matrix(14, 20, 2.4), matrix(14, 10, 2.5)];
    return tf.concat([
      valueAndGradient((x) => attention(x, k, { v: k, ...shape }), q),
      valueAndGradient((x) => attention(q, x, { v: tf.neg(x), ...shape }), k),
    ]);
  },
};

/** What the current backend makes of the problems. */
export async function probe(): Promise<ProbeResults> {
  const results = new Map<string, Float32Array>();
  for (const [name, problem] of Object.entries(problems)) {
    const tensor = tf.tidy(problem);
    results.set(name, (await tensor.data()) as Float32Array);
    tensor.dispose();
  }
  return results;
}

function valueAndGradient(layer: (x: tf.Tensor2D) => tf.Tensor2D, x: tf.Tensor2D): tf.Tensor {
  const y = layer(x);
  const weights = tf.tensor(wave(y.size, 3), y.shape);
  const gradient = tf.grad((input) => tf.sum(tf.mul(layer(input as tf.Tensor2D), weights)))(x);
  return tf.concat([y, gradient].map((part) => tf.reshape(part, [-1])));
}

/** The first problem on which two results are further apart than `tolerance` times the largest value, or null. */
export function difference(
  found: ProbeResults,
  wanted: ProbeResults,
  tolerance: number,
): string | null {
  for (const [name, expected] of wanted) {
    const values = found.get(name) ?? new Float32Array();
    const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const agree =
      values.length === expected.length &&
      values.every((value, index) => {
        return Math.abs(value - (expected[index] ?? Number.NaN)) <= tolerance * largest;
      });
    if (!agree) return name;
  }
  return null;
}
