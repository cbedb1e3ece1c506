/** DoRA: `diag(m / |W + s B A|) (W + s B A) x + b`. Liu et al., arXiv 2402.09353, equation 5. */
import { adaptedRowNorms, squaredRowNorms, withMagnitude } from "../layers/magnitude.ts";
import type { AdapterForward } from "./forward.ts";
import { requireFactor, requireVector } from "./forward.ts";
import { lora } from "./lora.ts";

/** Factors: down A `[rank, in]`, up B `[out, rank]`, magnitude m `[out]`. */
export const dora: AdapterForward = {
  name: "dora",
  apply(x, pass) {
    const { base, factors, scaling, scope, train, needsInputGradient, capture } = pass;
    const A = requireFactor(factors, "down");
    const B = requireFactor(factors, "up");
    return withMagnitude(lora.apply(x, pass), {
      base,
      magnitude: requireVector(factors, "magnitude"),
      norms: () =>
        adaptedRowNorms({
          base,
          A,
          B,
          scaling,
          squares: scope.once(base, () => squaredRowNorms(base)),
        }),
      wants: {
        y: needsInputGradient || train.has("down") || train.has("up"),
        magnitude: train.has("magnitude"),
      },
      capture,
    });
  },
};
