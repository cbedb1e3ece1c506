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
  /** Added to scores: 0 for keys that are seen, a large negative number for others, `[batch, 1, 1, length]`; see {@link paddingMask}. */
  readonly mask?: tf.Tensor4D;
  /** Whether no query sees a later key; default: each sees all. Padding at the end of rows needs no mask then. */
  readonly causal?: boolean;
}

/** -1e9 where `mask` `[batch, length]` is 0: padding is seen by nobody; `[batch, 1, 1, length]`. */
export function paddingMask(mask: tf.Tensor2D): tf.Tensor4D {
  const [batch, length] = mask.shape;
  return tf.reshape(tf.mul(tf.sub(mask, 1), 1e9), [batch, 1, 1, length]);
}

/** -1e9 or less for what comes later, `[length, length]`. */
function causalMask(length: number): tf.Tensor2D {
  const place = tf.range(0, length);
  const distance = tf.sub<tf.Tensor2D>(tf.reshape(place, [length, 1]), place);
  return tf.mul(tf.minimum(distance, 0), 1e9);
}

interface Values {
  readonly v: tf.Tensor2D;
}

/** softmax(q k^T / sqrt(d) + mask) v for q `[batch * length, heads * d]`, k, v `[.., keyValueHeads * d]`, giving q's shape. */
export function attention(
  q: tf.Tensor2D,
  k: tf.Tensor2D,
  given: AttentionShape & Values,
): tf.Tensor2D {
  if (hasFused("FedtuneAttention")) return fusedAttention(q, k, given);
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
  { v, mask, ...shape }: AttentionShape & Values,
): tf.Tensor2D {
  const { batch, heads, keyValueHeads = heads, causal = false } = shape;
  const attributes = { batch, heads, keyValueHeads, causal };
  const masks = mask === undefined ? [] : [mask];
  return withGradient({
    inputs: [q, k, v],
    forward: (save) => {
      const inputs = named(["q", "k", "v", "mask"], [q, k, v, ...masks]);
      const [o, kept] = running("FedtuneAttention", { inputs, attributes });
      save([o, kept, q, k, v, ...masks]);
      return o;
    },
    backward: (dy, saved) => {
      const inputs = named(["dy", "o", "kept", "q", "k", "v", "mask"], [dy, ...saved]);
      return [...running("FedtuneAttentionGradient", { inputs, attributes })];
    },
  }) as tf.Tensor2D;
}

/** Tensors by their names, in order; names without a tensor are left out. */
function named(
  names: readonly string[],
  tensors: readonly tf.Tensor[],
): Readonly<Record<string, tf.Tensor>> {
  return Object.fromEntries(tensors.map((tensor, index) => [names[index] ?? "", tensor]));
}

/**
 * From TensorFlow.js' operations; saves the split q, k, v and the probabilities P.
 *
 * Heads of queries that share a head of keys stand one below the other, so that each product, and the sum over them in the
 * gradient, is one product for all of them. With dO split likewise: dv = P^T dO, dP = dO v^T, dS = P (dP - sum(dP P)) / sqrt(d),
 * dq = dS k, dk = dS^T q.
 */
function plainAttention(
  q: tf.Tensor2D,
  k: tf.Tensor2D,
  { v, ...shape }: AttentionShape & Values,
): tf.Tensor2D {
  const { heads, keyValueHeads = heads } = shape;
  const factor = 1 / Math.sqrt(q.shape[1] / heads);
  return withGradient({
    inputs: [q, k, v],
    forward: (save) => {
      const qs = split(q, heads, shape);
      const [ks, vs] = [split(k, keyValueHeads, shape), split(v, keyValueHeads, shape)];
      const scores = tf.mul<tf.Tensor4D>(tf.matMul(qs, ks, false, true), factor);
      const P = tf.reshape(tf.softmax(masked(scores, shape)), scores.shape);
      save([qs, ks, vs, P]);
      return join(tf.matMul<tf.Tensor4D>(P, vs), shape);
    },
    backward: (dy, saved) =>
      gradients(split(dy as tf.Tensor2D, heads, shape), saved as readonly tf.Tensor4D[], shape),
  }) as tf.Tensor2D;
}

/** Scores as `[batch, heads, length, length]`, with what is not seen far below. */
function masked(scores: tf.Tensor4D, shape: AttentionShape): tf.Tensor4D {
  const { batch, length, heads } = shape;
  const mask = wholeMask(shape);
  const split: tf.Tensor4D = tf.reshape(scores, [batch, heads, length, length]);
  return mask === null ? split : tf.add(split, mask);
}

/** Padding and order as one mask, which broadcasts to `[batch, heads, length, length]`. */
function wholeMask({ length, mask, causal = false }: AttentionShape): tf.Tensor | null {
  if (!causal) return mask ?? null;
  const later = causalMask(length);
  return mask === undefined ? later : tf.add(mask, later);
}

/** As {@link plainAttention}, in one kernel per pass. */
function splitAttention(
  q: tf.Tensor2D,
  k: tf.Tensor2D,
  { v, ...shape }: AttentionShape & Values,
): tf.Tensor2D {
  const { batch, heads, keyValueHeads = heads } = shape;
  const attributes = { batch, heads, keyValueHeads };
  return withGradient({
    inputs: [q, k, v],
    forward: (save) => {
      const mask = wholeMask(shape);
      const inputs = { q, k, v, ...(mask === null ? {} : { mask }) };
      const [y, ...kept] = running("FedtuneSplitAttention", { inputs, attributes });
      save(kept);
      return y;
    },
    backward: (dy, saved) => {
      const inputs = named(["dy", "q", "k", "v", "P"], [dy, ...saved]);
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
  return [join(dq, shape), join(dk, shape), join(dv, shape)];
}

/**
 * `count` heads, `[batch * length, count * d]`, as `[batch, keyValueHeads, count / keyValueHeads * length, d]`: heads of queries
 * that share a head of keys one below the other.
 */
function split(x: tf.Tensor2D, count: number, shape: AttentionShape): tf.Tensor4D {
  const { batch, length, heads, keyValueHeads = heads } = shape;
  const d = x.shape[1] / count;
  const turned = tf.transpose(tf.reshape(x, [batch, length, count, d]), [0, 2, 1, 3]);
  return tf.reshape(turned, [batch, keyValueHeads, (count / keyValueHeads) * length, d]);
}

/** The inverse of {@link split}. */
function join(x: tf.Tensor4D, { batch, length }: AttentionShape): tf.Tensor2D {
  const [, keyValueHeads, rows, d] = x.shape;
  const heads = tf.reshape(x, [batch, (keyValueHeads * rows) / length, length, d]);
  return tf.reshape(tf.transpose(heads, [0, 2, 1, 3]), [batch * length, -1]);
}
