/** The innermost product: four rows of A times eight columns of B, in registers. */

/** What happens to a finished tile: it replaces what is there, is added to it, or has a row added. */
export const STORE: i32 = 0;
export const ADD: i32 = 1;
export const BIAS: i32 = 2;

/**
 * C tile = factor A B, stored as `mode` says; at most 4 x 8.
 *
 * Row r of A starts at `a + r * aRow` and moves by `aStep` a column; with `packed` the four rows are packed in a strip. B
 * is a packed panel. Rows beyond `rows` are computed and dropped. Must be inlined into the loops around it, with `packed` a
 * constant: engines unroll the innermost loop only there. Two more rows or a second unrolling spill registers and are slower.
 */
export function tile(
  packed: bool,
  depth: i32,
  a: usize,
  aRow: usize,
  aStep: usize,
  b: usize,
  c: usize,
  cRow: usize,
  rows: i32,
  columns: i32,
  factor: f32,
  mode: i32,
  bias: usize,
  spill: usize,
): void {
  let c00 = f32x4.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  if (packed) {
    do {
      const b1 = v128.load(b, 16);
      const x3 = v128.load_splat<f32>(a, 12);
      c31 = f32x4.add(c31, f32x4.mul(b1, x3));
      const x2 = v128.load_splat<f32>(a, 8);
      c21 = f32x4.add(c21, f32x4.mul(b1, x2));
      const x1 = v128.load_splat<f32>(a, 4);
      c11 = f32x4.add(c11, f32x4.mul(b1, x1));
      const b0 = v128.load(b);
      const x0 = v128.load_splat<f32>(a);
      c00 = f32x4.add(c00, f32x4.mul(b0, x0));
      c30 = f32x4.add(c30, f32x4.mul(b0, x3));
      c20 = f32x4.add(c20, f32x4.mul(b0, x2));
      c10 = f32x4.add(c10, f32x4.mul(b0, x1));
      c01 = f32x4.add(c01, f32x4.mul(b1, x0));
      a += aStep;
      b += 32;
    } while (--depth);
  } else {
    let a1 = rows > 1 ? a + aRow : a;
    let a2 = rows > 2 ? a1 + aRow : a;
    let a3 = rows > 3 ? a2 + aRow : a;
    do {
      const b1 = v128.load(b, 16);
      const x3 = v128.load_splat<f32>(a3);
      c31 = f32x4.add(c31, f32x4.mul(b1, x3));
      const x2 = v128.load_splat<f32>(a2);
      c21 = f32x4.add(c21, f32x4.mul(b1, x2));
      const x1 = v128.load_splat<f32>(a1);
      c11 = f32x4.add(c11, f32x4.mul(b1, x1));
      const b0 = v128.load(b);
      const x0 = v128.load_splat<f32>(a);
      c00 = f32x4.add(c00, f32x4.mul(b0, x0));
      c30 = f32x4.add(c30, f32x4.mul(b0, x3));
      c20 = f32x4.add(c20, f32x4.mul(b0, x2));
      c10 = f32x4.add(c10, f32x4.mul(b0, x1));
      c01 = f32x4.add(c01, f32x4.mul(b1, x0));
      a += aStep;
      a1 += aStep;
      a2 += aStep;
      a3 += aStep;
      b += 32;
    } while (--depth);
  }
  const factors = f32x4.splat(factor);
  inline.always(storeRow(c, c00, c01, columns, factors, mode, bias, spill));
  if (rows > 1) inline.always(storeRow(c + cRow, c10, c11, columns, factors, mode, bias, spill));
  if (rows > 2)
    inline.always(storeRow(c + 2 * cRow, c20, c21, columns, factors, mode, bias, spill));
  if (rows > 3)
    inline.always(storeRow(c + 3 * cRow, c30, c31, columns, factors, mode, bias, spill));
}

function storeRow(
  c: usize,
  low: v128,
  high: v128,
  columns: i32,
  factors: v128,
  mode: i32,
  bias: usize,
  spill: usize,
): void {
  low = f32x4.mul(low, factors);
  high = f32x4.mul(high, factors);
  const addend = mode == BIAS ? bias : c;
  if (columns == 8) {
    if (mode != STORE) {
      low = f32x4.add(v128.load(addend), low);
      high = f32x4.add(v128.load(addend, 16), high);
    }
    v128.store(c, low);
    v128.store(c, high, 16);
    return;
  }
  v128.store(spill, low);
  v128.store(spill, high, 16);
  for (let j: usize = 0; j < (<usize>columns) << 2; j += 4) {
    let value = load<f32>(spill + j);
    if (mode != STORE) value = load<f32>(addend + j) + value;
    store<f32>(c + j, value);
  }
}
