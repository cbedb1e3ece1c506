/** The VeRA type of PEFT. */
import { z } from "zod";
import type { PeftForm } from "./peft-form.ts";

/**
 * VeRA: vectors of each module, and the two matrices that all share.
 *
 * A file without the matrices is refused: PEFT would draw them anew from torch's generator, which is not here.
 */
export const peftVera: PeftForm = {
  peftType: "VERA",
  flags: {},
  fields: {
    save_projection: z
      .unknown()
      .refine(
        (saved) => saved === undefined || saved === true,
        "true: vera_A and vera_B cannot be drawn anew here, which takes torch's own generator; save the adapter again with save_projection=True",
      )
      .optional(),
  },
  // VeRA has no scaling; any number says the same.
  loraAlpha: () => 1,
  write: () => ({
    d_initial: 0.1,
    init_weights: true,
    projection_prng_key: 0,
    save_projection: true,
    vera_dropout: 0,
  }),
  sizes: { in: { factor: "vera_A", axis: 1 }, out: { factor: "vera_lambda_b", axis: 0 } },
};
