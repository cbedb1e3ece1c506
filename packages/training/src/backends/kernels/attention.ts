/** `FedtuneAttention` and its gradient: all heads of a batch, without splitting, repeating or transposing anything. */
import type * as tf from "@tensorflow/tfjs";
import type { Task } from "./engine.ts";
import { float } from "./engine.ts";
import type { KernelCall, OwnKernel } from "./kernel.ts";
import { inputOf, numberOf } from "./kernel.ts";

/**
 * Inputs q `[batch * length, heads * d]`, k, v `[batch * length, keyValueHeads * d]` and perhaps mask `[batch, 1, 1, length]`;
 * attributes batch, heads, keyValueHeads, and causal: whether rows see no later ones. Gives the mixed values like q, and per
 * row of scores the maximum and the inverse sum `[batch, heads, length, 2]`.
 */
export const attention: OwnKernel = (call) => {
  const { heap } = call.engine;
  const sizes = sizesOf(call);
  const { batch, heads, length } = sizes;
  const outputs = [heap.output(inputOf(call, "q").shape), heap.output([batch, heads, length, 2])];
  runHeads(call, sizes, {
    ...{ kernel: "attention", items: batch * heads, products: 2, scores: 1 },
    addresses: [...given(call), ...addresses(call, outputs)],
  });
  return outputs;
};

/** Inputs and attributes as {@link attention}, its outputs o and kept, and dy like o; gives dq, dk, dv. */
export const attentionGradient: OwnKernel = (call) => {
  const sizes = sizesOf(call);
  const outputs = ["q", "k", "v"].map((name) => call.engine.heap.output(inputOf(call, name).shape));
  const more = ["o", "kept", "dy"].map((name) => inputOf(call, name));
  runHeads(call, sizes, {
    // A head of keys with all the heads of queries that it serves is one item, so that sums over those have one order.
    ...{ kernel: "attentionGradient", items: sizes.batch * sizes.keyValueHeads },
    ...{ products: 5, scores: 2 },
    addresses: [...given(call), ...addresses(call, [...more, ...outputs])],
  });
  return outputs;
};

function sizesOf(call: KernelCall) {
  const batch = numberOf(call, "batch");
  const heads = numberOf(call, "heads");
  const [rows = 0, hidden = 0] = inputOf(call, "q").shape;
  return {
    ...{ batch, heads, length: rows / batch, width: hidden / heads },
    keyValueHeads: numberOf(call, "keyValueHeads"),
    causal: call.attributes["causal"] === true,
  };
}

interface Pass {
  readonly kernel: Task["kernel"];
  readonly items: number;
  /** Products per head. */
  readonly products: number;
  /** Matrices of scores kept in scratch. */
  readonly scores: number;
  readonly addresses: readonly number[];
}

function runHeads(call: KernelCall, sizes: ReturnType<typeof sizesOf>, pass: Pass): void {
  const { engine } = call;
  const { batch, heads, keyValueHeads, length, width, causal } = sizes;
  const { kernel, items, products, scores } = pass;
  const rowOfScores = Math.ceil(length / 4) * 4;
  const whole = products * 2 * batch * heads * length * length * width;
  engine.run({
    ...{ kernel, items, grain: 1 },
    work: causal ? whole / 2 : whole,
    cells: [
      ...[length, heads, keyValueHeads, width, Number(causal), float(1 / Math.sqrt(width))],
      ...pass.addresses,
    ],
    scratchBytes:
      engine.productScratchBytes(Math.max(length, width)) + scores * 4 * length * rowOfScores,
  });
}

/** Addresses of q, k, v and the mask, 0 where there is none. */
function given(call: KernelCall): readonly number[] {
  const { mask } = call.inputs;
  const operands = ["q", "k", "v"].map((name) => inputOf(call, name));
  return [...addresses(call, operands), ...(mask === undefined ? [0] : addresses(call, [mask]))];
}

function addresses({ engine }: KernelCall, tensors: readonly tf.TensorInfo[]): readonly number[] {
  return tensors.map((tensor) => engine.heap.address(tensor));
}
