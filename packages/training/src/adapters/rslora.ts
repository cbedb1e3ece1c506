/** Rank-stabilised LoRA: LoRA with scaling loraAlpha / sqrt(rank), which core's half brings. Kalajdzievski, arXiv 2312.03732. */
import type { AdapterForward } from "./forward.ts";
import { lora } from "./lora.ts";

/** The forward pass of {@link lora}; only the scaling differs. */
export const rslora: AdapterForward = { name: "rslora", apply: (x, pass) => lora.apply(x, pass) };
