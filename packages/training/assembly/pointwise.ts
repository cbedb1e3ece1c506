/** Functions of one value: erf, GELU and its gradient. Arguments are addresses and counts of float32 values. */
import { errorFunction, expNonPositive } from "./exponential";

const SQRT_HALF: f32 = 0.70710678118654752;
const INVERSE_SQRT_2PI: f32 = 0.3989422804014327;

/** y = erf(x). */
export function erf(x: usize, y: usize, count: i32): void {
  let i = count;
  for (; i >= 4; i -= 4) {
    v128.store(y, inline.always(errorFunction(v128.load(x))));
    x += 16;
    y += 16;
  }
  for (; i > 0; i--) {
    v128.store32_lane(y, inline.always(errorFunction(v128.load32_zero(x))), 0);
    x += 4;
    y += 4;
  }
}

/** y = x Phi(x), with Phi the normal distribution function. Hendrycks and Gimpel, arXiv 1606.08415. */
export function gelu(x: usize, y: usize, count: i32): void {
  let i = count;
  for (; i >= 4; i -= 4) {
    v128.store(y, inline.always(geluOf(v128.load(x))));
    x += 16;
    y += 16;
  }
  for (; i > 0; i--) {
    v128.store32_lane(y, inline.always(geluOf(v128.load32_zero(x))), 0);
    x += 4;
    y += 4;
  }
}

/** dx = dy (Phi(x) + x phi(x)), with phi the normal density. */
export function geluGradient(x: usize, dy: usize, dx: usize, count: i32): void {
  let i = count;
  for (; i >= 4; i -= 4) {
    v128.store(dx, inline.always(slopeOf(v128.load(x), v128.load(dy))));
    x += 16;
    dy += 16;
    dx += 16;
  }
  for (; i > 0; i--) {
    const slope = inline.always(slopeOf(v128.load32_zero(x), v128.load32_zero(dy)));
    v128.store32_lane(dx, slope, 0);
    x += 4;
    dy += 4;
    dx += 4;
  }
}

function normal(x: v128): v128 {
  const half = f32x4.splat(0.5);
  const e = inline.always(errorFunction(f32x4.mul(x, f32x4.splat(SQRT_HALF))));
  return f32x4.add(half, f32x4.mul(half, e));
}

function geluOf(x: v128): v128 {
  return f32x4.mul(x, inline.always(normal(x)));
}

function slopeOf(x: v128, dy: v128): v128 {
  const e = inline.always(expNonPositive(f32x4.mul(f32x4.mul(x, x), f32x4.splat(-0.5))));
  const density = f32x4.mul(e, f32x4.splat(INVERSE_SQRT_2PI));
  return f32x4.mul(dy, f32x4.add(inline.always(normal(x)), f32x4.mul(x, density)));
}
