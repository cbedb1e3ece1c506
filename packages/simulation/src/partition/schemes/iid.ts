import { z } from "zod";
import { apportion, blocks } from "../apportion.ts";
import { shuffledRows } from "../classes.ts";
import { numbered } from "../scheme.ts";
import type { Scheme } from "../scheme.ts";

const options = z.strictObject({});

/** Shuffles the rows and cuts them into equal parts: sizes differ by at most one. */
export const iid = {
  name: "iid",
  summary: "equal parts of the shuffled rows",
  source: null,
  options,
  movable: true,
  namesClients: false,
  deal: ({ labels }, { clients, rng }) => {
    const sizes = apportion(labels.length, Array<number>(clients).fill(1));
    return numbered(blocks(shuffledRows(labels.length, rng), sizes));
  },
} as const satisfies Scheme<z.output<typeof options>>;
