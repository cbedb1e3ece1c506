import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, test } from "vitest";
import { chooseBackend } from "../backends/node-choose.ts";
import { wave } from "../backends/self-test.ts";
import { relativeNorm } from "../test-support/golden.ts";
import { activate } from "./activation.ts";
import { attention } from "./attention.ts";
import { layerNorm } from "./layer-norm.ts";
import { applyLinear, frozenLinear } from "./linear.ts";
import { loraLinear } from "./lora-linear.ts";

const matrix = (rows: number, columns: number, phase: number) =>
  tf.tensor2d(wave(rows * columns, phase), [rows, columns]);

const sizes = { batch: 2, length: 3, heads: 2 } as const;

/** Frozen things that the layers of one test share; a gradient must find them alive. */
function weights() {
  const base = frozenLinear({ weight: wave(16, 3), bias: wave(4, 4), shape: [4, 4] });
  const norm = { gamma: tf.tensor1d(wave(4, 1)), beta: tf.tensor1d(wave(4, 2)), epsilon: 1e-5 };
  const mask = tf.tensor4d([0, 0, 0, 0, 0, -1e9], [2, 1, 1, 3]);
  const [A, B] = [matrix(2, 4, 5), matrix(4, 2, 6)];
  const close = () => {
    base.dispose();
    tf.dispose([norm, mask, A, B]);
  };
  return { base, norm, A, B, attend: { ...sizes, mask }, close };
}
type Weights = ReturnType<typeof weights>;
type Layer = (x: tf.Tensor2D, weights: Weights) => tf.Tensor;

const plainLinear: Layer = (x, { base }) =>
  tf.add(tf.matMul(x, base.backward(), false, true), base.bias!);
const heads = (x: tf.Tensor2D): tf.Tensor4D =>
  tf.transpose(tf.reshape(x, [2, 3, 2, 2]), [0, 2, 1, 3]);
/** The one head of keys that both heads of queries share. */
const shared = (x: tf.Tensor2D): tf.Tensor2D => tf.slice(x, [0, 1], [6, 2]);
const plainAttention = (
  q: tf.Tensor2D,
  k: tf.Tensor2D,
  { v, added }: { readonly v: tf.Tensor2D; readonly added: tf.Tensor },
): tf.Tensor => {
  const scores = tf.div(tf.matMul(heads(q), heads(k), false, true), Math.SQRT2);
  const mixed = tf.matMul(tf.softmax(tf.add(scores, added)), heads(v));
  return tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [6, 4]);
};
const twice = (x: tf.Tensor2D): tf.Tensor2D => tf.concat([shared(x), shared(x)], 1);
const later = (): tf.Tensor2D => tf.tensor2d([0, -1e9, -1e9, 0, 0, -1e9, 0, 0, 0], [3, 3]);

/** Each layer as our own gradient has it, and as plain operations that TensorFlow.js differentiates by itself. */
const layers: readonly [name: string, ours: Layer, plain: Layer][] = [
  ["linear", (x, { base }) => applyLinear(x, base), plainLinear],
  [
    "lora linear",
    (x, { base, A, B }) =>
      loraLinear(x, { base, A, B, scaling: 0.7, wants: { x: true, A: false, B: false } }),
    (x, given) => {
      const low = tf.matMul(tf.matMul(x, given.A, false, true), given.B, false, true);
      return tf.add(plainLinear(x, given), tf.mul(low, 0.7));
    },
  ],
  [
    "gelu",
    (x) => activate(x, "gelu"),
    (x) => tf.mul(tf.mul(x, 0.5), tf.add(1, tf.erf(tf.mul(x, Math.SQRT1_2)))),
  ],
  [
    "gelu_new",
    (x) => activate(x, "gelu_new"),
    (x) => {
      const inner = tf.add(x, tf.mul(0.044715, tf.mul(x, tf.mul(x, x))));
      return tf.mul(tf.mul(x, 0.5), tf.add(1, tf.tanh(tf.mul(Math.sqrt(2 / Math.PI), inner))));
    },
  ],
  ["relu", (x) => activate(x, "relu"), (x) => tf.relu(x)],
  [
    "layer norm",
    (x, { norm }) => layerNorm(x, norm),
    (x, { norm }) => {
      const { mean, variance } = tf.moments(x, -1, true);
      const whitened = tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, norm.epsilon)));
      return tf.add(tf.mul(whitened, norm.gamma), norm.beta);
    },
  ],
  [
    "attention",
    (x, { attend }) => attention(x, tf.mul(x, 0.5), { v: tf.square(x), ...attend }),
    (x, { attend }) => plainAttention(x, tf.mul(x, 0.5), { v: tf.square(x), added: attend.mask }),
  ],
  [
    "causal attention",
    (x) => attention(x, tf.mul(x, 0.5), { ...sizes, v: tf.square(x), causal: true }),
    (x) => plainAttention(x, tf.mul(x, 0.5), { v: tf.square(x), added: later() }),
  ],
  [
    "causal attention of grouped heads, padded",
    (x, { attend }) =>
      attention(x, shared(x), {
        ...attend,
        keyValueHeads: 1,
        v: tf.square(shared(x)),
        causal: true,
      }),
    (x, { attend }) => {
      const added = tf.add(later(), attend.mask);
      return plainAttention(x, twice(x), { v: tf.square(twice(x)), added });
    },
  ],
];

/** The native library is optional; where it was fetched, it is held to the same numbers. */
const native = await chooseBackend("tfjs-node").then(
  () => true,
  () => false,
);

const engines = [
  ["cpu", "stock"],
  ["wasm", "own"],
  ["wasm", "stock"],
  ...(native ? ([["tfjs-node", "own"]] as const) : []),
] as const;

describe.each(engines)("layers on %s with %s kernels", (backend, kernels) => {
  beforeAll(async () => {
    expect(await chooseBackend(backend, { kernels })).toMatchObject({ kernels });
  });

  test.each(layers)(
    "[TN2] %s and its gradient equal plain operations",
    async (_name, ours, plain) => {
      const before = tf.memory().numTensors;
      const given = weights();
      const run = (layer: Layer) =>
        tf.tidy(() => {
          const x = matrix(6, 4, 0.3);
          const weight = matrix(6, 4, 9);
          const loss = (y: tf.Tensor) => tf.sum(tf.mul(layer(y as tf.Tensor2D, given), weight));
          return [layer(x, given), tf.grad(loss)(x)] as const;
        });
      const [value, gradient] = run(ours);
      const [wantedValue, wantedGradient] = run(plain);
      expect(relativeNorm(await value.data(), await wantedValue.data())).toBeLessThan(1e-6);
      expect(relativeNorm(await gradient.data(), await wantedGradient.data())).toBeLessThan(2e-6);
      tf.dispose([value, gradient, wantedValue, wantedGradient]);
      given.close();
      expect(tf.memory().numTensors).toBe(before);
    },
  );

  test.each(layers)("[TN9] %s lets NaN through, forward and back", async (_name, ours) => {
    const given = weights();
    const values = wave(24, 0.3);
    values[5] = Number.NaN;
    const { value, gradient } = tf.tidy(() => {
      const x = tf.tensor2d(values, [6, 4]);
      const loss = (y: tf.Tensor) => tf.sum(tf.square(ours(y as tf.Tensor2D, given)));
      return { value: ours(x, given), gradient: tf.grad(loss)(x) };
    });
    expect((await value.data()).some((entry) => Number.isNaN(entry))).toBe(true);
    expect((await gradient.data()).some((entry) => Number.isNaN(entry))).toBe(true);
    tf.dispose([value, gradient]);
    given.close();
  });
});
