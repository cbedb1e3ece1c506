import type { Rng } from "@fedtune/core";

/**
 * The logarithm of one draw from Gamma(shape, 1); shape > 0.
 *
 * Marsaglia and Tsang, "A simple method for generating gamma variables", ACM TOMS 26 (2000), section 3; for shapes
 * below 1 a draw of shape + 1 times U^(1/shape), their section 6. In logarithms, because with a shape of 0.01 half of
 * all draws are below 1e-30 and many are no float64 at all.
 */
export function logGammaDraw(shape: number, rng: Rng): number {
  if (!(shape > 0) || !Number.isFinite(shape)) {
    throw new RangeError(`Cannot draw from Gamma(${String(shape)}): wanted a shape > 0`);
  }
  if (shape < 1) return logGammaDraw(shape + 1, rng) + Math.log(positiveUniform(rng)) / shape;
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = rng.normal();
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(positiveUniform(rng)) < 0.5 * x * x + d * (1 - v + Math.log(v))) {
      return Math.log(d) + Math.log(v);
    }
  }
}

/** Uniform in (0, 1]. */
function positiveUniform(rng: Rng): number {
  return 1 - rng.uniform();
}
