import { z } from "zod";
import { dealClasses, rowsByLabel } from "../classes.ts";
import { dirichletDraw } from "../dirichlet.ts";
import { numbered } from "../scheme.ts";
import type { Scheme } from "../scheme.ts";

const options = z.strictObject({
  alpha: z.number().positive().max(1e6).default(0.1).describe("small: each client has few labels"),
});

/**
 * One Dirichlet(alpha) vector over the classes for each client; each class is then dealt by the clients' wishes for it,
 * normalised over the clients.
 *
 * FLASC (arXiv 2406.05233, `data_utils.py`). Departs from its code, where late clients may find a class used up: here
 * every class is apportioned at once, by largest remainder. Not the same distribution as `dirichlet-by-class`.
 */
export const dirichletByClient = {
  name: "dirichlet-by-client",
  summary: "a Dirichlet vector over the classes for each client; skews labels",
  source: "FLASC, arXiv 2406.05233",
  options,
  movable: true,
  namesClients: false,
  deal: ({ labels }, { clients, options: { alpha }, rng }) => {
    const classes = [...rowsByLabel(labels)];
    const wishes = Array.from({ length: clients }, (_, client) =>
      dirichletDraw(alpha, classes.length, rng.fork(`client ${String(client)}`)),
    );
    const shared = classes.map(([label, rows], column) => ({
      rows,
      shares: wishes.map((wish) => wish[column] ?? 0),
      rng: rng.fork(`class ${String(label)}`),
    }));
    return numbered(dealClasses(shared, clients));
  },
} as const satisfies Scheme<z.output<typeof options>>;
