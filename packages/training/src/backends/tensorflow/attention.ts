/** `FedtuneSplitAttention` and its gradient. Vaswani et al., arXiv 1706.03762, equation 1. */
import type { NativeCall, NativeKernel } from "./kernel.ts";
import { inputOf, numberOf } from "./kernel.ts";
import type { NativeTensor } from "./native.ts";

/**
 * Inputs q `[batch * length, heads * d]`, k, v `[batch * length, keyValueHeads * d]` and perhaps mask, which broadcasts to scores
 * `[batch, heads, length, length]`; attributes batch, heads, keyValueHeads. Gives the mixed values like q; then q / sqrt(d), k, v
 * and the probabilities, each `[batch, keyValueHeads, rows, ...]`: heads of queries that share a head of keys stand one below the
 * other, so that one product serves all of them.
 */
export const splitAttention: NativeKernel = (call) => {
  const { unary, binary, matMul, scalar, keep } = call.operations;
  const [heads, keyHeads] = [numberOf(call, "heads"), numberOf(call, "keyValueHeads")];
  const q = inputOf(call, "q");
  const factor = 1 / Math.sqrt((q.shape[1] ?? 0) / heads);
  const qs = keep(split(call, binary("Mul", q, scalar(factor)), heads));
  const ks = keep(split(call, inputOf(call, "k"), keyHeads));
  const vs = keep(split(call, inputOf(call, "v"), keyHeads));
  const scores = masked(call, matMul(qs, ks, { transposeB: true }));
  const P = keep(unary("Softmax", scores));
  return [join(call, matMul(P, vs), heads), qs, ks, vs, P];
};

/**
 * Inputs dy, and q, k, v, P as {@link splitAttention} gives them, attributes batch, heads, keyValueHeads; gives dq, dk, dv.
 *
 * With dO split and q divided by sqrt(d) already: dv = P^T dO, dP = dO v^T, dS = P (dP - sum(dP P)), dq = dS k / sqrt(d),
 * dk = dS^T q.
 */
export const splitAttentionGradient: NativeKernel = (call) => {
  const { binary, reduce, matMul, scalar, keep, letGo } = call.operations;
  const [q, k, v, P] = ["q", "k", "v", "P"].map((name) => inputOf(call, name)) as Four;
  const [heads, keyHeads] = [numberOf(call, "heads"), numberOf(call, "keyValueHeads")];
  const dO = keep(split(call, inputOf(call, "dy"), heads));
  const dv = join(call, matMul(P, dO, { transposeA: true }), keyHeads);
  const dP = keep(matMul(dO, v, { transposeB: true }));
  letGo(dO);
  const centre = reduce("Sum", binary("Mul", dP, P));
  const dS = keep(binary("Mul", binary("Sub", dP, centre), P));
  letGo(dP);
  const factor = 1 / Math.sqrt(q.shape[3] ?? 0);
  const dq = join(call, binary("Mul", matMul(dS, k), scalar(factor)), heads);
  return [dq, join(call, matMul(dS, q, { transposeA: true }), keyHeads), dv];
};

type Four = [NativeTensor, NativeTensor, NativeTensor, NativeTensor];

/** Scores, with the mask where there is one; a group of heads is taken apart for it. */
function masked(call: NativeCall, scores: NativeTensor): NativeTensor {
  if (call.inputs["mask"] === undefined) return scores;
  const [batch = 0, , , length = 0] = scores.shape;
  const apart = shaped(call, scores, [batch, numberOf(call, "heads"), length, length]);
  const sum = call.operations.binary("AddV2", apart, inputOf(call, "mask"));
  return shaped(call, sum, scores.shape);
}

/** `count` heads `[batch * length, count * d]` to `[batch, keyValueHeads, count / keyValueHeads * length, d]`. */
function split(call: NativeCall, x: NativeTensor, count: number): NativeTensor {
  const { transpose, reshape } = call.operations;
  const [batch, keyHeads] = [numberOf(call, "batch"), numberOf(call, "keyValueHeads")];
  const [rows = 0, hidden = 0] = x.shape;
  const [length, size] = [rows / batch, hidden / count];
  const turned = transpose(reshape(x, [batch, length, count, size]), [0, 2, 1, 3]);
  return shaped(call, turned, [batch, keyHeads, (count / keyHeads) * length, size]);
}

/** The inverse of {@link split}. */
function join(call: NativeCall, x: NativeTensor, count: number): NativeTensor {
  const [batch = 0, keyHeads = 0, rows = 0, size = 0] = x.shape;
  const length = (keyHeads * rows) / count;
  const apart = shaped(call, x, [batch, count, length, size]);
  const turned = call.operations.transpose(apart, [0, 2, 1, 3]);
  return call.operations.reshape(turned, [batch * length, count * size]);
}

/** Reshaped, where the shape is another. */
function shaped({ operations }: NativeCall, x: NativeTensor, shape: number[]): NativeTensor {
  return shape.join() === x.shape.join() ? x : operations.reshape(x, shape);
}
