/** The LoRA type of PEFT: LoRA, rank-stabilised LoRA and DoRA. */
import { z } from "zod";
import type { PeftForm } from "./peft-form.ts";

/** Features that would change what the factors mean; a file that uses one is refused. */
const UNSUPPORTED = [
  ...["rank_pattern", "alpha_pattern", "lora_bias", "layer_replication", "target_parameters"],
  ...["trainable_token_indices", "alora_invocation_tokens", "arrow_config", "use_qalora"],
  ...["use_bdlora", "kasa_config", "velora_config", "monteclora_config"],
] as const;

const flag = z.boolean().default(false);
const absent = z
  .unknown()
  .refine(isEmpty, "nothing here: adapters that use this are not supported")
  .optional();

const fields = {
  lora_alpha: z.number().positive(),
  use_rslora: flag,
  use_dora: flag,
  // The other choices change the base weights, which the file does not carry.
  init_lora_weights: z
    .union([z.boolean(), z.enum(["gaussian", "eva", "orthogonal"])])
    .default(true),
  ...Object.fromEntries(UNSUPPORTED.map((key) => [key, absent])),
};

/** The kind of type LoRA with these flags. */
export function peftLora(flags: {
  readonly use_rslora: boolean;
  readonly use_dora: boolean;
}): PeftForm {
  return {
    peftType: "LORA",
    flags,
    fields,
    loraAlpha: ({ lora_alpha: alpha }) => Number(alpha),
    write: ({ loraAlpha }) => ({
      ...flags,
      alpha_pattern: {},
      init_lora_weights: true,
      lora_alpha: loraAlpha,
      lora_dropout: 0,
      rank_pattern: {},
    }),
    sizes: { in: { factor: "lora_A", axis: 1 }, out: { factor: "lora_B", axis: 0 } },
  };
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === false) return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}
