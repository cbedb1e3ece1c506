import type { AdapterKind, InitContext } from "../kind.ts";
import type { Factor } from "../layout.ts";
import { peftLora } from "../peft-lora.ts";
import { lora } from "./lora.ts";
import {
  downAndUp,
  inOrder,
  lowRankFactors,
  lowRankInits,
  lowRankValues,
  placeOf,
} from "./low-rank.ts";

function init(factors: readonly Factor[], context: InitContext): Float32Array[] {
  const { down, up } = downAndUp(factors);
  const { A, B } = lowRankValues({ down, up }, context, lora.scaling(context.settings));
  const magnitude = rowNorms(context.weight(), down.shape[1] ?? 0);
  return inOrder("DoRA", factors, { down: A, up: B, magnitude });
}

/** Euclidean norms of the rows of `[out, width]`, summed in float64; `[out]`. */
function rowNorms(weight: Float32Array, width: number): Float32Array {
  return Float32Array.from({ length: weight.length / width }, (_, row) => {
    let sum = 0;
    for (let i = row * width; i < (row + 1) * width; i++) sum += (weight[i] ?? 0) ** 2;
    return Math.sqrt(sum);
  });
}

/**
 * DoRA: `y = diag(m / |W + s B A|) (W + s B A) x`, |.| the norms of the rows, s = loraAlpha / rank.
 *
 * The magnitude m `[out]` begins as the norms of W's rows, so that every init begins at W. Equations 5 and 6.
 */
export const dora: AdapterKind = {
  name: "dora",
  product: "BA",
  paper: { title: "DoRA: Weight-Decomposed Low-Rank Adaptation", id: "arXiv:2402.09353" },
  factors: (module, settings) => [
    ...lowRankFactors(module, settings),
    { ...placeOf(module, "lora_magnitude_vector"), role: "magnitude", shape: [module.out] },
  ],
  inits: lowRankInits,
  readsBase: () => true,
  init,
  scaling: (settings) => lora.scaling(settings),
  peft: peftLora({ use_rslora: false, use_dora: true }),
};
