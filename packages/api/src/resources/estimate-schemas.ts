/** What the API tells of a run that is not made yet. */
import { z } from "zod";
import { byteCount, count } from "../fields.ts";

/** What would repair a problem. */
const fix = z.object({
  label: z.string().describe("for a button: Set 1.04"),
  path: z.string().describe("the field that is set"),
  value: z.unknown(),
  removes: z.string().nullable().describe("a field that is taken away, for example a misspelt one"),
});

/** One thing that is wrong with a config. */
const problem = z
  .object({
    path: z.string().describe("of the field, with dots; empty: of the whole config"),
    message: z.string().describe("the field, its value, what was wanted"),
    value: z.unknown().describe("as it is; null: it is missing"),
    wanted: z.string(),
    fix: fix.nullable(),
  })
  .meta({ id: "ConfigProblem" });

const perRound = z.object({
  up: byteCount.describe("a client's update, headers included; of a sparse one at most"),
  down: byteCount.describe("what a client fetches that holds the adapter of the round before"),
});

/** Bytes of adapters; control messages are some kilobytes besides. */
const bytes = z.object({
  perRound,
  perClient: perRound.describe("in the whole run, by a client that takes part in every round"),
  perRun: perRound.describe("by all clients together"),
  snapshot: byteCount.describe("what a client fetches that holds nothing"),
  dense: perRound.describe("per round and client, by plain averaging of a LoRA of the same rank"),
});

const epsilon = z.object({
  unit: z.enum(["example", "user"]).describe("what is protected: an example, or all of a client"),
  delta: z.number(),
  atEnd: z.number().describe("of a unit that takes part in every round"),
  limit: z.number().nullable().describe("the target or budget; null: none is set"),
  noiseMultiplier: z.number(),
  leastNoiseMultiplier: z
    .number()
    .nullable()
    .describe("the least that keeps the whole run within the limit; null: no limit"),
  exceededAfter: count
    .nullable()
    .describe("the last round within the limit; null: it is kept, or there is none"),
  curve: z
    .array(z.tuple([count, z.number()]))
    .max(60)
    .describe("round and epsilon spent after it"),
});

/** What a run would cost. */
const cost = z
  .object({
    rounds: count,
    cohort: count.describe(
      "clients that are asked in a round, when just as many are there as must be",
    ),
    numbers: z.object({
      adapter: count.describe("numbers of the adapter"),
      trained: count,
      uploaded: count.describe("in a round; of a sparse update at most"),
      kept: count.describe("that never leave a client"),
    }),
    bytes,
    adapterBytes: byteCount.describe("of a saved adapter"),
    memory: z.object({
      client: byteCount.describe("a rough estimate: base model, gradients, one batch"),
      coordinator: byteCount.describe(
        "a rough estimate: the model's state and one round's updates",
      ),
    }),
    epsilon: epsilon.nullable().describe("null: nothing is promised"),
  })
  .meta({ id: "RunCost" });

/** What is wrong with a config, and what its run would cost. */
export const estimate = z
  .object({
    problems: z.array(problem),
    config: z
      .record(z.string(), z.unknown())
      .nullable()
      .describe("as it is resolved; null: it has problems"),
    cost: cost.nullable().describe("null: it cannot be told with such problems"),
  })
  .meta({ id: "Estimate" });
