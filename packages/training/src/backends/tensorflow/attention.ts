/** `FedtuneSplitAttention` and its gradient. Vaswani et al., arXiv 1706.03762, equation 1. */
import type { NativeCall, NativeKernel } from "./kernel.ts";
import { inputOf, numberOf } from "./kernel.ts";
import type { NativeTensor } from "./native.ts";

/**
 * Inputs q, k, v `[batch * length, heads * d]` and mask, which broadcasts to scores; attributes batch, heads. Gives the mixed
 * values like q; q / sqrt(d), k and v as `[batch, heads, length, d]`; and the probabilities `[batch, heads, length, length]`.
 */
export const splitAttention: NativeKernel = (call) => {
  const { unary, binary, matMul, scalar, keep } = call.operations;
  const q = inputOf(call, "q");
  const factor = 1 / Math.sqrt((q.shape[1] ?? 0) / numberOf(call, "heads"));
  const qs = keep(split(call, binary("Mul", q, scalar(factor))));
  const ks = keep(split(call, inputOf(call, "k")));
  const vs = keep(split(call, inputOf(call, "v")));
  const scores = binary("AddV2", matMul(qs, ks, { transposeB: true }), inputOf(call, "mask"));
  const P = keep(unary("Softmax", scores));
  return [join(call, matMul(P, vs)), qs, ks, vs, P];
};

/**
 * Inputs dy, and q, k, v, P as {@link splitAttention} gives them, attributes batch, heads; gives dq, dk, dv.
 *
 * With dO split and q divided by sqrt(d) already: dv = P^T dO, dP = dO v^T, dS = P (dP - sum(dP P)), dq = dS k / sqrt(d),
 * dk = dS^T q.
 */
export const splitAttentionGradient: NativeKernel = (call) => {
  const { binary, reduce, matMul, scalar, keep, letGo } = call.operations;
  const [q, k, v, P] = ["q", "k", "v", "P"].map((name) => inputOf(call, name)) as Four;
  const dO = keep(split(call, inputOf(call, "dy")));
  const dv = join(call, matMul(P, dO, { transposeA: true }));
  const dP = keep(matMul(dO, v, { transposeB: true }));
  letGo(dO);
  const centre = reduce("Sum", binary("Mul", dP, P));
  const dS = keep(binary("Mul", binary("Sub", dP, centre), P));
  letGo(dP);
  const factor = 1 / Math.sqrt(q.shape[3] ?? 0);
  const dq = join(call, binary("Mul", matMul(dS, k), scalar(factor)));
  return [dq, join(call, matMul(dS, q, { transposeA: true })), dv];
};

type Four = [NativeTensor, NativeTensor, NativeTensor, NativeTensor];

/** `[batch * length, hidden]` to `[batch, heads, length, d]`. */
function split(call: NativeCall, x: NativeTensor): NativeTensor {
  const [batch, heads] = [numberOf(call, "batch"), numberOf(call, "heads")];
  const [rows = 0, hidden = 0] = x.shape;
  const rowsOfHeads = [batch, rows / batch, heads, hidden / heads];
  return call.operations.transpose(call.operations.reshape(x, rowsOfHeads), [0, 2, 1, 3]);
}

/** The inverse of {@link split}. */
function join(call: NativeCall, x: NativeTensor): NativeTensor {
  const [batch = 0, heads = 0, length = 0, size = 0] = x.shape;
  const turned = call.operations.transpose(x, [0, 2, 1, 3]);
  return call.operations.reshape(turned, [batch * length, heads * size]);
}
