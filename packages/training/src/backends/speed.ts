/** How fast the current backend is, measured in well under two seconds. */
import * as tf from "@tensorflow/tfjs";
import { gelu } from "../layers/activation.ts";
import { layerNorm } from "../layers/layer-norm.ts";
import { frozenLinear } from "../layers/linear.ts";
import { loraLinear } from "../layers/lora-linear.ts";
import { crossEntropy } from "../layers/loss.ts";
import { wave } from "./self-test.ts";

/** What was measured. */
export interface BackendSpeed {
  /** Of a product of [1024, 384] and [384, 384]. */
  readonly gflops: number;
  /** Milliseconds of one step through one small adapted layer: 256 tokens, 128 wide, rank 8. */
  readonly stepMs: number;
  /** Most bytes that the step's tensors took at once. */
  readonly stepBytes: number;
}

/** A measurement ends after this long, but not before one repetition. */
const ENOUGH_MS = 250;
const SHAPE = { rows: 1024, inner: 384, columns: 384 } as const;

/** Measures the backend that `chooseBackend` made current in this thread. */
export async function measureSpeed(): Promise<BackendSpeed> {
  const { rows, inner, columns } = SHAPE;
  const a = tf.tensor2d(wave(rows * inner, 0.1), [rows, inner]);
  const b = tf.tensor2d(wave(inner * columns, 0.2), [inner, columns]);
  try {
    // One value is read back: that a GPU was asked is not that it answered.
    const productMs = await timed(() => tf.tidy(() => tf.slice2d(tf.matMul(a, b), [0, 0], [1, 1])));
    return { gflops: (2 * rows * inner * columns) / productMs / 1e6, ...(await trainingStep()) };
  } finally {
    tf.dispose([a, b]);
  }
}

async function trainingStep(): Promise<Pick<BackendSpeed, "stepMs" | "stepBytes">> {
  const [tokens, width, rank] = [256, 128, 8] as const;
  const base = frozenLinear({
    ...{ weight: wave(width * width, 0.3), bias: wave(width, 0.4) },
    shape: [width, width],
  });
  const A = tf.tensor2d(wave(rank * width, 0.5), [rank, width]);
  const B = tf.tensor2d(wave(width * rank, 0.6), [width, rank]);
  const x = tf.tensor2d(wave(tokens * width, 0.7), [tokens, width]);
  const gamma = tf.ones<tf.Rank.R1>([width]);
  const beta = tf.zeros<tf.Rank.R1>([width]);
  const labels = tf.tensor1d(
    Int32Array.from({ length: tokens }, (_, i) => i % 4),
    "int32",
  );
  const wants = { x: false, A: true, B: true };
  const lossOf = (): tf.Scalar => {
    const hidden = gelu(loraLinear(x, { base, A, B, scaling: 0.5, wants }));
    return crossEntropy(layerNorm(hidden, { gamma, beta, epsilon: 1e-12 }, x), labels, 1 / tokens);
  };
  const step = (): tf.Tensor =>
    tf.tidy(() => {
      const { grads } = tf.valueAndGrads(lossOf)([A, B]);
      return tf.addN(grads.map((gradient) => tf.sum(gradient)));
    });
  try {
    return { stepMs: await timed(step), stepBytes: await peakOf(step) };
  } finally {
    tf.dispose([A, B, x, gamma, beta, labels]);
    base.dispose();
  }
}

/** Most bytes in tensors at once during a call, beyond those before it. */
async function peakOf(work: () => tf.Tensor): Promise<number> {
  const before = tf.memory().numBytes;
  const { peakBytes } = await tf.profile(() => {
    work().dispose();
    return [];
  });
  return peakBytes - before;
}

/** Milliseconds of one call; the first warms up and counts only when it alone takes long. */
async function timed(work: () => tf.Tensor): Promise<number> {
  const once = async (): Promise<number> => {
    const began = performance.now();
    const result = work();
    await result.data();
    result.dispose();
    return performance.now() - began;
  };
  const first = await once();
  if (first > ENOUGH_MS) return first;
  let [total, count] = [0, 0];
  while (total < ENOUGH_MS) {
    total += await once();
    count += 1;
  }
  return total / count;
}
