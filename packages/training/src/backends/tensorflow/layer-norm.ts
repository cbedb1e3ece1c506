/** `FedtuneLayerNorm` and its gradient. Ba et al., arXiv 1607.06450. */
import type { NativeKernel } from "./kernel.ts";
import { inputOf, numberOf } from "./kernel.ts";

/** Inputs x `[rows, columns]`, gamma, beta `[columns]`, maybe residual like x; gives y, xhat like x and 1/std `[rows, 1]`. */
export const layerNorm: NativeKernel = (call) => {
  const { unary, binary, reduce, scalar, keep, letGo } = call.operations;
  const x = inputOf(call, "x");
  const isSum = call.inputs["residual"] !== undefined;
  const input = isSum ? keep(binary("AddV2", x, inputOf(call, "residual"))) : x;
  const centred = keep(binary("Sub", input, reduce("Mean", input)));
  if (isSum) letGo(input);
  const variance = reduce("Mean", unary("Square", centred));
  const epsilon = scalar(numberOf(call, "epsilon"));
  const inverse = keep(unary("Rsqrt", binary("AddV2", variance, epsilon)));
  const xhat = keep(binary("Mul", centred, inverse));
  letGo(centred);
  const scaled = binary("Mul", xhat, inputOf(call, "gamma"));
  return [binary("AddV2", scaled, inputOf(call, "beta")), xhat, inverse];
};

/** Inputs dy, gamma, xhat, inverse as {@link layerNorm} has them; gives dx. */
export const layerNormGradient: NativeKernel = (call) => {
  const { binary, reduce, keep, letGo } = call.operations;
  const xhat = inputOf(call, "xhat");
  const g = keep(binary("Mul", inputOf(call, "dy"), inputOf(call, "gamma")));
  const along = binary("Mul", xhat, reduce("Mean", binary("Mul", g, xhat)));
  const across = binary("Sub", g, reduce("Mean", g));
  letGo(g);
  return [binary("Mul", binary("Sub", across, along), inputOf(call, "inverse"))];
};
