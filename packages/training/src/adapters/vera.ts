/** VeRA: `W x + b + diag(b) B diag(d) A x`, A and B fixed and shared. Kopiczko et al., arXiv 2310.11454, equation 2. */
import * as tf from "@tensorflow/tfjs";
import { scaledLinear } from "../layers/scaled-linear.ts";
import type { AdapterForward, AdapterScope } from "./forward.ts";
import { requireVector } from "./forward.ts";

/** Factors: down d `[rank]`, up b `[out]`; shared `vera_A` `[rank, widest in]`, `vera_B` `[widest out, rank]`. */
export const vera: AdapterForward = {
  name: "vera",
  apply: (x, { base, factors, scope, scaling, train, needsInputGradient, capture }) =>
    scaledLinear(x, {
      base,
      A: firstPart(scope, "vera_A", [-1, base.in]),
      B: firstPart(scope, "vera_B", [base.out, -1]),
      d: requireVector(factors, "down"),
      v: requireVector(factors, "up"),
      scaling,
      wants: { x: needsInputGradient, d: train.has("down"), v: train.has("up") },
      capture,
    }),
};

/** The first rows or columns of a shared matrix, as many as the module has; kept, because modules repeat sizes. */
function firstPart(
  scope: AdapterScope,
  name: string,
  size: readonly [rows: number, columns: number],
): tf.Tensor2D {
  return scope.once(`${name} ${size.join(" ")}`, () =>
    tf.slice(scope.shared(name), [0, 0], [...size]),
  );
}
