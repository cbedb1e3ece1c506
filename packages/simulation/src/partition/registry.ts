/** The one list of partition schemes; schema, command line and tests follow from it. */
import { z } from "zod";
import type { Scheme } from "./scheme.ts";
import { byColumn } from "./schemes/by-column.ts";
import { columnDirichlet } from "./schemes/column-dirichlet.ts";
import { dirichletByClass } from "./schemes/dirichlet-by-class.ts";
import { dirichletByClient } from "./schemes/dirichlet-by-client.ts";
import { iid } from "./schemes/iid.ts";
import { labelGroups } from "./schemes/label-groups.ts";
import { labelShards } from "./schemes/label-shards.ts";
import { labelTable } from "./schemes/label-table.ts";
import { quantitySkew } from "./schemes/quantity-skew.ts";

/** Every scheme; the first one is the default. */
export const partitionSchemes = [
  iid,
  dirichletByClass,
  dirichletByClient,
  labelShards,
  labelGroups,
  labelTable,
  byColumn,
  columnDirichlet,
  quantitySkew,
] as const;

const shared = {
  minExamplesPerClient: z
    .int()
    .min(0)
    .max(1_000_000)
    .default(1)
    .describe(
      "clients with fewer get rows of the largest ones; not where a column names the clients. 0: clients may be empty",
    ),
  iidShare: z
    .number()
    .min(0)
    .lt(1)
    .optional()
    .describe(
      "share of all rows that is dealt equally, at random, before the rest is dealt by the scheme; absent: none. Not where a column names the clients",
    ),
};

/** Config of a partition: `scheme`, its options, `minExamplesPerClient` and `iidShare`. */
export const partitionSchema = z
  .discriminatedUnion("scheme", [
    iid.options.extend({ scheme: z.literal(iid.name), ...shared }),
    dirichletByClass.options.extend({ scheme: z.literal(dirichletByClass.name), ...shared }),
    dirichletByClient.options.extend({ scheme: z.literal(dirichletByClient.name), ...shared }),
    labelShards.options.extend({ scheme: z.literal(labelShards.name), ...shared }),
    labelGroups.options.extend({ scheme: z.literal(labelGroups.name), ...shared }),
    labelTable.options.extend({ scheme: z.literal(labelTable.name), ...shared }),
    byColumn.options.extend({ scheme: z.literal(byColumn.name), ...shared }),
    columnDirichlet.options.extend({ scheme: z.literal(columnDirichlet.name), ...shared }),
    quantitySkew.options.extend({ scheme: z.literal(quantitySkew.name), ...shared }),
  ])
  .prefault({ scheme: iid.name });

/** A parsed partition config. */
export type PartitionConfig = z.output<typeof partitionSchema>;

/** Finds a scheme that the config schema knows. */
export function schemeByName(name: PartitionConfig["scheme"]): Scheme {
  const found = partitionSchemes.find((scheme) => scheme.name === name);
  if (found === undefined) throw new RangeError(`Cannot find partition scheme "${name}"`);
  return found;
}
