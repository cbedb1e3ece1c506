/** Matrix product over packed blocks, after Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication" (2008). */
import { packPanels, packStrips } from "./pack";
import { ADD, BIAS, STORE, tile } from "./tile";
import { depthEnd, firstDepth, firstFilled, firstRow } from "./triangle";

/** The most depth of a block: a panel of B and a strip of A together stay in the first cache. */
const BLOCK_DEPTH: i32 = 384;
/** Rows of A packed at once where there are many: 144 KiB of A stay in the second cache. */
const BLOCK_ROWS: i32 = 96;
/** So few rows are packed at once. Then no panel is read twice, and B is packed a few panels at a time, into the nearest cache. */
const FEW_ROWS: i32 = 320;
/** Columns of B packed at once for few rows: whole cache lines of a plain matrix. */
const GROUP: i32 = 32;
/** A product this narrow reads A once only, so that packing it would not pay. */
const NARROW: i32 = 16;
const SPILL_BYTES: usize = 64;

/** Scratch that a product with `columns` columns needs, whatever its rows. */
export function productScratchBytes(columns: i32): i32 {
  const panels = (columns + 7) & ~7;
  return <i32>SPILL_BYTES + 4 * BLOCK_DEPTH * (FEW_ROWS + panels);
}

/** `depth` in as few equal blocks as may be. */
function blockDepth(depth: i32): i32 {
  const blocks = (depth + BLOCK_DEPTH - 1) / BLOCK_DEPTH;
  return ((depth + blocks - 1) / blocks + 3) & ~3;
}

/**
 * C `[rows, columns]` = factor A B, plus what C held (`accumulate`) or plus a row (`bias`, 0 for none).
 *
 * Any strides of A and B, in elements: a transposed operand is one with its strides exchanged. Every element sums over k in
 * order, in blocks that `depth` alone decides; where in C it stands does not matter. `shape` (triangle.ts) says what is
 * left out. `scratch` has productScratchBytes(columns).
 */
export function gemm(
  shape: i32,
  rows: i32,
  columns: i32,
  depth: i32,
  a: usize,
  aRowStride: i32,
  aColumnStride: i32,
  b: usize,
  bRowStride: i32,
  bColumnStride: i32,
  c: usize,
  cRowStride: i32,
  factor: f32,
  accumulate: bool,
  bias: usize,
  scratch: usize,
): void {
  const few = rows <= FEW_ROWS;
  const blockRows = few ? FEW_ROWS : BLOCK_ROWS;
  const group = few ? GROUP : columns;
  const step = blockDepth(depth);
  const strips = scratch + SPILL_BYTES;
  const panels = strips + 4 * FEW_ROWS * BLOCK_DEPTH;
  const aRow = (<usize>aRowStride) << 2;
  const aColumn = (<usize>aColumnStride) << 2;
  const bRow = (<usize>bRowStride) << 2;
  const bColumn = (<usize>bColumnStride) << 2;
  const cRow = (<usize>cRowStride) << 2;
  const pack = columns > NARROW;
  for (let k0 = 0; k0 < depth; k0 += step) {
    const k = min(step, depth - k0);
    const fresh = bias != 0 ? BIAS : STORE;
    for (let j0 = 0; j0 < columns; j0 += group) {
      const end = min(j0 + group, columns);
      packPanels(panels, k, end - j0, b + <usize>k0 * bRow + <usize>j0 * bColumn, bRow, bColumn);
      for (let i0 = 0; i0 < rows; i0 += blockRows) {
        const height = min(blockRows, rows - i0);
        const block = a + <usize>k0 * aColumn + <usize>i0 * aRow;
        if (pack) {
          // Few rows are one block, which stays packed for all groups.
          if (j0 == 0) packStrips(strips, height, k, block, aRow, aColumn, shape, i0, k0);
          for (let j = j0; j < end; j += 8) {
            for (let i = firstRow(shape, i0, j); i < height; i += 4) {
              const skipped = firstDepth(shape, i0 + i, k0);
              const count = depthEnd(shape, i0 + i, k0, k) - skipped;
              if (count <= 0) continue;
              inline.always(
                tile(
                  true,
                  count,
                  strips + ((<usize>i * <usize>k + 4 * <usize>skipped) << 2),
                  4,
                  16,
                  panels + ((<usize>(j - j0) * <usize>k + 8 * <usize>skipped) << 2),
                  c + <usize>(i0 + i) * cRow + ((<usize>j) << 2),
                  cRow,
                  min(4, height - i),
                  min(8, columns - j),
                  factor,
                  accumulate || k0 > firstFilled(shape, i0 + i) ? ADD : fresh,
                  bias + ((<usize>j) << 2),
                  scratch,
                ),
              );
            }
          }
        } else {
          for (let j = j0; j < end; j += 8) {
            for (let i = firstRow(shape, i0, j); i < height; i += 4) {
              const skipped = firstDepth(shape, i0 + i, k0);
              const count = depthEnd(shape, i0 + i, k0, k) - skipped;
              if (count <= 0) continue;
              inline.always(
                tile(
                  false,
                  count,
                  block + <usize>i * aRow + <usize>skipped * aColumn,
                  aRow,
                  aColumn,
                  panels + ((<usize>(j - j0) * <usize>k + 8 * <usize>skipped) << 2),
                  c + <usize>(i0 + i) * cRow + ((<usize>j) << 2),
                  cRow,
                  min(4, height - i),
                  min(8, columns - j),
                  factor,
                  accumulate || k0 > firstFilled(shape, i0 + i) ? ADD : fresh,
                  bias + ((<usize>j) << 2),
                  scratch,
                ),
              );
            }
          }
        }
      }
    }
  }
}
