import { kaimingDown } from "../first-values.ts";
import type { AdapterKind, AdapterSettings, InitContext, LinearModule } from "../kind.ts";
import type { Factor, FactorSpec } from "../layout.ts";

/** A `[r, in]` (down) and B `[out, r]` (up) of one module. */
function factors(module: LinearModule, { rank }: AdapterSettings): FactorSpec[] {
  const place = (factor: string): { name: string; module: string } => ({
    name: `${module.name}.${factor}`,
    module: module.name,
  });
  return [
    { ...place("lora_A"), role: "down", shape: [rank, module.in] },
    { ...place("lora_B"), role: "up", shape: [module.out, rank] },
  ];
}

/**
 * A as PEFT's default draws it, B zero: the product starts at zero.
 *
 * @throws RangeError on a factor that is no LoRA factor
 */
function init(factors: readonly Factor[], { stream }: InitContext): Float32Array[] {
  return factors.map(({ role, shape, size, name }) => {
    if (role === "down") return kaimingDown(shape, stream(name));
    if (role === "up") return new Float32Array(size);
    throw new RangeError(`Cannot initialise factor "${name}" of role ${role} as LoRA`);
  });
}

/** LoRA: `y = W x + (loraAlpha / rank) B A x`. */
export const lora: AdapterKind = {
  name: "lora",
  product: "BA",
  paper: { title: "LoRA: Low-Rank Adaptation of Large Language Models", id: "arXiv:2106.09685" },
  factors,
  inits: ["kaiming"],
  readsBase: () => false,
  init,
  scaling: ({ rank, loraAlpha }) => loraAlpha / rank,
  peft: { peftType: "LORA", flags: { use_rslora: false, use_dora: false } },
};
