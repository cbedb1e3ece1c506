/**
 * Special functions to near double precision.
 *
 * erfc: W. J. Cody, "Rational Chebyshev approximations for the error function", Math. Comp. 23 (1969), with the
 * coefficients of his CALERF. ln Gamma: Stirling's series (Abramowitz and Stegun 6.1.41) after a shift beyond 10.
 */

/** Coefficients of Cody's rational functions, highest order first; the last two rows of each pair are the ends. */
const near = {
  numerator: [
    1.85777706184603153e-1, 3.1611237438705656, 1.13864154151050156e2, 3.77485237685302021e2,
    3.20937758913846947e3,
  ],
  denominator: [
    1, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3,
  ],
} as const;
const middle = {
  numerator: [
    2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594, 6.61191906371416295e1,
    2.98635138197400131e2, 8.8195222124176909e2, 1.71204761263407058e3, 2.05107837782607147e3,
    1.23033935479799725e3,
  ],
  denominator: [
    1, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2, 1.62138957456669019e3,
    3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3, 1.23033935480374942e3,
  ],
} as const;
const far = {
  numerator: [
    1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1, 1.25781726111229246e-1,
    1.60837851487422766e-2, 6.58749161529837803e-4,
  ],
  denominator: [
    1, 2.56852019228982242, 1.87295284992346725, 5.27905102951428412e-1, 6.05183413124413191e-2,
    2.33520497626869185e-3,
  ],
} as const;

const NEAR = 0.46875;
const INVERSE_SQRT_PI = 0.5641895835477563;

/** The complementary error function; relative error below 1e-15 until it underflows at 26.5. */
export function erfc(x: number): number {
  const size = Math.abs(x);
  if (size <= NEAR) return 1 - x * nearRatio(x * x);
  const tail = size > 27 ? 0 : expMinusSquare(size) * scaledTail(size);
  return x > 0 ? tail : 2 - tail;
}

/** exp(x^2) erfc(x) for x >= 0: the part of {@link erfc} that never underflows. */
export function erfcx(x: number): number {
  return x <= NEAR ? Math.exp(x * x) * (1 - x * nearRatio(x * x)) : scaledTail(x);
}

/** ln erfc(x), accurate however far in the tail. */
export function logErfc(x: number): number {
  return x <= NEAR ? Math.log(erfc(x)) : Math.log(scaledTail(x)) - x * x;
}

/** Distribution function of the standard normal. */
export function normalCdf(x: number): number {
  return 0.5 * erfc(-x * Math.SQRT1_2);
}

/** ln of {@link normalCdf}. */
export function logNormalCdf(x: number): number {
  return logErfc(-x * Math.SQRT1_2) - Math.LN2;
}

/** erf(x) / x for |x| <= 0.46875, by x squared. */
function nearRatio(square: number): number {
  return ratio(near, square);
}

/** exp(x^2) erfc(x) for x > 0.46875. */
function scaledTail(x: number): number {
  if (x <= 4) return ratio(middle, x);
  const inverse = 1 / (x * x);
  return (INVERSE_SQRT_PI - inverse * ratio(far, inverse)) / x;
}

/** exp(-x^2) with the rounding of x^2 taken out (Cody). */
function expMinusSquare(x: number): number {
  const head = Math.trunc(x * 16) / 16;
  return Math.exp(-head * head) * Math.exp(-(x - head) * (x + head));
}

interface Rational {
  readonly numerator: readonly number[];
  readonly denominator: readonly number[];
}

function ratio({ numerator, denominator }: Rational, x: number): number {
  let above = 0;
  let below = 0;
  for (let k = 0; k < numerator.length; k++) {
    above = above * x + (numerator[k] ?? 0);
    below = below * x + (denominator[k] ?? 0);
  }
  return above / below;
}

const stirling = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156] as const;
const HALF_LN_2PI = 0.9189385332046728;

/** ln Gamma(x) for x > 0; NaN otherwise. */
export function lgamma(x: number): number {
  if (!(x > 0)) return Number.NaN;
  if (x === 1 || x === 2) return 0;
  let [shifted, product] = [x, 1];
  while (shifted < 10) product *= shifted++;
  const inverse = 1 / (shifted * shifted);
  let series = 0;
  for (let k = stirling.length - 1; k >= 0; k--) series = series * inverse + (stirling[k] ?? 0);
  const value = (shifted - 0.5) * Math.log(shifted) - shifted + HALF_LN_2PI + series / shifted;
  return value - Math.log(product);
}

/** ln of the binomial coefficient, for real n >= k >= 0. */
export function logBinomial(n: number, k: number): number {
  return k === 0 || k === n ? 0 : lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1);
}

/** ln(exp(a) + exp(b)). */
export function logAdd(a: number, b: number): number {
  const [low, high] = a < b ? [a, b] : [b, a];
  return low === -Infinity ? high : high + Math.log1p(Math.exp(low - high));
}

/** ln of the sum of exp(values[0..count)). */
export function logSumExp(values: Float64Array, count: number = values.length): number {
  let most = -Infinity;
  for (let i = 0; i < count; i++) most = Math.max(most, values[i] ?? 0);
  if (!Number.isFinite(most)) return most;
  let sum = 0;
  for (let i = 0; i < count; i++) sum += Math.exp((values[i] ?? 0) - most);
  return most + Math.log(sum);
}
