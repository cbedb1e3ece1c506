/** LoRA: `W x + b + (loraAlpha / rank) B A x`. Hu et al., arXiv 2106.09685, equation 3. */
import { loraLinear } from "../layers/lora-linear.ts";
import type { AdapterForward } from "./forward.ts";
import { requireFactor } from "./forward.ts";

/** Factors: down A `[rank, in]`, up B `[out, rank]`. */
export const lora: AdapterForward = {
  name: "lora",
  apply: (x, { base, factors, scaling, train, needsInputGradient, capture }) =>
    loraLinear(x, {
      base,
      A: requireFactor(factors, "down"),
      B: requireFactor(factors, "up"),
      scaling,
      wants: { x: needsInputGradient, A: train.has("down"), B: train.has("up") },
      capture,
    }),
};
