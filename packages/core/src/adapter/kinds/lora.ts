import type { Rng } from "../../rng.ts";
import type { AdapterKind, AdapterSettings, LinearModule } from "../kind.ts";
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
 * A uniform on (-1/sqrt(in), 1/sqrt(in)), B zero: the product starts at zero.
 *
 * The same as PEFT's default, Kaiming uniform with a = sqrt(5). Only multiplication, subtraction, square root and
 * rounding, all exact by IEEE 754: the same bits on every platform.
 *
 * @throws RangeError on a factor that is no LoRA factor
 */
function init(factor: Factor, rng: Rng): Float32Array {
  const values = new Float32Array(factor.size);
  if (factor.role === "up") return values;
  const [, width] = factor.shape;
  if (factor.role !== "down" || width === undefined) {
    throw new RangeError(
      `Cannot initialise factor "${factor.name}" of role ${factor.role} as LoRA`,
    );
  }
  const bound = 1 / Math.sqrt(width);
  for (let i = 0; i < values.length; i++) values[i] = (2 * rng.uniform() - 1) * bound;
  return values;
}

/** LoRA: `y = W x + (loraAlpha / rank) B A x`. */
export const lora: AdapterKind = {
  name: "lora",
  product: "BA",
  paper: { title: "LoRA: Low-Rank Adaptation of Large Language Models", id: "arXiv:2106.09685" },
  factors,
  init,
  scaling: ({ rank, loraAlpha }) => loraAlpha / rank,
  peft: { peftType: "LORA", flags: { use_rslora: false, use_dora: false } },
};
