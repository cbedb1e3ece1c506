/** Statistics of every coordinate over the clients: a block of coordinates at a time, each sorted by value. */

/** Coordinates per block: with 1,000 clients a block is 1 MiB. */
const BLOCK = 256;

/**
 * `[length]`: what `statistic` gives for each coordinate's values over the rows, ascending. It must not keep them.
 *
 * O(length x rows x log rows) time; memory beyond rows and result is one block.
 */
export function overColumns(
  rows: readonly Float32Array[],
  length: number,
  statistic: (ascending: Float32Array) => number,
): Float32Array {
  const result = new Float32Array(length);
  const n = rows.length;
  const block = new Float32Array(Math.min(BLOCK, length) * n);
  const columns = Array.from({ length: block.length / n }, (_, j) =>
    block.subarray(j * n, (j + 1) * n),
  );
  for (let from = 0; from < length; from += BLOCK) {
    const width = Math.min(BLOCK, length - from);
    for (let k = 0; k < n; k++) transpose(rows[k] ?? result, { from, width, to: block, k, n });
    for (let j = 0; j < width; j++) {
      const column = columns[j] ?? block;
      result[from + j] = statistic(column.sort());
    }
  }
  return result;
}

/** Writes `width` values of row `k` from `from` on into every n-th place of `to`. */
function transpose(
  row: Float32Array,
  at: {
    readonly from: number;
    readonly width: number;
    readonly to: Float32Array;
    readonly k: number;
    readonly n: number;
  },
): void {
  const { from, width, to, k, n } = at;
  for (let j = 0; j < width; j++) to[j * n + k] = row[from + j] ?? 0;
}
