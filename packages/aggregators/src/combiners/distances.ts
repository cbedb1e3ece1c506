/** How far updates lie from each other. */

/** Coordinates per block: a block of 100 rows is 1.6 MB and stays in the cache while all pairs meet. */
const BLOCK = 4096;

/** `[n, n]`, symmetric: squared Euclidean distances, differences and sums in float64. The rows are equally long. */
export function squaredDistances(rows: readonly Float32Array[]): Float64Array {
  const n = rows.length;
  const length = rows[0]?.length ?? 0;
  const distances = new Float64Array(n * n);
  for (let from = 0; from < length; from += BLOCK) {
    const block = rows.map((row) => row.subarray(from, from + BLOCK));
    for (const [i, one] of block.entries()) {
      for (const [j, other] of block.entries()) {
        if (j >= i) break;
        distances[i * n + j] = (distances[i * n + j] ?? 0) + squaredDistance(one, other);
      }
    }
  }
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) distances[j * n + i] = distances[i * n + j] ?? 0;
  }
  return distances;
}

/** In four lanes, because the engine does not unroll by itself. */
function squaredDistance(a: Float32Array, b: Float32Array): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  const whole = a.length & ~3;
  for (let i = 0; i < whole; i += 4) {
    const d0 = (a[i] ?? 0) - (b[i] ?? 0);
    const d1 = (a[i + 1] ?? 0) - (b[i + 1] ?? 0);
    const d2 = (a[i + 2] ?? 0) - (b[i + 2] ?? 0);
    const d3 = (a[i + 3] ?? 0) - (b[i + 3] ?? 0);
    s0 += d0 * d0;
    s1 += d1 * d1;
    s2 += d2 * d2;
    s3 += d3 * d3;
  }
  for (let i = whole; i < a.length; i++) s0 += ((a[i] ?? 0) - (b[i] ?? 0)) ** 2;
  return s0 + s1 + s2 + s3;
}
