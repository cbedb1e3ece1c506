/** Layer normalisation and its gradient, row by row. Ba et al., arXiv 1607.06450. Addresses of float32 values. */
import { sumLanes } from "./lanes";

/**
 * y = xhat gamma + beta with xhat = (s - mean(s)) inverse, s = x + residual (0 for none), inverse = 1 / sqrt(var(s) + epsilon).
 *
 * Also writes xhat `[rows, columns]` and inverse `[rows]`, which the gradient needs.
 */
export function layerNorm(
  rows: i32,
  columns: i32,
  x: usize,
  residual: usize,
  gamma: usize,
  beta: usize,
  y: usize,
  xhat: usize,
  inverse: usize,
  epsilon: f32,
): void {
  const rowBytes = (<usize>columns) << 2;
  for (let row = 0; row < rows; row++) {
    const mean = addRow(x, residual, xhat, columns) / <f32>columns;
    const variance = squareSum(xhat, mean, columns) / <f32>columns;
    const factor: f32 = 1 / sqrt<f32>(variance + epsilon);
    store<f32>(inverse, factor);
    whiten(xhat, mean, factor, gamma, beta, y, columns);
    x += rowBytes;
    if (residual != 0) residual += rowBytes;
    y += rowBytes;
    xhat += rowBytes;
    inverse += 4;
  }
}

/** sum = x + residual; returns its total. */
function addRow(x: usize, residual: usize, sum: usize, columns: i32): f32 {
  const whole = (<usize>(columns & ~3)) << 2;
  const end = (<usize>columns) << 2;
  let totals = f32x4.splat(0);
  let j: usize = 0;
  for (; j < whole; j += 16) {
    let value = v128.load(x + j);
    if (residual != 0) value = f32x4.add(value, v128.load(residual + j));
    v128.store(sum + j, value);
    totals = f32x4.add(totals, value);
  }
  let total = inline.always(sumLanes(totals));
  for (; j < end; j += 4) {
    let value = load<f32>(x + j);
    if (residual != 0) value += load<f32>(residual + j);
    store<f32>(sum + j, value);
    total += value;
  }
  return total;
}

function squareSum(row: usize, mean: f32, columns: i32): f32 {
  const whole = (<usize>(columns & ~3)) << 2;
  const end = (<usize>columns) << 2;
  const means = f32x4.splat(mean);
  let totals = f32x4.splat(0);
  let j: usize = 0;
  for (; j < whole; j += 16) {
    const centred = f32x4.sub(v128.load(row + j), means);
    totals = f32x4.add(totals, f32x4.mul(centred, centred));
  }
  let total = inline.always(sumLanes(totals));
  for (; j < end; j += 4) {
    const centred = load<f32>(row + j) - mean;
    total += centred * centred;
  }
  return total;
}

function whiten(
  xhat: usize,
  mean: f32,
  factor: f32,
  gamma: usize,
  beta: usize,
  y: usize,
  columns: i32,
): void {
  const whole = (<usize>(columns & ~3)) << 2;
  const end = (<usize>columns) << 2;
  const means = f32x4.splat(mean);
  const factors = f32x4.splat(factor);
  let j: usize = 0;
  for (; j < whole; j += 16) {
    const value = f32x4.mul(f32x4.sub(v128.load(xhat + j), means), factors);
    v128.store(xhat + j, value);
    v128.store(y + j, f32x4.add(f32x4.mul(value, v128.load(gamma + j)), v128.load(beta + j)));
  }
  for (; j < end; j += 4) {
    const value = (load<f32>(xhat + j) - mean) * factor;
    store<f32>(xhat + j, value);
    store<f32>(y + j, value * load<f32>(gamma + j) + load<f32>(beta + j));
  }
}

/** dx = (g - mean(g) - xhat mean(g xhat)) inverse with g = dy gamma, means over the row. */
export function layerNormGradient(
  rows: i32,
  columns: i32,
  dy: usize,
  gamma: usize,
  xhat: usize,
  inverse: usize,
  dx: usize,
): void {
  const rowBytes = (<usize>columns) << 2;
  for (let row = 0; row < rows; row++) {
    gradientRow(columns, dy, gamma, xhat, load<f32>(inverse), dx);
    dy += rowBytes;
    xhat += rowBytes;
    dx += rowBytes;
    inverse += 4;
  }
}

function gradientRow(
  columns: i32,
  dy: usize,
  gamma: usize,
  xhat: usize,
  factor: f32,
  dx: usize,
): void {
  const whole = (<usize>(columns & ~3)) << 2;
  const end = (<usize>columns) << 2;
  let sums = f32x4.splat(0);
  let products = f32x4.splat(0);
  let j: usize = 0;
  for (; j < whole; j += 16) {
    const g = f32x4.mul(v128.load(dy + j), v128.load(gamma + j));
    sums = f32x4.add(sums, g);
    products = f32x4.add(products, f32x4.mul(g, v128.load(xhat + j)));
  }
  let sum = inline.always(sumLanes(sums));
  let product = inline.always(sumLanes(products));
  for (; j < end; j += 4) {
    const g = load<f32>(dy + j) * load<f32>(gamma + j);
    sum += g;
    product += g * load<f32>(xhat + j);
  }
  const mean = sum / <f32>columns;
  const along = product / <f32>columns;
  for (j = 0; j < whole; j += 16) {
    const g = f32x4.mul(v128.load(dy + j), v128.load(gamma + j));
    const shift = f32x4.mul(v128.load(xhat + j), f32x4.splat(along));
    const centred = f32x4.sub(f32x4.sub(g, f32x4.splat(mean)), shift);
    v128.store(dx + j, f32x4.mul(centred, f32x4.splat(factor)));
  }
  for (; j < end; j += 4) {
    const g = load<f32>(dy + j) * load<f32>(gamma + j);
    store<f32>(dx + j, (g - mean - load<f32>(xhat + j) * along) * factor);
  }
}
