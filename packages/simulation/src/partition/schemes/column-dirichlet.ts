import { z } from "zod";
import { dealClasses, rowsByLabel } from "../classes.ts";
import { dirichletDraw } from "../dirichlet.ts";
import type { Scheme, Share } from "../scheme.ts";
import { byColumn } from "./by-column.ts";

const options = z.strictObject({
  column: z.string().min(1).default("domain").describe("the column whose values are the domains"),
  clientsPerValue: z.int().positive().max(10_000).default(5).describe("clients of each domain"),
  alpha: z
    .number()
    .positive()
    .max(1e6)
    .default(0.5)
    .describe("within a domain; small: each class sits at few of its clients"),
});

/**
 * Feature skew and label skew at once: every value of a column is a domain with clients of its own, among whom each class
 * is dealt by one Dirichlet(alpha) vector.
 *
 * The setting of LoRA-FAIR (arXiv 2411.14961) over image domains, its second one. Rows never leave their domain.
 *
 * @throws FedtuneError `data-invalid` when the data has no such column
 */
export const columnDirichlet = {
  name: "column-dirichlet",
  summary: "domains by a column, and a Dirichlet vector for each class within a domain",
  source: "LoRA-FAIR, arXiv 2411.14961",
  options,
  movable: false,
  namesClients: true,
  deal: (input, { clients, options: { column, clientsPerValue, alpha }, rng }) => {
    const domains = byColumn.deal(input, { clients, options: { column }, rng });
    return domains.flatMap(({ name, rows }): Share[] => {
      const own = rng.fork(`domain ${name ?? ""}`);
      const byLabel = rowsByLabel(rows.map((row) => input.labels[row] ?? 0));
      const classes = [...byLabel].map(([label, places]) => {
        const stream = own.fork(`class ${String(label)}`);
        const shares = dirichletDraw(alpha, clientsPerValue, stream);
        return { rows: places.map((place) => rows[place] ?? 0), shares, rng: stream };
      });
      return dealClasses(classes, clientsPerValue).map((dealt, k) => ({
        name: `${name ?? ""}-${String(k + 1)}`,
        rows: dealt,
      }));
    });
  },
} as const satisfies Scheme<z.output<typeof options>>;
