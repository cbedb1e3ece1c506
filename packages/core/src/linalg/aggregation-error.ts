import { dot, transpose, type LowRank } from "./matrix.ts";

/** One client's product and its weight. */
export interface WeightedProduct extends LowRank {
  /** Non-negative; weights need not sum to 1. */
  readonly weight: number;
}

/** Frobenius norms: of the ideal `dW = sum p_k B_k A_k`, and of its distance from a broadcast product. */
export interface ProductDistance {
  readonly distance: number;
  readonly ideal: number;
}

/** Below this share of the broadcast an ideal counts as zero: what sums of squares in float64 resolve. */
const ZERO_IDEAL = 1e-7;

/**
 * How far a broadcast product is from the ideal: `||dW - B A||_F` and `||dW||_F` with `dW = sum p_k B_k A_k`.
 *
 * B is up, `[out, r]`, A is down, `[r, in]`; ranks may differ, a scaling belongs into B. Never forms `[out, in]`: with
 * differences from the broadcast (any B and A, not only the means)
 *
 *     dW - B A = sum p_k (B_k - B)(A_k - A) + (sum p_k (B_k - B)) A + B (sum p_k (A_k - A)),
 *
 * a sum of outer products whose norm follows from two Gram matrices of size (K + 2) r; clients close to the broadcast
 * lose no digits. O(K^2 r^2 (out + in)) time, O(K r (out + in)) memory.
 *
 * @throws RangeError when there is no client, the weights sum to zero, or shapes of in or out differ
 */
export function productDistance(
  clients: readonly WeightedProduct[],
  broadcast: LowRank,
): ProductDistance {
  const { difference, own } = outerProducts(clients, broadcast);
  const squared = { distance: 0, ideal: 0 };
  const all = [...difference, ...own];
  for (const [a, first] of all.entries()) {
    for (let b = 0; b <= a; b++) {
      const second = all[b];
      if (second === undefined) continue;
      const term =
        (a === b ? 1 : 2) * dot(first.left, second.left) * dot(first.right, second.right);
      if (a < difference.length) squared.distance += term;
      squared.ideal += term;
    }
  }
  return {
    distance: Math.sqrt(Math.max(0, squared.distance)),
    ideal: Math.sqrt(Math.max(0, squared.ideal)),
  };
}

/**
 * The relative distance of a broadcast product from the ideal, as {@link productDistance} measures it: 0 when there is
 * none, Infinity when the ideal is zero to rounding and the broadcast is not.
 */
export function aggregationError(clients: readonly WeightedProduct[], broadcast: LowRank): number {
  const { distance, ideal } = productDistance(clients, broadcast);
  if (distance === 0) return 0;
  return ideal <= ZERO_IDEAL * distance ? Infinity : distance / ideal;
}

/** One outer product: a column of length out, a row of length in. */
interface OuterProduct {
  readonly left: Float64Array;
  readonly right: Float64Array;
}

/** `dW - B A` and `B A` as sums of outer products. */
function outerProducts(clients: readonly WeightedProduct[], broadcast: LowRank) {
  const total = clients.reduce((sum, { weight }) => sum + weight, 0);
  if (!(total > 0)) throw new RangeError(`Cannot compare a mean of total weight ${total}`);
  const own = pieces(broadcast);
  const rank = Math.max(own.length, ...clients.map(({ up }) => up.cols));
  const size = { left: broadcast.up.rows, right: broadcast.down.cols };
  const none: OuterProduct = {
    left: new Float64Array(size.left),
    right: new Float64Array(size.right),
  };
  const reference = Array.from({ length: rank }, (_, i) => own[i] ?? none);
  const means = reference.map(() => ({
    left: new Float64Array(size.left),
    right: new Float64Array(size.right),
  }));
  const difference = clients.flatMap((client) => {
    const share = client.weight / total;
    const mine = pieces(client);
    return reference.map((from, i): OuterProduct => {
      const to = mine[i] ?? none;
      const left = minus(to.left, from.left);
      const right = minus(to.right, from.right);
      const mean = means[i] ?? none;
      addScaled(mean.right, right, share);
      left.forEach((value, at) => (left[at] = value * share));
      addScaled(mean.left, left, 1);
      return { left, right };
    });
  });
  for (const [i, mean] of means.entries()) {
    const { left, right } = reference[i] ?? none;
    difference.push({ left: mean.left, right }, { left, right: mean.right });
  }
  return { difference, own };
}

/** The columns of B with the rows of A that they multiply. */
function pieces({ up, down }: LowRank): OuterProduct[] {
  const columns = transpose(up);
  return Array.from({ length: up.cols }, (_, i) => ({
    left: columns.data.subarray(i * up.rows, (i + 1) * up.rows),
    right: down.data.subarray(i * down.cols, (i + 1) * down.cols),
  }));
}

function minus(a: Float64Array, b: Float64Array): Float64Array {
  if (a.length !== b.length) {
    throw new RangeError(`Cannot compare products of extents ${a.length} and ${b.length}`);
  }
  const result = new Float64Array(a.length);
  for (let i = 0; i < a.length; i++) result[i] = (a[i] ?? 0) - (b[i] ?? 0);
  return result;
}

function addScaled(sum: Float64Array, values: Float64Array, by: number): void {
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + by * (values[i] ?? 0);
}
