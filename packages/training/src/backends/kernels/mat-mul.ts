/** TensorFlow.js' matrix products: any transposition, batches that broadcast, and a bias. */
import type * as tf from "@tensorflow/tfjs";
import type { Engine } from "./engine.ts";
import type { KernelCall, OwnKernel } from "./kernel.ts";
import { inputOf, sizeOf } from "./kernel.ts";
import type { Product } from "./product.ts";
import { runBatch, runProduct } from "./product.ts";

/** `BatchMatMul`: a b over the last two axes, the others broadcast. */
export const batchMatMul: OwnKernel = (call) => multiply(call, 0);

/** `_FusedMatMul` with a bias row or none; an activation is left to the stock kernel. */
export const fusedMatMul: OwnKernel = (call) => {
  const { engine, inputs, attributes } = call;
  const { bias, preluActivationWeights } = inputs;
  if (attributes["activation"] !== "linear" || preluActivationWeights !== undefined) return null;
  if (bias === undefined) return multiply(call, 0);
  const columns = inputOf(call, "b").shape.at(attributes["transposeB"] === true ? -2 : -1);
  const isRow = bias.shape.at(-1) === columns && sizeOf(bias.shape) === columns;
  return isRow && bias.dtype === "float32" ? multiply(call, engine.heap.address(bias)) : null;
};

function multiply(call: KernelCall, bias: number): tf.TensorInfo | null {
  const [a, b] = [inputOf(call, "a"), inputOf(call, "b")];
  const { heap } = call.engine;
  const layout = layoutOf(call, a, b);
  if (layout === null) return null;
  const { rows, columns, depth, batch } = layout;
  if (depth === 0 && bias !== 0) return null;
  const c = heap.output([...batch, rows, columns]);
  const size = sizeOf(c.shape);
  if (depth === 0) new Float32Array(heap.memory.buffer, heap.address(c), size).fill(0);
  if (size === 0 || depth === 0) return c;
  const { strides } = layout;
  const product = {
    ...{ rows, columns, depth, bias },
    a: { address: heap.address(a), ...strides.a },
    b: { address: heap.address(b), ...strides.b },
    c: heap.address(c),
  };
  runAll(call.engine, product, { a: a.shape.slice(0, -2), b: b.shape.slice(0, -2), batch });
  return c;
}

interface Layout {
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  /** The broadcast leading axes. */
  readonly batch: readonly number[];
  readonly strides: Readonly<Record<"a" | "b", { rowStride: number; columnStride: number }>>;
}

/** Null when the operands do not fit: the stock kernel then says why. */
function layoutOf({ attributes }: KernelCall, a: tf.TensorInfo, b: tf.TensorInfo): Layout | null {
  if (a.dtype !== "float32" || b.dtype !== "float32") return null;
  const [aRows = 0, aColumns = 0] = a.shape.slice(-2);
  const [bRows = 0, bColumns = 0] = b.shape.slice(-2);
  const aTurned = attributes["transposeA"] === true;
  const bTurned = attributes["transposeB"] === true;
  const depth = aTurned ? aRows : aColumns;
  const batch = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2));
  if (depth !== (bTurned ? bColumns : bRows) || batch === null) return null;
  const strides = (columns: number, turned: boolean) =>
    turned ? { rowStride: 1, columnStride: columns } : { rowStride: columns, columnStride: 1 };
  return {
    rows: aTurned ? aColumns : aRows,
    columns: bTurned ? bRows : bColumns,
    depth,
    batch,
    strides: { a: strides(aColumns, aTurned), b: strides(bColumns, bTurned) },
  };
}

/** Shapes are aligned at their ends; an extent of 1 repeats. Null when they do not fit. */
function broadcast(a: readonly number[], b: readonly number[]): readonly number[] | null {
  const rank = Math.max(a.length, b.length);
  const extents = Array.from({ length: rank }, (_, axis) => {
    const [own = 1, other = 1] = [a[axis - rank + a.length], b[axis - rank + b.length]];
    if (own === 1) return other;
    return other === 1 || other === own ? own : Number.NaN;
  });
  return extents.some(Number.isNaN) ? null : extents;
}

interface Batches {
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly batch: readonly number[];
}

/** One product, one taller product, one batch, or, where both operands broadcast or a bias is added, product by product. */
function runAll(engine: Engine, product: Product, { a, b, batch }: Batches): void {
  const { rows, columns, depth, bias = 0 } = product;
  const [aCount, bCount, count] = [sizeOf(a), sizeOf(b), sizeOf(batch)];
  const isPlain = product.a.rowStride === depth && product.a.columnStride === 1;
  if (count === 1 || (bCount === 1 && aCount === count && isPlain)) {
    runProduct(engine, { ...product, rows: rows * count });
    return;
  }
  const simple = [aCount, bCount].every((own) => own === 1 || own === count);
  if (simple && bias === 0) {
    const strides = { a: aCount === 1 ? 0 : rows * depth, b: bCount === 1 ? 0 : depth * columns };
    runBatch(engine, product, { count, ...strides });
    return;
  }
  for (let index = 0; index < count; index++) {
    const shifted = (operand: Product["a"], own: readonly number[], size: number) => ({
      ...operand,
      address: operand.address + 4 * size * broadcastIndex(index, batch, own),
    });
    runProduct(engine, {
      ...product,
      a: shifted(product.a, a, rows * depth),
      b: shifted(product.b, b, depth * columns),
      c: product.c + 4 * index * rows * columns,
    });
  }
}

/** The place in an operand's own leading axes that belongs to a place in the broadcast ones. */
function broadcastIndex(index: number, batch: readonly number[], own: readonly number[]): number {
  let [rest, place, stride] = [index, 0, 1];
  for (let axis = 1; axis <= batch.length; axis++) {
    const extent = batch.at(-axis) ?? 1;
    const ownExtent = axis <= own.length ? (own.at(-axis) ?? 1) : 1;
    if (ownExtent !== 1) place += stride * (rest % extent);
    stride *= ownExtent;
    rest = Math.floor(rest / extent);
  }
  return place;
}
