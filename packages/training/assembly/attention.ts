/**
 * Softmax attention and its gradient, one head of one example at a time. Vaswani et al., arXiv 1706.03762, equation 1.
 *
 * q and o are `[batch * length, heads * width]`, k and v `[batch * length, keyHeads * width]`, their gradients alike: a head is a
 * column offset, so that nothing is transposed. A head of keys serves `heads / keyHeads` heads of queries in a row (Ainslie et
 * al., arXiv 2305.13245). The mask `[batch, length]`, if there is one (0: none), is added to every row of scores. Of the softmax
 * only the maximum and the inverse sum of each row are kept, `[batch, heads, length, 2]`; the gradient computes the
 * probabilities anew from them, to the same bits.
 *
 * `causal`: a row sees no later column, as if -1e9 were added there. What later columns get, exactly 0, is neither computed nor
 * read but within blocks of 4 x 4 on the diagonal, so that half of the work is left. Departure: nothing of a NaN in a key or a
 * value reaches the rows before those blocks.
 */
import { expNonPositive } from "./exponential";
import { gemm, productScratchBytes } from "./gemm";
import { maxLanes, sumLanes } from "./lanes";
import { LOWER, LOWER_RESULT, UPPER, WHOLE } from "./triangle";

const LOWEST: f32 = -3.4028234663852886e38;

/** Whole vectors: what fills a row of scores up has probability 0. */
function filled(columns: i32): i32 {
  return (columns + 3) & ~3;
}

/** o = softmax(factor q k^T + mask) v for heads `from` to `to` of all examples' heads. */
export function attention(
  from: i32,
  to: i32,
  length: i32,
  heads: i32,
  keyHeads: i32,
  width: i32,
  causal: bool,
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
  const keyHidden = keyHeads * width;
  const group = heads / keyHeads;
  const stride = filled(length);
  const P = scratch + <usize>productScratchBytes(max(length, width));
  for (let index = from; index < to; index++) {
    const example = index / heads;
    const head = index % heads;
    const own = elements(example * length * hidden + head * width);
    const shared = elements(example * length * keyHidden + (head / group) * width);
    gemm(
      causal ? LOWER_RESULT : WHOLE,
      length,
      length,
      width,
      q + own,
      hidden,
      1,
      k + shared,
      1,
      keyHidden,
      P,
      stride,
      factor,
      false,
      maskOf(mask, example, length),
      scratch,
    );
    for (let i = 0; i < length; i++) {
      const seen = causal ? i + 1 : length;
      softmaxRow(P + elements(i * stride), seen, kept + 2 * elements(index * length + i));
    }
    gemm(
      causal ? LOWER : WHOLE,
      length,
      width,
      length,
      P,
      stride,
      1,
      v + shared,
      keyHidden,
      1,
      o + own,
      hidden,
      1,
      false,
      0,
      scratch,
    );
  }
}

/** So many float32 values in bytes. */
function elements(count: i32): usize {
  return (<usize>count) << 2;
}

/** The row that is added to an example's scores. */
function maskOf(mask: usize, example: i32, length: i32): usize {
  return mask == 0 ? 0 : mask + elements(example * length);
}

/** Scores to probabilities; `seen` of them, and zeros up to a whole vector. */
function softmaxRow(row: usize, seen: i32, kept: usize): void {
  const end = row + elements(filled(seen));
  for (let at = row + elements(seen); at < end; at += 4) store<f32>(at, -Infinity);
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
 * dq, dk and dv for heads of keys `from` to `to` of all examples', each with all the heads of queries that it serves.
 *
 * dv = P^T do, dP = do v^T, dS = factor P (dP - rowsum(do o)), dq = dS k, dk = dS^T q; dk and dv add up over the heads that
 * share them, in their order.
 */
export function attentionGradient(
  from: i32,
  to: i32,
  length: i32,
  heads: i32,
  keyHeads: i32,
  width: i32,
  causal: bool,
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
  const keyHidden = keyHeads * width;
  const group = heads / keyHeads;
  const stride = filled(length);
  const P = scratch + <usize>productScratchBytes(max(length, width));
  const D = P + elements(length * stride);
  for (let index = from * group; index < to * group; index++) {
    const example = index / heads;
    const head = index % heads;
    const own = elements(example * length * hidden + head * width);
    const shared = elements(example * length * keyHidden + (head / group) * width);
    const isFurther = head % group > 0;
    gemm(
      causal ? LOWER_RESULT : WHOLE,
      length,
      length,
      width,
      q + own,
      hidden,
      1,
      k + shared,
      1,
      keyHidden,
      P,
      stride,
      factor,
      false,
      maskOf(mask, example, length),
      scratch,
    );
    gemm(
      causal ? LOWER_RESULT : WHOLE,
      length,
      length,
      width,
      dO + own,
      hidden,
      1,
      v + shared,
      1,
      keyHidden,
      D,
      stride,
      1,
      false,
      0,
      scratch,
    );
    for (let i = 0; i < length; i++) {
      const shift = elements(i * stride);
      const at = own + elements(i * hidden);
      const along = dot(o + at, dO + at, width);
      const statistics = kept + 2 * elements(index * length + i);
      gradientRow(P + shift, D + shift, causal ? i + 1 : length, statistics, along, factor);
    }
    gemm(
      causal ? UPPER : WHOLE,
      length,
      width,
      length,
      P,
      1,
      stride,
      dO + own,
      hidden,
      1,
      dv + shared,
      keyHidden,
      1,
      isFurther,
      0,
      scratch,
    );
    gemm(
      causal ? LOWER : WHOLE,
      length,
      width,
      length,
      D,
      stride,
      1,
      k + shared,
      keyHidden,
      1,
      dq + own,
      hidden,
      1,
      false,
      0,
      scratch,
    );
    gemm(
      causal ? UPPER : WHOLE,
      length,
      width,
      length,
      D,
      1,
      stride,
      q + own,
      hidden,
      1,
      dk + shared,
      keyHidden,
      1,
      isFurther,
      0,
      scratch,
    );
  }
}

/** Scores to probabilities, and the gradient of probabilities to that of scores; `seen` of them, and zeros up to a whole vector. */
function gradientRow(p: usize, d: usize, seen: i32, kept: usize, along: f32, factor: f32): void {
  const rowBytes = elements(filled(seen));
  for (let j = elements(seen); j < rowBytes; j += 4) {
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
