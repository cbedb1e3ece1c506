/** Multi-head self-attention over padded batches. Vaswani et al., arXiv 1706.03762, equation 1. */
import * as tf from "@tensorflow/tfjs";
import { hasFused, runFused } from "./fused.ts";
import { withGradient } from "./with-gradient.ts";

/** Sizes of one batch, and the additive mask: 0 for tokens, a large negative number for padding; `[batch, 1, 1, length]`. */
export interface AttentionShape {
  readonly batch: number;
  readonly length: number;
  readonly heads: number;
  readonly mask: tf.Tensor4D;
}

interface Values {
  readonly v: tf.Tensor2D;
}

/** softmax(q k^T / sqrt(d) + mask) v for q, k, v `[batch * length, hidden]`, giving the same shape. */
export function attention(
  q: tf.Tensor2D,
  k: tf.Tensor2D,
  { v, ...shape }: AttentionShape & Values,
): tf.Tensor2D {
  return hasFused("FedtuneAttention")
    ? fusedAttention(q, k, { v, ...shape })
    : plainAttention(q, k, { v, ...shape });
}

/** In one kernel per pass; saves q, k, v, the result and two numbers per row of scores. */
function fusedAttention(
  q: tf.Tensor2D,
  k: tf.Tensor2D,
  { v, mask, heads }: AttentionShape & Values,
): tf.Tensor2D {
  const attributes = { heads };
  const run = <Name extends "FedtuneAttention" | "FedtuneAttentionGradient">(
    name: Name,
    inputs: Readonly<Record<string, tf.Tensor>>,
  ) => {
    const found = runFused(name, { inputs, attributes });
    if (found === null) throw new RangeError(`Cannot run ${name}: the backend was changed`);
    return found;
  };
  return withGradient({
    inputs: [q, k, v],
    forward: (save) => {
      const [o, kept] = run("FedtuneAttention", { q, k, v, mask });
      save([q, k, v, mask, o, kept]);
      return o;
    },
    backward: (dy, saved) => {
      const inputs: Record<string, tf.Tensor> = { dy };
      for (const [index, name] of ["q", "k", "v", "mask", "o", "kept"].entries())
        Object.assign(inputs, { [name]: saved[index] });
      return [...run("FedtuneAttentionGradient", inputs)];
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
      const [qs, ks, vs] = [split(q, shape), split(k, shape), split(v, shape)];
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

/** `[batch * length, hidden]` to `[batch, heads, length, hidden / heads]`. */
function split(x: tf.Tensor2D, { batch, length, heads }: AttentionShape): tf.Tensor4D {
  return tf.transpose(tf.reshape(x, [batch, length, heads, x.shape[1] / heads]), [0, 2, 1, 3]);
}

/** The inverse of {@link split}. */
function join(x: tf.Tensor4D, { batch, length }: AttentionShape): tf.Tensor2D {
  return tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [batch * length, -1]);
}
