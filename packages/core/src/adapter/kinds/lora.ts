import type { AdapterKind, AdapterSettings, InitContext } from "../kind.ts";
import type { Factor } from "../layout.ts";
import { peftLora } from "../peft-lora.ts";
import {
  downAndUp,
  inOrder,
  lowRankFactors,
  lowRankInits,
  lowRankReadsBase,
  lowRankValues,
} from "./low-rank.ts";

function scaling({ rank, loraAlpha }: AdapterSettings): number {
  return loraAlpha / rank;
}

/**
 * The first values of LoRA under a scaling.
 *
 * @throws RangeError on a factor that is no LoRA factor; FedtuneError as `truncatedSvd`
 */
export function initLora(
  factors: readonly Factor[],
  context: InitContext,
  scaling: number,
): Float32Array[] {
  const { A, B } = lowRankValues(downAndUp(factors), context, scaling);
  return inOrder("LoRA", factors, { down: A, up: B });
}

/** LoRA: `y = W x + (loraAlpha / rank) B A x`. */
export const lora: AdapterKind = {
  name: "lora",
  product: "BA",
  paper: { title: "LoRA: Low-Rank Adaptation of Large Language Models", id: "arXiv:2106.09685" },
  factors: lowRankFactors,
  inits: lowRankInits,
  readsBase: lowRankReadsBase,
  init: (factors, context) => initLora(factors, context, scaling(context.settings)),
  scaling,
  peft: peftLora({ use_rslora: false, use_dora: false }),
};
