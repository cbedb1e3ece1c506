/** Multi-head self-attention over padded batches, of encoders and decoders. Vaswani et al., arXiv 1706.03762, equation 1. */
import * as tf from "@tensorflow/tfjs";
import type { FusedCall, FusedName, FusedResults } from "./fused.ts";
import { hasFused, runFused } from "./fused.ts";
import { withGradient } from "./with-gradient.ts";

/** Sizes of one batch, and who sees whom. */
export interface AttentionShape {
  readonly batch: number;
  readonly length: number;
  readonly heads: number;
  /** Heads of keys and values, each for `heads / keyValueHeads` heads of queries in a row; default `heads`. Ainslie et al., arXiv 2305.13245. */
  readonly keyValueHeads?: number;
  /** Added to scores: 0 for what is seen, a large negative number for what is not; see {@link paddingMask}, {@link causalMask}. */
  readonly mask: tf.Tensor4D;
}

/** -1e9 where `mask` `[batch, length]` is 0: padding is seen by nobody; `[batch, 1, 1, length]`. */
export function paddingMask(mask: tf.Tensor2D): tf.Tensor4D {
  const [batch, length] = mask.shape;
  return tf.reshape(tf.mul(tf.sub(mask, 1), 1e9), [batch, 1, 1, length]);
}

/**
 * -1e9 for what comes later; `[1, 1, length, length]`. Padding is at the end of rows, so that no token sees it.
 */
export function causalMask(length: number): tf.Tensor4D {
  const mask = new Float32Array(length * length);
  for (let row = 0; row < length; row++)
    mask.fill(-1e9, row * length + row + 1, (row + 1) * length);
  return tf.tensor4d(mask, [1, 1, length, length]);
}

interface Values {
  readonly v: tf.Tensor2D;
}

/** softmax(q k^T / sqrt(d) + mask) v for q `[batch * length, heads * d]`, k, v `[.., keyValueHeads * d]`, giving q's shape. */
export function attention(
  q: tf.Tensor2D,
  k: tf.Tensor2D,
  { v, ...shape }: AttentionShape & Values,
): tf.Tensor2D {
  const given = { v, ...shape };
  if ((shape.keyValueHeads ?? shape.heads) !== shape.heads) return plainAttention(q, k, given);
  // The kernel knows padding alone.
  if (shape.mask.shape[2] === 1 && hasFused("FedtuneAttention")) return fusedAttention(q, k, given);
  return hasFused("FedtuneSplitAttention")
    ? splitAttention(q, k, given)
    : plainAttention(q, k, given);
}

/** As {@link runFused}, for a kernel that is known to be there. */
function running<Name extends FusedName>(name: Name, call: FusedCall): FusedResults[Name] {
  const found = runFused(name, call);
  if (found === null) throw new RangeError(`Cannot run ${name}: the backend was changed`);
  return found;
}

/** In one kernel per pass; saves q, k, v, the result and two numbers per row of scores. */
function fusedAttention(
  q: tf.Tensor2D,
  k: tf.Tensor2D,
  { v, mask, heads }: AttentionShape & Values,
): tf.Tensor2D {
  const attributes = { heads };
  return withGradient({
    inputs: [q, k, v],
    forward: (save) => {
      const [o, kept] = running("FedtuneAttention", { inputs: { q, k, v, mask }, attributes });
      save([q, k, v, mask, o, kept]);
      return o;
    },
    backward: (dy, saved) => {
      const inputs: Record<string, tf.Tensor> = { dy };
      for (const [index, name] of ["q", "k", "v", "mask", "o", "kept"].entries())
        Object.assign(inputs, { [name]: saved[index] });
      return [...running("FedtuneAttentionGradient", { inputs, attributes })];
    },
  }) as tf.Tensor2D;
}

/**
 * From TensorFlow.js' operations; saves the split q, k, v and the probabilities P.
 *
 * With dO split: dv = P^T dO, dP = dO v^T, dS = P (dP - sum(dP P)) / sqrt(d), dq = dS k, dk = dS^T q.
 */
