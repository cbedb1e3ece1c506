/** Exponential and error function of four float32 lanes; NaN in, NaN out. */

/**
 * e^x for x <= 0, to 2 ulp; below -87.33, where float32 has no normal numbers left, exactly 0.
 *
 * Cephes' expf (Moshier): x = n ln 2 + r with n rounded by the addition of 1.5 * 2^23, a polynomial of degree 5 in r, and n
 * put into the exponent bits. The operands of pmax are ordered so that NaN survives.
 */
export function expNonPositive(x: v128): v128 {
  const lowest = f32x4.splat(-87.33);
  const vanishes = f32x4.lt(x, lowest);
  x = f32x4.pmax(x, lowest);
  const magic = f32x4.splat(12582912);
  const shifted = f32x4.add(f32x4.mul(x, f32x4.splat(1.44269504088896341)), magic);
  const n = f32x4.sub(shifted, magic);
  x = f32x4.sub(x, f32x4.mul(n, f32x4.splat(0.693359375)));
  x = f32x4.sub(x, f32x4.mul(n, f32x4.splat(-2.1219444e-4)));
  let y = f32x4.splat(1.98756915e-4);
  y = f32x4.add(f32x4.mul(y, x), f32x4.splat(1.3981999507e-3));
  y = f32x4.add(f32x4.mul(y, x), f32x4.splat(8.3334519073e-3));
  y = f32x4.add(f32x4.mul(y, x), f32x4.splat(4.1665795894e-2));
  y = f32x4.add(f32x4.mul(y, x), f32x4.splat(1.6666665459e-1));
  y = f32x4.add(f32x4.mul(y, x), f32x4.splat(5.0000001201e-1));
  y = f32x4.add(f32x4.add(f32x4.mul(y, f32x4.mul(x, x)), x), f32x4.splat(1));
  const power = i32x4.add(i32x4.shl(shifted, 23), i32x4.splat(0x3f800000));
  return v128.andnot(f32x4.mul(y, power), vanishes);
}

/**
 * erf(x), relative error below 3.3e-7 (3 ulp): an odd rational function of x, clamped where float32 has reached 1.
 *
 * Coefficients are Eigen's and XLA's (erf_float). The result is clamped too, so that rounding makes no probability negative.
 * Departure from the stock kernel: that has Abramowitz and Stegun 7.1.26, right to 1.5e-7 absolutely, so not for small x.
 */
export function errorFunction(x: v128): v128 {
  x = f32x4.pmax(f32x4.pmin(x, f32x4.splat(3.8325068)), f32x4.splat(-3.8325068));
  const square = f32x4.mul(x, x);
  let p = f32x4.splat(2.2905065861350646e-4);
  p = f32x4.add(f32x4.mul(p, square), f32x4.splat(3.4082910107109506e-3));
  p = f32x4.add(f32x4.mul(p, square), f32x4.splat(5.0955695062380861e-2));
  p = f32x4.add(f32x4.mul(p, square), f32x4.splat(1.8520832239976145e-1));
  p = f32x4.add(f32x4.mul(p, square), f32x4.splat(1.128379143519084));
  let q = f32x4.splat(-1.1791602954361697e-7);
  q = f32x4.add(f32x4.mul(q, square), f32x4.splat(2.3547966471313185e-5));
  q = f32x4.add(f32x4.mul(q, square), f32x4.splat(1.0179625278914885e-3));
  q = f32x4.add(f32x4.mul(q, square), f32x4.splat(1.4070470171167667e-2));
  q = f32x4.add(f32x4.mul(q, square), f32x4.splat(1.1098505178285362e-1));
  q = f32x4.add(f32x4.mul(q, square), f32x4.splat(4.9746925110067538e-1));
  q = f32x4.add(f32x4.mul(q, square), f32x4.splat(1));
  const e = f32x4.div(f32x4.mul(x, p), q);
  return f32x4.pmax(f32x4.pmin(e, f32x4.splat(1)), f32x4.splat(-1));
}
