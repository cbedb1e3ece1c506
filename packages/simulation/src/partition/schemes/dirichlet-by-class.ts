import { z } from "zod";
import { dealClasses, rowsByLabel } from "../classes.ts";
import { dirichletDraw } from "../dirichlet.ts";
import { numbered } from "../scheme.ts";
import type { Scheme } from "../scheme.ts";

const options = z.strictObject({
  alpha: z
    .number()
    .positive()
    .max(1e6)
    .default(0.5)
    .describe("small: each class sits at few clients"),
});

/**
 * One Dirichlet(alpha) vector over the clients for each class: skews labels and sizes.
 *
 * The scheme of FedSVD (arXiv 2505.12805, dataset generator) and of most papers that say "Dirichlet". Departs from its
 * rounding, which loses some rows: here the largest remainders get them.
 */
export const dirichletByClass = {
  name: "dirichlet-by-class",
  summary: "a Dirichlet vector over the clients for each class; skews labels and sizes",
  source: "FedSVD, arXiv 2505.12805",
  options,
  movable: true,
  namesClients: false,
  deal: ({ labels }, { clients, options: { alpha }, rng }) => {
    const classes = [...rowsByLabel(labels)].map(([label, rows]) => {
      const own = rng.fork(`class ${String(label)}`);
      return { rows, shares: dirichletDraw(alpha, clients, own), rng: own };
    });
    return numbered(dealClasses(classes, clients));
  },
} as const satisfies Scheme<z.output<typeof options>>;
