/** The kernels by number, and how each finds its arguments: 32-bit cells in the order in which they are read here. */
import { attention, attentionGradient } from "./attention";
import { gemm } from "./gemm";
import { layerNorm, layerNormGradient } from "./layer-norm";
import { erf, gelu, geluGradient } from "./pointwise";
import { WHOLE } from "./triangle";

/** Runs items `from` to `to` of a task; the numbers are those of `kernelNumbers` on the JavaScript side. */
export function perform(kernel: i32, cells: usize, from: i32, to: i32, scratch: usize): void {
  switch (kernel) {
    case 0:
      return productRows(cells, from, to, scratch);
    case 1:
      return productColumns(cells, from, to, scratch);
    case 2:
      return productBatch(cells, from, to, scratch);
    case 3:
      return erf(part(cells, 0, from), part(cells, 1, from), to - from);
    case 4:
      return gelu(part(cells, 0, from), part(cells, 1, from), to - from);
    case 5:
      return geluGradient(
        part(cells, 0, from),
        part(cells, 1, from),
        part(cells, 2, from),
        to - from,
      );
    case 6:
      return layerNormRows(cells, from, to);
    case 7:
      return layerNormGradientRows(cells, from, to);
    case 8:
      return attentionHeads(cells, from, to, scratch);
    case 9:
      return attentionGradientHeads(cells, from, to, scratch);
  }
}

function int(cells: usize, index: i32): i32 {
  return load<i32>(cells + ((<usize>index) << 2));
}

function float(cells: usize, index: i32): f32 {
  return load<f32>(cells + ((<usize>index) << 2));
}

/** An address `elements` float32 values further on. */
function part(cells: usize, index: i32, elements: i32): usize {
  return <usize>int(cells, index) + ((<usize>elements) << 2);
}

// Cells of a product: rows, columns, depth; a, row and column stride; b, the same; c, row stride; factor, accumulate, bias;
// for a batch the strides of a, b and c from one product to the next.

function productRows(cells: usize, from: i32, to: i32, scratch: usize): void {
  const aRow = int(cells, 4);
  const cRow = int(cells, 10);
  const a = part(cells, 3, from * aRow);
  const c = part(cells, 9, from * cRow);
  product(
    cells,
    to - from,
    int(cells, 1),
    a,
    <usize>int(cells, 6),
    c,
    <usize>int(cells, 13),
    scratch,
  );
}

function productColumns(cells: usize, from: i32, to: i32, scratch: usize): void {
  const b = part(cells, 6, from * int(cells, 8));
  const bias = <usize>int(cells, 13);
  const shifted = bias == 0 ? bias : bias + ((<usize>from) << 2);
  product(
    cells,
    int(cells, 0),
    to - from,
    <usize>int(cells, 3),
    b,
    part(cells, 9, from),
    shifted,
    scratch,
  );
}

function productBatch(cells: usize, from: i32, to: i32, scratch: usize): void {
  for (let index = from; index < to; index++) {
    const a = part(cells, 3, index * int(cells, 14));
    const b = part(cells, 6, index * int(cells, 15));
    const c = part(cells, 9, index * int(cells, 16));
    product(cells, int(cells, 0), int(cells, 1), a, b, c, 0, scratch);
  }
}

function product(
  cells: usize,
  rows: i32,
  columns: i32,
  a: usize,
  b: usize,
  c: usize,
  bias: usize,
  scratch: usize,
): void {
  gemm(
    WHOLE,
    rows,
    columns,
    int(cells, 2),
    a,
    int(cells, 4),
    int(cells, 5),
    b,
    int(cells, 7),
    int(cells, 8),
    c,
    int(cells, 10),
    float(cells, 11),
    int(cells, 12) != 0,
    bias,
    scratch,
  );
}

/** Cells: columns, epsilon, x, residual, gamma, beta, y, xhat, inverse. */
function layerNormRows(cells: usize, from: i32, to: i32): void {
  const columns = int(cells, 0);
  const skipped = from * columns;
  layerNorm(
    to - from,
    columns,
    part(cells, 2, skipped),
    int(cells, 3) == 0 ? 0 : part(cells, 3, skipped),
    <usize>int(cells, 4),
    <usize>int(cells, 5),
    part(cells, 6, skipped),
    part(cells, 7, skipped),
    part(cells, 8, from),
    float(cells, 1),
  );
}

/** Cells: columns, dy, gamma, xhat, inverse, dx. */
function layerNormGradientRows(cells: usize, from: i32, to: i32): void {
  const columns = int(cells, 0);
  const skipped = from * columns;
  layerNormGradient(
    to - from,
    columns,
    part(cells, 1, skipped),
    <usize>int(cells, 2),
    part(cells, 3, skipped),
    part(cells, 4, from),
    part(cells, 5, skipped),
  );
}

/** Cells: length, heads, heads of keys, width of a head, causal, factor, q, k, v, mask, o, kept. */
function attentionHeads(cells: usize, from: i32, to: i32, scratch: usize): void {
  attention(
    from,
    to,
    int(cells, 0),
    int(cells, 1),
    int(cells, 2),
    int(cells, 3),
    int(cells, 4) != 0,
    <usize>int(cells, 6),
    <usize>int(cells, 7),
    <usize>int(cells, 8),
    <usize>int(cells, 9),
    <usize>int(cells, 10),
    <usize>int(cells, 11),
    float(cells, 5),
    scratch,
  );
}

/** Cells: as attention, then do, dq, dk, dv; items are heads of keys. */
function attentionGradientHeads(cells: usize, from: i32, to: i32, scratch: usize): void {
  attentionGradient(
    from,
    to,
    int(cells, 0),
    int(cells, 1),
    int(cells, 2),
    int(cells, 3),
    int(cells, 4) != 0,
    <usize>int(cells, 6),
    <usize>int(cells, 7),
    <usize>int(cells, 8),
    <usize>int(cells, 9),
    <usize>int(cells, 10),
    <usize>int(cells, 11),
    <usize>int(cells, 12),
    <usize>int(cells, 13),
    <usize>int(cells, 14),
    <usize>int(cells, 15),
    float(cells, 5),
    scratch,
  );
}
