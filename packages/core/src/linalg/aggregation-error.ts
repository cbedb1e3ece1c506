import {
  combine,
  concatColumns,
  columns,
  frobeniusNorm,
  multiplyTransposedRight,
  subtract,
  transpose,
  zeros,
  type LowRank,
  type Matrix,
} from "./matrix.ts";
import { triangularFactor } from "./qr.ts";

/** One client's product and its weight. */
export interface WeightedProduct extends LowRank {
  /** Non-negative; weights need not sum to 1. */
  readonly weight: number;
}

/**
 * How far a broadcast product is from the ideal: `||dW - B A||_F / ||dW||_F` with `dW = sum p_k B_k A_k`.
 *
 * B is up, `[out, r]`, A is down, `[r, in]`; ranks may differ, a scaling belongs into B. Never forms `[out, in]`:
 * after thin QRs of `[B_1 - B, ..., B_K - B, B]` and its counterpart for A all sums are of size (K + 1) r. With
 * differences from the broadcast (for any B and A, not only the means)
 *
 *     dW - B A = sum p_k (B_k - B)(A_k - A) + (sum p_k (B_k - B)) A + B (sum p_k (A_k - A)),
 *
 * so that clients close to the broadcast lose no digits. 0 when there is no distance,
 * Infinity when the ideal is zero to rounding and the broadcast is not.
 *
 * @throws RangeError when there is no client, the weights sum to zero, or shapes of in or out differ
 */
export function aggregationError(clients: readonly WeightedProduct[], broadcast: LowRank): number {
  const { difference, own } = compressedSums(clients, broadcast);
  const distance = frobeniusNorm(difference);
  if (distance === 0) return 0;
  const ideal = frobeniusNorm(combine(1, difference, { beta: 1, B: own }));
  return ideal <= 1e-14 * frobeniusNorm(own) ? Infinity : distance / ideal;
}

/** dW - B A and B A itself, each within the column spaces of the factors: equal norms, size (K + 1) r. */
function compressedSums(
  clients: readonly WeightedProduct[],
  broadcast: LowRank,
): { readonly difference: Matrix; readonly own: Matrix } {
  const total = clients.reduce((sum, { weight }) => sum + weight, 0);
  if (!(total > 0)) throw new RangeError(`Cannot compare a mean of total weight ${total}`);
  const rank = Math.max(broadcast.up.cols, ...clients.map(({ up }) => up.cols));
  const B = padColumns(broadcast.up, rank);
  const A = padColumns(transpose(broadcast.down), rank);
  const left = triangularFactor(
    concatColumns([...clients.map(({ up }) => subtract(padColumns(up, rank), B)), B]),
  );
  const right = triangularFactor(
    concatColumns([
      ...clients.map(({ down }) => subtract(padColumns(transpose(down), rank), A)),
      A,
    ]),
  );
  const block = (R: Matrix, k: number): Matrix => columns(R, k * rank, (k + 1) * rank);
  const K = clients.length;
  let difference = zeros(left.rows, right.rows);
  let meanB = zeros(left.rows, rank);
  let meanA = zeros(right.rows, rank);
  for (const [k, { weight }] of clients.entries()) {
    const beta = weight / total;
    const [dB, dA] = [block(left, k), block(right, k)];
    difference = combine(1, difference, { beta, B: multiplyTransposedRight(dB, dA) });
    meanB = combine(1, meanB, { beta, B: dB });
    meanA = combine(1, meanA, { beta, B: dA });
  }
  const [coreB, coreA] = [block(left, K), block(right, K)];
  difference = combine(1, difference, { beta: 1, B: multiplyTransposedRight(meanB, coreA) });
  difference = combine(1, difference, { beta: 1, B: multiplyTransposedRight(coreB, meanA) });
  const own = multiplyTransposedRight(coreB, coreA);
  return { difference, own };
}

/** Adds zero columns up to `cols`: a product with padded factors is the same product. */
function padColumns(A: Matrix, cols: number): Matrix {
  return A.cols === cols ? A : concatColumns([A, zeros(A.rows, cols - A.cols)]);
}
