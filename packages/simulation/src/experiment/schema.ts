/** The experiment file: one base config, what is varied over it, and the seeds. */
import { idPattern } from "@fedtune/core";
import { z } from "zod";

/** A field of the config by its path with dots, `method.name`. */
export const fieldPath = z
  .string()
  .regex(/^[A-Za-z]\w*(\.\w+)*$/, "names with dots between them, such as method.name");

/** What a field is set to: any value that JSON has. */
const settings = z.record(fieldPath, z.json());

const seeds = z.union([
  z.array(z.int().min(0).max(0xffffffff)).min(1),
  z.strictObject({
    first: z.int().min(0).default(1),
    count: z.int().min(1).max(1000),
  }),
]);

/** What the report is about. */
const reportSchema = z.strictObject({
  metric: z.string().min(1).default("accuracy").describe("the evaluation metric that is compared"),
  better: z.enum(["higher", "lower"]).default("higher").describe("which way of the metric is good"),
  at: z
    .enum(["last", "best"])
    .default("last")
    .describe("which evaluation of a cell stands for it: the last, or the best one"),
  compare: fieldPath
    .nullable()
    .default(null)
    .describe(
      "the field whose values are set side by side; null: the variants, or the grid's first field",
    ),
  targets: z
    .array(z.number())
    .default([])
    .describe("values of the metric: bytes, rounds, seconds and epsilon until each is reached"),
});

/** An experiment: cells are variants x grid x seeds, less what is excluded. */
export const experimentSchema = z.strictObject({
  name: z
    .string()
    .regex(idPattern, "letters, digits, - and _, at most 64")
    .describe("names the report and the folder"),
  description: z.string().default("").describe("the question, for the report"),
  preset: z.string().min(1).nullable().default(null).describe("a paper's setting, below the base"),
  base: z
    .record(z.string(), z.json())
    .default({})
    .describe("run config with its section `simulation`, as in a config of its own"),
  variants: z
    .array(z.strictObject({ name: z.string().min(1).max(60), set: settings.default({}) }))
    .default([])
    .describe("named sets of fields; each goes through the whole grid"),
  grid: z
    .record(fieldPath, z.array(z.json()).min(1))
    .default({})
    .describe("by field the values that it takes; every combination is a cell"),
  exclude: z
    .array(settings)
    .default([])
    .describe("combinations that are left out: all cells whose settings hold these values"),
  seeds: seeds.default({ first: 1, count: 3 }).describe("each cell is played once per seed"),
  report: reportSchema.prefault({}),
});

/** A parsed experiment. */
export type Experiment = z.output<typeof experimentSchema>;
/** Any value that JSON has. */
export type JsonValue = z.output<ReturnType<typeof z.json>>;
