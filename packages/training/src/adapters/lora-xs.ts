/** LoRA-XS: `W x + b + s B R A x`. Bałazy et al., arXiv 2405.17604, equation 3. */
import { coreLinear } from "../layers/core-linear.ts";
import type { AdapterForward } from "./forward.ts";
import { requireFactor } from "./forward.ts";

/** Factors: down A `[rank, in]`, up B `[out, rank]`, core R `[rank, rank]`. */
export const loraXs: AdapterForward = {
  name: "lora-xs",
  apply: (x, { base, factors, scaling, train, needsInputGradient, capture }) =>
    coreLinear(x, {
      base,
      A: requireFactor(factors, "down"),
      R: requireFactor(factors, "core"),
      B: requireFactor(factors, "up"),
      scaling,
      wants: {
        x: needsInputGradient,
        A: train.has("down"),
        R: train.has("core"),
        B: train.has("up"),
      },
      capture,
    }),
};
