import { FedtuneError } from "@fedtune/core";
import { z } from "zod";
import { apportion, blocks } from "../apportion.ts";
import { rowsByLabel } from "../classes.ts";
import { numbered } from "../scheme.ts";
import type { Scheme } from "../scheme.ts";

const options = z.strictObject({
  shardsPerClient: z.int().positive().max(10_000).default(2).describe("parts of the sorted rows"),
});

/**
 * Sorts the rows by label, cuts them into equal shards and deals each client some of them: few labels per client, equal
 * sizes.
 *
 * McMahan et al., "Communication-efficient learning of deep networks from decentralized data", AISTATS 2017, section 3
 * (200 shards, 2 for each of 100 clients). Rows of one label are shuffled first.
 *
 * @throws FedtuneError `config-conflict` when there are more shards than rows
 */
export const labelShards = {
  name: "label-shards",
  summary: "equal shards of the rows sorted by label; few labels per client",
  source: "McMahan et al., AISTATS 2017",
  options,
  movable: true,
  namesClients: false,
  deal: ({ labels }, { clients, options: { shardsPerClient }, rng }) => {
    const count = clients * shardsPerClient;
    if (count > labels.length) {
      throw new FedtuneError(
        "config-conflict",
        `Cannot cut ${String(labels.length)} rows into ${String(clients)} x ${String(shardsPerClient)} shards: ` +
          "wanted at least one row per shard",
        { data: { rows: labels.length, clients, shardsPerClient } },
      );
    }
    const sorted = [...rowsByLabel(labels).values()].flatMap((rows) => rng.shuffle([...rows]));
    const shards = rng.shuffle(
      blocks(sorted, apportion(sorted.length, Array<number>(count).fill(1))),
    );
    return numbered(
      blocks(shards, Array<number>(clients).fill(shardsPerClient)).map((own) => own.flat()),
    );
  },
} as const satisfies Scheme<z.output<typeof options>>;
