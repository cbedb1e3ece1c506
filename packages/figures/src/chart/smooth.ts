/** Smoothing for the eye alone: it is computed last, and never reaches a table, an export or a "best". */
import type { Numbers } from "./model.ts";

/**
 * The mean of all values so far, each weighted by 2^(−distance ÷ halfLife) where distance is measured in x, not in points:
 * values that come less often are not smoothed more. A gap stays a gap, and what lies before it loses weight by its distance.
 */
export function smoothed(x: Numbers, y: Numbers, halfLife: number): Float64Array {
  const out = new Float64Array(y.length).fill(NaN);
  let [sum, weight, before] = [0, 0, NaN];
  for (let i = 0; i < y.length; i++) {
    const value = y[i] ?? NaN;
    if (!Number.isFinite(value)) {
      out[i] = value;
      continue;
    }
    const at = x[i] ?? 0;
    const decay = weight === 0 ? 0 : 2 ** (-(at - before) / halfLife);
    sum = sum * decay + value;
    weight = weight * decay + 1;
    before = at;
    out[i] = sum / weight;
  }
  return out;
}
