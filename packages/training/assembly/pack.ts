/** Copies blocks of a matrix into the order in which the tile reads them; strides in bytes. */
import { storeTransposed } from "./lanes";
import { depthEnd, firstDepth } from "./triangle";

/**
 * Packs `depth` rows of `columns` columns as panels of eight columns: panel by panel, row by row, eight values a row.
 *
 * What fills up the last panel is arbitrary: its surplus columns are computed and never stored.
 */
export function packPanels(
  to: usize,
  depth: i32,
  columns: i32,
  from: usize,
  rowStride: usize,
  columnStride: usize,
): void {
  for (let column = 0; column < columns; column += 8) {
    const width = min(8, columns - column);
    const start = from + <usize>column * columnStride;
    if (width == 8 && columnStride == 4) packRows(to, depth, start, rowStride);
    else if (rowStride == 4) packColumns(to, depth, width, start, columnStride);
    else packAny(to, depth, width, start, rowStride, columnStride);
    to += (<usize>depth) << 5;
  }
}

function packRows(to: usize, depth: i32, from: usize, rowStride: usize): void {
  for (let k = 0; k < depth; k++) {
    v128.store(to, v128.load(from));
    v128.store(to, v128.load(from, 16), 16);
    from += rowStride;
    to += 32;
  }
}

/** Surplus columns repeat the last one. */
function packColumns(to: usize, depth: i32, width: i32, from: usize, columnStride: usize): void {
  const whole = depth & ~3;
  inline.always(packLines(to, whole, min(4, width), from, columnStride));
  const rest = from + (width > 4 ? 4 * columnStride : 0);
  inline.always(packLines(to + 16, whole, width > 4 ? width - 4 : 1, rest, columnStride));
  const skipped = (<usize>whole) << 2;
  packAny(to + (skipped << 3), depth - whole, width, from + skipped, 4, columnStride);
}

/** Four columns of a panel, four rows at a time; of `lines` columns, the last one repeated. */
function packLines(to: usize, depth: i32, lines: i32, from: usize, stride: usize): void {
  let r0 = from;
  let r1 = lines > 1 ? r0 + stride : r0;
  let r2 = lines > 2 ? r1 + stride : r1;
  let r3 = lines > 3 ? r2 + stride : r2;
  for (let k = 0; k < depth; k += 4) {
    inline.always(
      storeTransposed(to, 32, v128.load(r0), v128.load(r1), v128.load(r2), v128.load(r3)),
    );
    r0 += 16;
    r1 += 16;
    r2 += 16;
    r3 += 16;
    to += 128;
  }
}

/** Four neighbours of four lines, transposed. */
function packFour(to: usize, step: usize, from: usize, stride: usize): void {
  const r0 = v128.load(from);
  const r1 = v128.load(from + stride);
  const r2 = v128.load(from + 2 * stride);
  const r3 = v128.load(from + 3 * stride);
  inline.always(storeTransposed(to, step, r0, r1, r2, r3));
}

function packAny(
  to: usize,
  depth: i32,
  width: i32,
  from: usize,
  rowStride: usize,
  columnStride: usize,
): void {
  for (let k = 0; k < depth; k++) {
    for (let j = 0; j < 8; j++) {
      const value: f32 = j < width ? load<f32>(from + <usize>j * columnStride) : 0;
      store<f32>(to + ((<usize>j) << 2), value);
    }
    from += rowStride;
    to += 32;
  }
}

/**
 * Packs `rows` rows of `depth` columns as strips of four rows: strip by strip, column by column, four values a column.
 *
 * Rows that the last strip lacks are left as they are; what the tile computes from them is dropped. So are the columns that
 * `shape` leaves out, of which the tile reads nothing; `row0` and `k0` are where the block stands in the whole matrix.
 */
export function packStrips(
  to: usize,
  rows: i32,
  depth: i32,
  from: usize,
  rowStride: usize,
  columnStride: usize,
  shape: i32,
  row0: i32,
  k0: i32,
): void {
  for (let row = 0; row < rows; row += 4) {
    const height = min(4, rows - row);
    const start = from + <usize>row * rowStride;
    let k = firstDepth(shape, row0 + row, k0);
    const end = depthEnd(shape, row0 + row, k0, depth);
    if (height == 4 && columnStride == 4) {
      for (; k <= end - 4; k += 4) {
        inline.always(packFour(to + ((<usize>k) << 4), 16, start + ((<usize>k) << 2), rowStride));
      }
    } else if (height == 4 && rowStride == 4) {
      for (; k < end; k++) {
        v128.store(to + ((<usize>k) << 4), v128.load(start + <usize>k * columnStride));
      }
    }
    for (; k < end; k++) {
      for (let r = 0; r < height; r++) {
        const value = load<f32>(start + <usize>r * rowStride + <usize>k * columnStride);
        store<f32>(to + ((<usize>k) << 4) + ((<usize>r) << 2), value);
      }
    }
    to += (<usize>depth) << 4;
  }
}
