/** What a product may leave out where one of its matrices is a triangle: whole tiles, and the depth of others. */

/** Nothing. */
export const WHOLE: i32 = 0;
/** Of C only what stands on the diagonal or below it is wanted; tiles that begin above it are left as they are. */
export const LOWER_RESULT: i32 = 1;
/** A is square and has zeros above its diagonal, written only where blocks of 4 x 4 on the diagonal have them. */
export const LOWER: i32 = 2;
/** As {@link LOWER}, with zeros below the diagonal. */
export const UPPER: i32 = 3;

/** Where in a block of rows from `i0` on the first tile stands that is wanted of the columns from `j` on. */
export function firstRow(shape: i32, i0: i32, j: i32): i32 {
  return shape == LOWER_RESULT ? max(0, j - i0) : 0;
}

/** The first column of A that is not zero in the four rows from `row` on. */
export function firstFilled(shape: i32, row: i32): i32 {
  return shape == UPPER ? row : 0;
}

/** In a block of columns of A from `k0` on: how many are zero in four rows, before the first that is not. */
export function firstDepth(shape: i32, row: i32, k0: i32): i32 {
  return max(0, firstFilled(shape, row) - k0);
}

/** In a block of `k` columns of A: where the zeros after the last that is not zero in four rows begin; may be below 0. */
export function depthEnd(shape: i32, row: i32, k0: i32, k: i32): i32 {
  return shape == LOWER ? min(k, row + 4 - k0) : k;
}
