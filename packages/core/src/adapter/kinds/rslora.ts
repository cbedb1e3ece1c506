import type { AdapterKind } from "../kind.ts";
import { lora } from "./lora.ts";

/** Rank-stabilised LoRA: the factors of LoRA, the product scaled by `loraAlpha / sqrt(rank)`. */
export const rslora: AdapterKind = {
  ...lora,
  name: "rslora",
  paper: {
    title: "A Rank Stabilization Scaling Factor for Fine-Tuning with LoRA",
    id: "arXiv:2312.03732",
  },
  scaling: ({ rank, loraAlpha }) => loraAlpha / Math.sqrt(rank),
  peft: { peftType: "LORA", flags: { use_rslora: true, use_dora: false } },
};
