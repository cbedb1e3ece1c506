/**
 * Special functions to near double precision.
 *
 * erfc: W. J. Cody, "Rational Chebyshev approximations for the error function", Math. Comp. 23 (1969), with the
 * coefficients of his CALERF, written out as they are the hot part of a privacy-loss grid. ln Gamma: Stirling's series (Abramowitz and Stegun 6.1.41) after a shift beyond 10.
 */

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

/** Distribution function of the standard normal. */
export function normalCdf(x: number): number {
  return 0.5 * erfc(-x * Math.SQRT1_2);
}

/** erf(x) / x for |x| <= 0.46875, by s = x squared. */
function nearRatio(s: number): number {
  const above =
    (((0.18577770618460315 * s + 3.1611237438705655) * s + 113.86415415105016) * s +
      377.485237685302) *
      s +
    3209.3775891384694;
  const below =
    (((s + 23.601290952344122) * s + 244.02463793444417) * s + 1282.6165260773723) * s +
    2844.236833439171;
  return above / below;
}

/** exp(x^2) erfc(x) for x > 0.46875. */
function scaledTail(x: number): number {
  return x <= 4 ? middleTail(x) : farTail(x);
}

function middleTail(x: number): number {
  const above =
    (((((((2.1531153547440383e-8 * x + 0.5641884969886701) * x + 8.883149794388377) * x +
      66.11919063714163) *
      x +
      298.6351381974001) *
      x +
      881.952221241769) *
      x +
      1712.0476126340707) *
      x +
      2051.0783778260716) *
      x +
    1230.3393547979972;
  const below =
    (((((((x + 15.744926110709835) * x + 117.6939508913125) * x + 537.1811018620099) * x +
      1621.3895745666903) *
      x +
      3290.7992357334597) *
      x +
      4362.619090143247) *
      x +
      3439.3676741437216) *
      x +
    1230.3393548037495;
  return above / below;
}

function farTail(x: number): number {
  const s = 1 / (x * x);
  const above =
    ((((0.016315387137302097 * s + 0.30532663496123236) * s + 0.36034489994980445) * s +
      0.12578172611122926) *
      s +
      0.016083785148742275) *
      s +
    0.0006587491615298378;
  const below =
    ((((s + 2.568520192289822) * s + 1.8729528499234673) * s + 0.5279051029514285) * s +
      0.06051834131244132) *
      s +
    0.0023352049762686918;
  return (INVERSE_SQRT_PI - (s * above) / below) / x;
}

/** exp(-x^2) with the rounding of x^2 taken out (Cody). */
function expMinusSquare(x: number): number {
  const head = Math.trunc(x * 16) / 16;
  return Math.exp(-head * head) * Math.exp(-(x - head) * (x + head));
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

/** ln of the sum of exp(values[0..count)). */
export function logSumExp(values: Float64Array, count: number = values.length): number {
  let most = -Infinity;
  for (let i = 0; i < count; i++) most = Math.max(most, values[i] ?? 0);
  if (!Number.isFinite(most)) return most;
  let sum = 0;
  for (let i = 0; i < count; i++) sum += Math.exp((values[i] ?? 0) - most);
  return most + Math.log(sum);
}

/** ln(1 + exp(x)), without overflow. */
export function log1pExp(x: number): number {
  return x > 36 ? x : Math.log1p(Math.exp(x));
}
