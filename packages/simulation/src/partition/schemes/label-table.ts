import { FedtuneError } from "@fedtune/core";
import { z } from "zod";
import { dealClasses, rowsByLabel } from "../classes.ts";
import { numbered } from "../scheme.ts";
import type { Scheme } from "../scheme.ts";

const options = z.strictObject({
  table: z
    .array(z.array(z.number().min(0).max(1e6)).min(1).max(10_000))
    .min(1)
    .max(10_000)
    .nullable()
    .default(null)
    .describe(
      "a row for each client: how much of each label it wants, in the order of the labels; null: FFA-LoRA's three clients, for two labels or three",
    ),
});

/** FFA-LoRA's tables by the number of labels. */
const published: Readonly<Record<number, readonly (readonly number[])[]>> = {
  2: [
    [0.1, 0.9],
    [0.9, 0.1],
    [0.5, 0.5],
  ],
  3: [
    [0.9, 0.05, 0.05],
    [0.05, 0.9, 0.05],
    [0.05, 0.05, 0.9],
  ],
};

/**
 * Label proportions written down client by client; every label's rows are dealt by the clients' wishes for it, normalised
 * over the clients.
 *
 * Sun et al., "Improving LoRA in privacy-preserving federated learning", arXiv 2403.12313: proportions [0.1, 0.9],
 * [0.9, 0.1], [0.5, 0.5] for two labels; 0.9, 0.05, 0.05 rotated for three. Where labels are equally frequent, every
 * client has just these proportions.
 *
 * @throws FedtuneError `config-conflict` when the table is not one column for each label, or wants nothing of a label
 */
export const labelTable = {
  name: "label-table",
  summary: "label proportions written down client by client",
  source: "FFA-LoRA, arXiv 2403.12313",
  options,
  movable: true,
  namesClients: true,
  deal: ({ labels }, { options: { table }, rng }) => {
    const classes = [...rowsByLabel(labels)];
    const most = classes.at(-1)?.[0] ?? 0;
    const wishes = table ?? published[most + 1];
    if (wishes === undefined || wishes.some((wish) => wish.length <= most))
      throw conflict(`its rows must have one number for each of the ${String(most + 1)} labels`);
    const shared = classes.map(([label, rows]) => {
      const shares = wishes.map((wish) => wish[label] ?? 0);
      if (!shares.some((share) => share > 0))
        throw conflict(`somebody must want label number ${String(label + 1)}`);
      return { rows, shares, rng: rng.fork(`class ${String(label)}`) };
    });
    return numbered(dealClasses(shared, wishes.length));
  },
} as const satisfies Scheme<z.output<typeof options>>;

function conflict(wanted: string): FedtuneError {
  return new FedtuneError(
    "config-conflict",
    `Cannot partition by the table of label proportions: ${wanted}; simulation.partition.table says how much each client wants of each label`,
  );
}
