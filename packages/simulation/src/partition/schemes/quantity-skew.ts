import type { Rng } from "@fedtune/core";
import { z } from "zod";
import { apportion, blocks } from "../apportion.ts";
import { shuffledRows } from "../classes.ts";
import { dirichletDraw } from "../dirichlet.ts";
import { numbered } from "../scheme.ts";
import type { Scheme } from "../scheme.ts";

const lawSchema = z.discriminatedUnion("name", [
  z.strictObject({
    name: z.literal("dirichlet"),
    alpha: z
      .number()
      .positive()
      .max(1e6)
      .default(1)
      .describe("small: few clients have nearly all rows"),
  }),
  z.strictObject({
    name: z.literal("power"),
    exponent: z
      .number()
      .min(0)
      .max(10)
      .default(1)
      .describe("client k gets k^-exponent; 1: Zipf's law; 0: equal sizes"),
  }),
  z.strictObject({
    name: z.literal("lognormal"),
    sigma: z
      .number()
      .min(0)
      .max(10)
      .default(1)
      .describe("deviation of the logarithm of the sizes; 0: equal sizes"),
  }),
]);

const options = z.strictObject({ law: lawSchema.prefault({ name: "dirichlet" }) });

/** Unequal sizes, equal label distributions: the shuffled rows are cut by a power law, a lognormal or a Dirichlet vector. */
export const quantitySkew = {
  name: "quantity-skew",
  summary: "unequal sizes by a power law, a lognormal or a Dirichlet vector; labels alike",
  source: null,
  options,
  movable: true,
  namesClients: false,
  deal: ({ labels }, { clients, options: { law }, rng }) => {
    const shares = sharesBy(law, clients, rng.fork("sizes"));
    return numbered(blocks(shuffledRows(labels.length, rng), apportion(labels.length, shares)));
  },
} as const satisfies Scheme<z.output<typeof options>>;

function sharesBy(law: z.output<typeof lawSchema>, clients: number, rng: Rng): number[] {
  if (law.name === "dirichlet") return dirichletDraw(law.alpha, clients, rng);
  if (law.name === "lognormal")
    return Array.from({ length: clients }, () => Math.exp(law.sigma * rng.normal()));
  return Array.from({ length: clients }, (_, client) => (client + 1) ** -law.exponent);
}
