import { FedtuneError } from "@fedtune/core";
import { z } from "zod";
import type { Scheme, Share } from "../scheme.ts";

const options = z.strictObject({
  column: z.string().min(1).default("client").describe("the column whose values name the clients"),
});

/**
 * Every value of a column is a client: the data's own partition, for example a user, a hospital, a role of a play.
 *
 * Clients in the order of their names, numbers by their value.
 *
 * @throws FedtuneError `data-invalid` when the data has no such column
 */
export const byColumn = {
  name: "by-column",
  summary: "the data's own partition: every value of a column is a client",
  source: null,
  options,
  movable: false,
  namesClients: true,
  deal: ({ columns = {} }, { options: { column } }) => {
    const values = Object.hasOwn(columns, column) ? columns[column] : undefined;
    if (values === undefined) {
      const known = Object.keys(columns);
      throw new FedtuneError(
        "data-invalid",
        `Cannot partition by column "${column}": the data has ${known.length === 0 ? "no other columns" : known.join(", ")}`,
        { data: { column, known } },
      );
    }
    return sharesOf(values);
  },
} as const satisfies Scheme<z.output<typeof options>>;

function sharesOf(values: readonly string[]): Share[] {
  const clients = new Map<string, number[]>();
  values.forEach((name, row) => {
    const rows = clients.get(name);
    if (rows === undefined) clients.set(name, [row]);
    else rows.push(row);
  });
  return [...clients]
    .sort(([a], [b]) => compareNames(a, b))
    .map(([name, rows]) => ({ name, rows }));
}

/** Whole numbers by value and before other names, those by code units: the same order on every platform. */
function compareNames(a: string, b: string): number {
  const [x, y] = [a, b].map((name) => (/^\d+$/.test(name) ? Number(name) : Infinity));
  if (x !== y) return (x ?? 0) < (y ?? 0) ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}
