/**
 * Softmax attention and its gradient, one head of one example at a time. Vaswani et al., arXiv 1706.03762, equation 1.
 *
 * q, k, v, o and their gradients are `[batch * length, hidden]`: head h is a column offset, so that nothing is transposed. The
 * mask `[batch, length]` is added to every row of scores. Of the softmax only the maximum and the inverse sum of each row are
 * kept, `[batch, heads, length, 2]`; the gradient computes the probabilities anew from them, to the same bits.
 */
import { expNonPositive } from "./exponential";
import { gemm, productScratchBytes } from "./gemm";
import { maxLanes, sumLanes } from "./lanes";

const LOWEST: f32 = -3.4028234663852886e38;

/** Scores are kept in rows of whole vectors; what fills a row up has probability 0. */
function scoresStride(length: i32): i32 {
  return (length + 3) & ~3;
}

/** o = softmax(factor q k^T + mask) v for heads `from` to `to` of all examples' heads. */
export function attention(
  from: i32,
  to: i32,
  length: i32,
  heads: i32,
  width: i32,
  q: usize,
  k: usize,
  v: usize,
  mask: usize,
  o: usize,
  kept: usize,
  factor: f32,
  scratch: usize,
): void {
  const hidden = heads * width;
  const stride = scoresStride(length);
  const P = scratch + <usize>productScratchBytes(max(length, width));
  for (let index = from; index < to; index++) {
    const example = index / heads;
    const offset = (<usize>(example * length * hidden + (index % heads) * width)) << 2;
    const bias = mask + ((<usize>(example * length)) << 2);
    gemm(
      length,
      length,
      width,
      q + offset,
      hidden,
      1,
      k + offset,
      1,
      hidden,
      P,
      stride,
      factor,
      false,
      bias,
      scratch,
    );
    for (let i = 0; i < length; i++) {
      const row = P + ((<usize>(i * stride)) << 2);
      softmaxRow(row, length, stride, kept + ((<usize>(index * length + i)) << 3));
    }
    gemm(
      length,
      width,
      length,
      P,
      stride,
      1,
      v + offset,
      hidden,
      1,
      o + offset,
      hidden,
      1,
      false,
      0,
      scratch,
    );
  }
}

function softmaxRow(row: usize, length: i32, stride: i32, kept: usize): void {
  const end = row + ((<usize>stride) << 2);
  for (let at = row + ((<usize>length) << 2); at < end; at += 4) store<f32>(at, -Infinity);
  let largest = f32x4.splat(LOWEST);
  for (let at = row; at < end; at += 16) largest = f32x4.pmax(largest, v128.load(at));
  const top = inline.always(maxLanes(largest));
  const tops = f32x4.splat(top);
  let sums = f32x4.splat(0);
  for (let at = row; at < end; at += 16) {
    const e = inline.always(expNonPositive(f32x4.sub(v128.load(at), tops)));
    v128.store(at, e);
    sums = f32x4.add(sums, e);
  }
  const inverse: f32 = 1 / inline.always(sumLanes(sums));
  const inverses = f32x4.splat(inverse);
  for (let at = row; at < end; at += 16) v128.store(at, f32x4.mul(v128.load(at), inverses));
  store<f32>(kept, top);
  store<f32>(kept, inverse, 4);
}

/**
 * dq, dk and dv for heads `from` to `to`.
 *
 * dv = P^T do, dP = do v^T, dS = factor P (dP - rowsum(do o)), dq = dS k, dk = dS^T q.
 */
export function attentionGradient(
  from: i32,
  to: i32,
  length: i32,
  heads: i32,
  width: i32,
  q: usize,
  k: usize,
  v: usize,
  mask: usize,
  o: usize,
  kept: usize,
  dO: usize,
  dq: usize,
  dk: usize,
  dv: usize,
  factor: f32,
  scratch: usize,
): void {
  const hidden = heads * width;
  const stride = scoresStride(length);
  const P = scratch + <usize>productScratchBytes(max(length, width));
  const D = P + ((<usize>(length * stride)) << 2);
  for (let index = from; index < to; index++) {
    const example = index / heads;
    const offset = (<usize>(example * length * hidden + (index % heads) * width)) << 2;
    const bias = mask + ((<usize>(example * length)) << 2);
    gemm(
      length,
      length,
      width,
      q + offset,
      hidden,
      1,
      k + offset,
      1,
      hidden,
      P,
      stride,
      factor,
      false,
      bias,
      scratch,
    );
    gemm(
      length,
      length,
      width,
      dO + offset,
      hidden,
      1,
      v + offset,
      1,
      hidden,
      D,
      stride,
      1,
      false,
      0,
      scratch,
    );
    for (let i = 0; i < length; i++) {
      const shift = (<usize>(i * stride)) << 2;
      const at = offset + ((<usize>(i * hidden)) << 2);
      const along = dot(o + at, dO + at, width);
      const statistics = kept + ((<usize>(index * length + i)) << 3);
      gradientRow(P + shift, D + shift, length, stride, statistics, along, factor);
    }
    gemm(
      length,
      width,
      length,
      P,
      1,
      stride,
      dO + offset,
      hidden,
      1,
      dv + offset,
      hidden,
      1,
      false,
      0,
      scratch,
    );
    gemm(
      length,
      width,
      length,
      D,
      stride,
      1,
      k + offset,
      hidden,
      1,
      dq + offset,
      hidden,
      1,
      false,
      0,
      scratch,
    );
    gemm(
      length,
      width,
      length,
      D,
      1,
      stride,
      q + offset,
      hidden,
      1,
      dk + offset,
      hidden,
      1,
      false,
      0,
      scratch,
    );
  }
}

/** Scores to probabilities, and the gradient of probabilities to that of scores. */
function gradientRow(
  p: usize,
  d: usize,
  length: i32,
  stride: i32,
  kept: usize,
  along: f32,
  factor: f32,
): void {
  const rowBytes = (<usize>stride) << 2;
  for (let j = (<usize>length) << 2; j < rowBytes; j += 4) {
    store<f32>(p + j, -Infinity);
    store<f32>(d + j, 0);
  }
  const tops = v128.load_splat<f32>(kept);
  const inverses = v128.load_splat<f32>(kept, 4);
  for (let j: usize = 0; j < rowBytes; j += 16) {
    const e = inline.always(expNonPositive(f32x4.sub(v128.load(p + j), tops)));
    const probability = f32x4.mul(e, inverses);
    const centred = f32x4.sub(v128.load(d + j), f32x4.splat(along));
    v128.store(p + j, probability);
    v128.store(d + j, f32x4.mul(f32x4.splat(factor), f32x4.mul(probability, centred)));
  }
}

function dot(a: usize, b: usize, count: i32): f32 {
  const whole = (<usize>(count & ~3)) << 2;
  const end = (<usize>count) << 2;
  let totals = f32x4.splat(0);
  let j: usize = 0;
  for (; j < whole; j += 16) {
    totals = f32x4.add(totals, f32x4.mul(v128.load(a + j), v128.load(b + j)));
  }
  let total = inline.always(sumLanes(totals));
  for (; j < end; j += 4) total += load<f32>(a + j) * load<f32>(b + j);
  return total;
}
