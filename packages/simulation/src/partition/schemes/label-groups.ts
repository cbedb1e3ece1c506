import { FedtuneError } from "@fedtune/core";
import type { Rng } from "@fedtune/core";
import { z } from "zod";
import { apportion, blocks } from "../apportion.ts";
import { dealClasses, rowsByLabel } from "../classes.ts";
import { numbered } from "../scheme.ts";
import type { Scheme } from "../scheme.ts";

const options = z.strictObject({
  labelsPerClient: z
    .int()
    .positive()
    .max(10_000)
    .nullable()
    .default(null)
    .describe("labels of each client; null: every label is at one client alone"),
  order: z
    .enum(["shuffled", "listed"])
    .default("shuffled")
    .describe(
      "listed: neighbours in the list of labels go together, for lists that are sorted by topic",
    ),
});

/**
 * Whole labels are dealt: every client has a few labels and nothing of the others, and those who share a label share its
 * rows equally. Unlike shards of the sorted rows, no client gets the rest of one label and the beginning of the next.
 *
 * With two labels a client: the strong skew of Li et al., "Federated learning on non-IID data silos: an experimental
 * study", arXiv 2102.02079, section IV.A (quantity-based label imbalance); there the labels are drawn at random, here
 * every label is dealt once before any is dealt again.
 *
 * @throws FedtuneError `config-conflict` when there are too few labels for all, or more than the clients may take
 */
export const labelGroups = {
  name: "label-groups",
  summary: "whole labels: each client has some of them, alone or shared equally",
  source: "Li et al., arXiv 2102.02079",
  options,
  movable: true,
  namesClients: false,
  deal: ({ labels }, { clients, options: { labelsPerClient, order }, rng }) => {
    const classes = [...rowsByLabel(labels)];
    const sizes =
      labelsPerClient === null
        ? apportion(classes.length, Array<number>(clients).fill(1))
        : Array<number>(clients).fill(labelsPerClient);
    const slots = sizes.reduce((a, b) => a + b, 0);
    const most = Math.max(...sizes);
    if (Math.min(...sizes) < 1 || most > classes.length || slots < classes.length)
      throw conflict({ clients, labels: classes.length, most });
    const hands = handsOf(classes.length, { sizes, rng: order === "shuffled" ? rng : null });
    const shared = classes.map(([label, rows], place) => ({
      rows,
      shares: hands.map((hand) => Number(hand.includes(place))),
      rng: rng.fork(`class ${String(label)}`),
    }));
    return numbered(dealClasses(shared, clients));
  },
} as const satisfies Scheme<z.output<typeof options>>;

/** Deals the labels round and round, so that none is dealt again before all are; no hand has a label twice. */
function handsOf(
  labels: number,
  { sizes, rng }: { readonly sizes: readonly number[]; readonly rng: Rng | null },
): number[][] {
  const order = Array.from({ length: labels }, (_, label) => label);
  rng?.shuffle(order);
  // A hand is no longer than the cycle, so that consecutive cards are distinct.
  const slots = sizes.reduce((a, b) => a + b, 0);
  const cards = Array.from({ length: slots }, (_, at) => order[at % labels] ?? 0);
  return blocks(cards, sizes);
}

function conflict(facts: {
  readonly clients: number;
  readonly labels: number;
  readonly most: number;
}): FedtuneError {
  const { clients, labels, most } = facts;
  return new FedtuneError(
    "config-conflict",
    `Cannot deal ${String(labels)} labels to ${String(clients)} clients, ${String(most)} to each: wanted every client to have ` +
      "a label and every label to have a client; change simulation.clients or simulation.partition.labelsPerClient",
    { data: facts },
  );
}
