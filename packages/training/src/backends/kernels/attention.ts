/** `FedtuneAttention` and its gradient: all heads of a batch, without splitting or transposing anything. */
import type * as tf from "@tensorflow/tfjs";
import type { Task } from "./engine.ts";
import { float } from "./engine.ts";
import type { KernelCall, OwnKernel } from "./kernel.ts";
import { inputOf, numberOf } from "./kernel.ts";

/**
 * Inputs q, k, v `[batch * length, hidden]` and mask `[batch, 1, 1, length]`, attribute `heads`; gives the mixed values like q,
 * and per row of scores the maximum and the inverse sum `[batch, heads, length, 2]`.
 */
export const attention: OwnKernel = (call) => {
  const { heap } = call.engine;
  const [q, k, v, mask] = ["q", "k", "v", "mask"].map((name) => inputOf(call, name)) as Four;
  const { batch, length, heads } = sizesOf(call, mask);
  const outputs = [heap.output(q.shape), heap.output([batch, heads, length, 2])];
  runHeads(call, "attention", { q, mask, operands: [q, k, v, mask, ...outputs] });
  return outputs;
};

/** Inputs as {@link attention}, its outputs o and kept, and dy like o; gives dq, dk, dv. */
export const attentionGradient: OwnKernel = (call) => {
  const { heap } = call.engine;
  const names = ["q", "k", "v", "mask", "o", "kept", "dy"];
  const inputs = names.map((name) => inputOf(call, name));
  const [q, , , mask] = inputs as Four;
  const outputs = [heap.output(q.shape), heap.output(q.shape), heap.output(q.shape)];
  runHeads(call, "attentionGradient", { q, mask, operands: [...inputs, ...outputs] });
  return outputs;
};

type Four = [tf.TensorInfo, tf.TensorInfo, tf.TensorInfo, tf.TensorInfo];

function sizesOf(call: KernelCall, mask: tf.TensorInfo) {
  return {
    batch: mask.shape[0] ?? 0,
    length: mask.shape[3] ?? 0,
    heads: numberOf(call, "heads"),
  };
}

interface Heads {
  readonly q: tf.TensorInfo;
  readonly mask: tf.TensorInfo;
  readonly operands: readonly tf.TensorInfo[];
}

/** Products per head in a pass, and matrices of scores kept in scratch. */
const passes = {
  attention: { products: 2, scores: 1 },
  attentionGradient: { products: 5, scores: 2 },
} as const;

function runHeads(call: KernelCall, kernel: keyof typeof passes, given: Heads): void {
  const { engine } = call;
  const { batch, length, heads } = sizesOf(call, given.mask);
  const width = (given.q.shape[1] ?? 0) / heads;
  const { products, scores } = passes[kernel];
  const rowOfScores = Math.ceil(length / 4) * 4;
  engine.run({
    kernel,
    items: batch * heads,
    grain: 1,
    work: products * 2 * batch * heads * length * length * width,
    cells: [length, heads, width, float(1 / Math.sqrt(width)), ...addresses(call, given)],
    scratchBytes:
      engine.productScratchBytes(Math.max(length, width)) + scores * 4 * length * rowOfScores,
  } satisfies Task);
}

function addresses({ engine }: KernelCall, { operands }: Heads): readonly number[] {
  return operands.map((tensor) => engine.heap.address(tensor));
}
