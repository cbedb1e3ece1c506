/** Copies blocks of a matrix into the order in which the tile reads them; strides in bytes. */
import { storeTransposed } from "./lanes";

/**
 * Packs `depth` rows of `columns` columns as panels of eight columns: panel by panel, row by row, eight values a row.
 *
 * The last panel is filled up with zeros; its surplus columns are computed and never stored.
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
    else if (width == 8 && rowStride == 4) packColumns(to, depth, start, columnStride);
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

function packColumns(to: usize, depth: i32, from: usize, columnStride: usize): void {
  let k = 0;
  for (; k <= depth - 4; k += 4) {
    inline.always(packFour(to, 32, from, columnStride));
    inline.always(packFour(to + 16, 32, from + 4 * columnStride, columnStride));
    from += 16;
    to += 128;
  }
  packAny(to, depth - k, 8, from, 4, columnStride);
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
 * Rows that the last strip lacks are left as they are; what the tile computes from them is dropped.
 */
export function packStrips(
  to: usize,
  rows: i32,
  depth: i32,
  from: usize,
  rowStride: usize,
  columnStride: usize,
): void {
  for (let row = 0; row < rows; row += 4) {
    const height = min(4, rows - row);
    const start = from + <usize>row * rowStride;
    let k = 0;
    if (height == 4 && columnStride == 4) {
      for (; k <= depth - 4; k += 4) {
        inline.always(packFour(to + ((<usize>k) << 4), 16, start + ((<usize>k) << 2), rowStride));
      }
    } else if (height == 4 && rowStride == 4) {
      for (; k < depth; k++) {
        v128.store(to + ((<usize>k) << 4), v128.load(start + <usize>k * columnStride));
      }
    }
    for (; k < depth; k++) {
      for (let r = 0; r < height; r++) {
        const value = load<f32>(start + <usize>r * rowStride + <usize>k * columnStride);
        store<f32>(to + ((<usize>k) << 4) + ((<usize>r) << 2), value);
      }
    }
    to += (<usize>depth) << 4;
  }
}
