/** How fast the products of a training step are on wasm; for benches. */
import * as tf from "@tensorflow/tfjs";
import { chooseBackend } from "../backends/node-choose.ts";

interface Shape {
  readonly what: string;
  readonly batch: number;
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

const shape = (what: string, sizes: readonly number[], form: string): Shape => {
  const [batch = 1, rows = 1, columns = 1, depth = 1] = sizes;
  const [transposeA, transposeB] = [form.startsWith("T"), form.endsWith("T")];
  return { what, batch, rows, columns, depth, transposeA, transposeB };
};

/** MiniLM-L6, batch 16 of 128 tokens, rank 8. */
const shapes: readonly Shape[] = [
  shape("feed-forward, forward", [1, 2048, 1536, 384], "NN"),
  shape("feed-forward, back", [1, 2048, 384, 1536], "NT"),
  shape("query, forward", [1, 2048, 384, 384], "NN"),
  shape("query, back", [1, 2048, 384, 384], "NT"),
  shape("gradient of a weight", [1, 384, 384, 2048], "TN"),
  shape("scores of attention", [192, 128, 128, 32], "NT"),
  shape("values of attention", [192, 128, 32, 128], "NN"),
  shape("keys' gradient", [192, 128, 32, 128], "TN"),
  shape("x A", [1, 2048, 8, 384], "NT"),
  shape("h B", [1, 2048, 384, 8], "NT"),
  shape("gradient of A", [1, 8, 384, 2048], "TN"),
  shape("gradient of B", [1, 384, 8, 2048], "TN"),
];

/** Milliseconds of one product: by the clock and by the processor. */
interface Timing {
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** The best of several repetitions. */
function timed(work: () => tf.Tensor): Timing {
  let best: Timing = { wallMs: Infinity, cpuMs: Infinity };
  const began = performance.now();
  for (let count = 0; count < 3 || performance.now() - began < 300; count++) {
    const used = process.cpuUsage();
    const start = performance.now();
    work().dispose();
    const wallMs = performance.now() - start;
    const { user, system } = process.cpuUsage(used);
    const cpuMs = (user + system) / 1000;
    best = { wallMs: Math.min(best.wallMs, wallMs), cpuMs: Math.min(best.cpuMs, cpuMs) };
  }
  return best;
}

function measureAll(): readonly Timing[] {
  return shapes.map(({ batch, rows, columns, depth, transposeA, transposeB }) => {
    const a = tf.ones<tf.Rank.R3>(transposeA ? [batch, depth, rows] : [batch, rows, depth]);
    const b = tf.ones<tf.Rank.R3>(transposeB ? [batch, columns, depth] : [batch, depth, columns]);
    const best = timed(() => tf.matMul(a, b, transposeA, transposeB));
    tf.dispose([a, b]);
    return best;
  });
}

/** One row of the table, in GFLOP/s. */
export interface ProductSpeed {
  readonly what: string;
  readonly shape: string;
  readonly form: string;
  /** Our kernels on one thread, by processor time. */
  readonly own: number;
  /** Our kernels on two threads, by the clock. */
  readonly twoThreads: number;
  /** TensorFlow.js' kernels, by processor time. */
  readonly stock: number;
}

/** Measures every shape three ways. */
export async function measureProducts(): Promise<readonly ProductSpeed[]> {
  // The memory is made for threads when it is first used: most threads first.
  await chooseBackend("wasm", { threads: 2 });
  const two = measureAll();
  await chooseBackend("wasm", { threads: 1 });
  const one = measureAll();
  await chooseBackend("wasm", { kernels: "stock" });
  const stock = measureAll();
  return shapes.map(({ what, transposeA, transposeB, batch, rows, columns, depth }, index) => {
    const rate = (ms = Number.NaN): number =>
      Number(((2 * batch * rows * columns * depth) / ms / 1e6).toFixed(1));
    return {
      what,
      shape: `${batch > 1 ? `${batch} x ` : ""}${rows}x${columns}x${depth}`,
      form: `${transposeA ? "T" : "N"}${transposeB ? "T" : "N"}`,
      own: rate(one[index]?.cpuMs),
      twoThreads: rate(two[index]?.wallMs),
      stock: rate(stock[index]?.cpuMs),
    };
  });
}
