/**
 * Whole numbers in proportion to shares, which need not sum to 1: each gets its floor, what is left goes to the largest
 * remainders, the lower index first. The result sums to `total`.
 *
 * Shares that are all zero count as equal.
 */
export function apportion(total: number, shares: readonly number[]): number[] {
  const sum = shares.reduce((a, b) => a + b, 0);
  const quotas = shares.map((share) => (sum > 0 ? (total * share) / sum : total / shares.length));
  const counts = quotas.map(Math.floor);
  const left = total - counts.reduce((a, b) => a + b, 0);
  const byRemainder = quotas
    .map((quota, index) => ({ index, remainder: quota - Math.floor(quota) }))
    .sort((a, b) => b.remainder - a.remainder || a.index - b.index);
  for (const { index } of byRemainder.slice(0, left)) counts[index] = (counts[index] ?? 0) + 1;
  return counts;
}

/** Cuts a list into consecutive blocks of the given sizes, which sum to its length. */
export function blocks<T>(items: readonly T[], sizes: readonly number[]): T[][] {
  let at = 0;
  return sizes.map((size) => items.slice(at, (at += size)));
}