function plainAttention(
  q: tf.Tensor2D,
  k: tf.Tensor2D,
  { v, ...shape }: AttentionShape & Values,
): tf.Tensor2D {
  const factor = 1 / Math.sqrt(q.shape[1] / shape.heads);
  return withGradient({
    inputs: [q, k, v],
    forward: (save) => {
      const qs = split(q, shape);
      const [ks, vs] = [
        repeated(split(k, keyShape(shape)), shape),
        repeated(split(v, keyShape(shape)), shape),
      ];
      const P: tf.Tensor4D = tf.softmax(
        tf.add(tf.mul(tf.matMul(qs, ks, false, true), factor), shape.mask),
      );
      save([qs, ks, vs, P]);
      return join(tf.matMul<tf.Tensor4D>(P, vs), shape);
    },
    backward: (dy, saved) =>
      gradients(split(dy as tf.Tensor2D, shape), saved as readonly tf.Tensor4D[], shape),
  }) as tf.Tensor2D;
}

/** As {@link plainAttention}, in one kernel per pass. */
function splitAttention(
  q: tf.Tensor2D,
  k: tf.Tensor2D,
  { v, mask, batch, heads }: AttentionShape & Values,
): tf.Tensor2D {
  const attributes = { batch, heads };
  return withGradient({
    inputs: [q, k, v],
    forward: (save) => {
      const inputs = { q, k, v, mask };
      const [y, ...kept] = running("FedtuneSplitAttention", { inputs, attributes });
      save(kept);
      return y;
    },
    backward: (dy, [qs = q, ks = k, vs = v, P = dy]) => {
      const inputs = { dy, q: qs, k: ks, v: vs, P };
      return [...running("FedtuneSplitAttentionGradient", { inputs, attributes })];
    },
  }) as tf.Tensor2D;
}

function gradients(
  dO: tf.Tensor4D,
  saved: readonly tf.Tensor4D[],
  shape: AttentionShape,
): tf.Tensor[] {
  const [q, k, v, P] = saved;
  if (q === undefined || k === undefined || v === undefined || P === undefined) {
    throw new RangeError("Cannot differentiate attention: nothing was saved");
  }
  const dv = tf.matMul<tf.Tensor4D>(P, dO, true, false);
  const dP = tf.matMul<tf.Tensor4D>(dO, v, false, true);
  const slope = tf.mul(P, tf.sub(dP, tf.sum(tf.mul(dP, P), -1, true)));
  const dS = tf.mul<tf.Tensor4D>(slope, 1 / Math.sqrt(q.shape[3]));
  const dq = tf.matMul<tf.Tensor4D>(dS, k);
  const dk = tf.matMul<tf.Tensor4D>(dS, q, true, false);
  return [join(dq, shape), join(summed(dk, shape), shape), join(summed(dv, shape), shape)];
}

function keyShape(shape: AttentionShape): AttentionShape {
  return { ...shape, heads: shape.keyValueHeads ?? shape.heads };
}

/** Keys or values `[batch, keyValueHeads, length, d]` as every head of queries sees them, `[batch, heads, length, d]`. */
function repeated(x: tf.Tensor4D, { heads, keyValueHeads = heads }: AttentionShape): tf.Tensor4D {
  const group = heads / keyValueHeads;
  if (group === 1) return x;
  const [batch, , length, size] = x.shape;
  const wide = tf.reshape(x, [batch * keyValueHeads, 1, length, size]);
  return tf.reshape(tf.tile(wide, [1, group, 1, 1]), [batch, heads, length, size]);
}

/** The gradient of {@link repeated}: the sum over each group. */
function summed(dx: tf.Tensor4D, { heads, keyValueHeads = heads }: AttentionShape): tf.Tensor4D {
  const group = heads / keyValueHeads;
  if (group === 1) return dx;
  const [batch, , length, size] = dx.shape;
  const grouped = tf.reshape(dx, [batch * keyValueHeads, group, length * size]);
  return tf.reshape(tf.sum(grouped, 1), [batch, keyValueHeads, length, size]);
}

/** `[batch * length, hidden]` to `[batch, heads, length, hidden / heads]`. */
function split(x: tf.Tensor2D, { batch, length, heads }: AttentionShape): tf.Tensor4D {
  return tf.transpose(tf.reshape(x, [batch, length, heads, x.shape[1] / heads]), [0, 2, 1, 3]);
}

/** The inverse of {@link split}. */
function join(x: tf.Tensor4D, { batch, length }: AttentionShape): tf.Tensor2D {
  return tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [batch * length, -1]);
}
