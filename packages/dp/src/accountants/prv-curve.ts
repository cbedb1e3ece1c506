/** Delta and epsilon of a discrete privacy-loss distribution: delta(eps) = E[(1 - e^(eps - loss))+]. */

/** The curve of one distribution, for epsilon >= 0. */
export interface LossCurve {
  delta(epsilon: number): number;
  /** The smallest epsilon with at most this delta; infinite for delta <= 0. */
  epsilon(delta: number): number;
}

/** The curve of masses at the losses (first + i) step. */
export function lossCurve(
  masses: Float64Array,
  { first, step }: { readonly first: number; readonly step: number },
): LossCurve {
  const from = Math.min(masses.length, Math.max(0, 1 - first));
  const count = masses.length - from;
  // Over losses above zero: mass from i on, and that mass weighted by e^(loss_i - loss).
  const above = new Float64Array(count + 1);
  const weighted = new Float64Array(count + 1);
  const decay = Math.exp(-step);
  for (let i = count - 1; i >= 0; i--) {
    const mass = masses[from + i] ?? 0;
    above[i] = (above[i + 1] ?? 0) + mass;
    weighted[i] = (weighted[i + 1] ?? 0) * decay + mass;
  }
  const lossAt = (i: number) => (first + from + i) * step;
  const deltaFrom = (i: number, epsilon: number) =>
    (above[i] ?? 0) - Math.exp(epsilon - lossAt(i)) * (weighted[i] ?? 0);
  return {
    delta: (epsilon) => {
      const i = Math.max(0, Math.floor(epsilon / step) + 1 - first - from);
      return i >= count ? 0 : Math.max(0, deltaFrom(i, epsilon));
    },
    epsilon: (delta) => {
      if (delta <= 0) return Infinity;
      if (count === 0 || deltaFrom(0, 0) <= delta) return 0;
      // The last index whose loss still has a larger delta; the answer lies between it and the next.
      let [low, high] = [-1, count - 1];
      while (high - low > 1) {
        const middle = (low + high) >> 1;
        if (deltaFrom(middle + 1, lossAt(middle)) > delta) low = middle;
        else high = middle;
      }
      const gap = (above[high] ?? 0) - delta;
      return Math.max(0, lossAt(high) + Math.log(gap / (weighted[high] ?? 0)));
    },
  };
}
