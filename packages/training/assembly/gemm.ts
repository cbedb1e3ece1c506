/** Matrix product over packed blocks, after Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication" (2008). */
import { packPanels, packStrips } from "./pack";
import { ADD, BIAS, STORE, tile } from "./tile";

/** Rows of A packed at once, and depth of a block: 96 KiB of A stay in the second cache, one panel of B in the first. */
const BLOCK_ROWS: i32 = 96;
const BLOCK_DEPTH: i32 = 256;
/** A product this narrow reads A once only, so that packing it would not pay. */
const NARROW: i32 = 16;
const SPILL_BYTES: usize = 64;

/** Scratch that a product with `columns` columns needs. */
export function productScratchBytes(columns: i32): i32 {
  const panels = (columns + 7) & ~7;
  return <i32>SPILL_BYTES + 4 * BLOCK_DEPTH * (BLOCK_ROWS + panels);
}

/**
 * C `[rows, columns]` = factor A B, plus what C held (`accumulate`) or plus a row (`bias`, 0 for none).
 *
 * Any strides of A and B, in elements: a transposed operand is one with its strides exchanged. Every element sums over k in
 * order, in blocks of BLOCK_DEPTH; where in C it stands does not matter. `scratch` has productScratchBytes(columns).
 */
export function gemm(
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
  const strips = scratch + SPILL_BYTES;
  const panels = strips + 4 * BLOCK_ROWS * BLOCK_DEPTH;
  const aRow = (<usize>aRowStride) << 2;
  const aColumn = (<usize>aColumnStride) << 2;
  const bRow = (<usize>bRowStride) << 2;
  const bColumn = (<usize>bColumnStride) << 2;
  const cRow = (<usize>cRowStride) << 2;
  const pack = columns > NARROW;
  for (let k0 = 0; k0 < depth; k0 += BLOCK_DEPTH) {
    const k = min(BLOCK_DEPTH, depth - k0);
    const mode = k0 > 0 || accumulate ? ADD : bias != 0 ? BIAS : STORE;
    packPanels(panels, k, columns, b + <usize>k0 * bRow, bRow, bColumn);
    for (let i0 = 0; i0 < rows; i0 += BLOCK_ROWS) {
      const height = min(BLOCK_ROWS, rows - i0);
      const block = a + <usize>k0 * aColumn + <usize>i0 * aRow;
      if (pack) {
        packStrips(strips, height, k, block, aRow, aColumn);
        for (let j = 0; j < columns; j += 8) {
          for (let i = 0; i < height; i += 4) {
            inline.always(
              tile(
                true,
                k,
                strips + ((<usize>i * <usize>k) << 2),
                4,
                16,
                panels + ((<usize>j * <usize>k) << 2),
                c + <usize>(i0 + i) * cRow + ((<usize>j) << 2),
                cRow,
                min(4, height - i),
                min(8, columns - j),
                factor,
                mode,
                bias + ((<usize>j) << 2),
                scratch,
              ),
            );
          }
        }
      } else {
        for (let j = 0; j < columns; j += 8) {
          for (let i = 0; i < height; i += 4) {
            inline.always(
              tile(
                false,
                k,
                block + <usize>i * aRow,
                aRow,
                aColumn,
                panels + ((<usize>j * <usize>k) << 2),
                c + <usize>(i0 + i) * cRow + ((<usize>j) << 2),
                cRow,
                min(4, height - i),
                min(8, columns - j),
                factor,
                mode,
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
