import type { AdapterKind, AdapterSettings } from "../kind.ts";
import { peftLora } from "../peft-lora.ts";
import { initLora, lora } from "./lora.ts";

function scaling({ rank, loraAlpha }: AdapterSettings): number {
  return loraAlpha / Math.sqrt(rank);
}

/** Rank-stabilised LoRA: the factors of LoRA, the product scaled by `loraAlpha / sqrt(rank)`. */
export const rslora: AdapterKind = {
  ...lora,
  name: "rslora",
  paper: {
    title: "A Rank Stabilization Scaling Factor for Fine-Tuning with LoRA",
    id: "arXiv:2312.03732",
  },
  init: (factors, context) => initLora(factors, context, scaling(context.settings)),
  scaling,
  peft: peftLora({ use_rslora: true, use_dora: false }),
};
