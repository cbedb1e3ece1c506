/** Our kernels over a memory of their own, without TensorFlow.js; and slow versions of what they compute, in float64. */
import type * as tf from "@tensorflow/tfjs";
import type { Rng } from "@fedtune/core";
import type { Heap } from "../backends/kernels/heap.ts";
import type { OwnKernel } from "../backends/kernels/kernel.ts";
import { sizeOf } from "../backends/kernels/kernel.ts";
import { openEngine } from "../backends/kernels/open-engine.ts";
import { webAssembly } from "../backends/kernels/web-assembly.ts";

/** A matrix of float64 for slow versions. */
export type Slow = readonly (readonly number[])[];

const PAGE = 65_536;
const PAGES = 256;

/** Tensors are handed out from the bottom and given back by `reset`; blocks of the engine stand at the top and stay. */
function twoEndedHeap() {
  const memory = new webAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: false });
  let [bottom, top] = [64, PAGES * PAGE];
  const check = (): void => {
    if (bottom > top) throw new RangeError("the memory of this test is too small");
  };
  const heap: Heap = {
    memory,
    shared: false,
    address: ({ dataId }) => (dataId as { readonly address: number }).address,
    output(shape) {
      const address = bottom;
      // No alignment beyond that of a float, and a gap that nothing writes to.
      bottom += 4 * sizeOf(shape) + 4;
      check();
      // Fresh outputs must be written, whatever they held.
      new Float32Array(memory.buffer, address, sizeOf(shape) + 1).fill(Number.NaN);
      return { dataId: { address }, shape: [...shape], dtype: "float32" };
    },
    share: (tensor) => tensor,
    allocate(bytes) {
      top -= Math.ceil(bytes / 64) * 64;
      check();
      return top;
    },
    free: () => undefined,
  };
  const reset = (): void => {
    bottom = 64;
  };
  return { heap, reset };
}

/** Opens the kernels over 16 MiB; `reset` forgets all tensors. */
export async function kernelBench() {
  const { heap, reset } = twoEndedHeap();
  const { engine } = await openEngine(heap, { maySleep: false });
  const values = (tensor: tf.TensorInfo): Float32Array =>
    new Float32Array(heap.memory.buffer, heap.address(tensor), sizeOf(tensor.shape)).slice();
  const tensor = (data: ArrayLike<number>, shape: readonly number[]): tf.TensorInfo => {
    const info = heap.output(shape);
    new Float32Array(heap.memory.buffer, heap.address(info), data.length).set(data);
    return info;
  };
  const run = (
    kernel: OwnKernel,
    inputs: Readonly<Record<string, tf.TensorInfo>>,
    attributes: Readonly<Record<string, unknown>> = {},
  ): Float32Array[] => {
    const found = kernel({ engine, inputs, attributes });
    if (found === null) throw new Error("the kernel hands this over to the stock one");
    return (Array.isArray(found) ? found : [found]).map(values);
  };
  return { engine, tensor, run, reset };
}

/** Standard normal values. */
export function normals(rng: Rng, count: number): Float32Array {
  return Float32Array.from({ length: count }, () => rng.normal());
}

/** Row-major values as rows. */
export function rowsOf(values: ArrayLike<number>, columns: number): Slow {
  return Array.from({ length: values.length / columns }, (_, row) =>
    Array.from({ length: columns }, (_unused, column) => values[row * columns + column] ?? 0),
  );
}

/** a b, three loops. */
export function slowProduct(a: Slow, b: Slow): Slow {
  const columns = b[0]?.length ?? 0;
  return a.map((row) => {
    const sums = new Array<number>(columns).fill(0);
    for (let column = 0; column < columns; column++)
      for (let k = 0; k < row.length; k++)
        sums[column] = (sums[column] ?? 0) + (row[k] ?? 0) * (b[k]?.[column] ?? 0);
    return sums;
  });
}

/** Rows as columns. */
export function slowTranspose(a: Slow): Slow {
  return (a[0] ?? []).map((_, column) => a.map((row) => row[column] ?? 0));
}

/** erf by its series with positive terms; Abramowitz and Stegun 7.1.6. */
export function slowErf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let [term, sum] = [x, x];
  for (let n = 1; n < 200; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}
