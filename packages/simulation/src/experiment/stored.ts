/** The files of an experiment's folder as schemas: what is read back is checked like any other input. */
import { digestPattern } from "@fedtune/core";
import { z } from "zod";
import type { ReportRow } from "../report.ts";
import type { Cell, CellResult } from "./result.ts";
import { experimentSchema } from "./schema.ts";

const hash = z.string().regex(digestPattern);
/** JSON has no word for a number that is not finite: null stands for it. */
const figure = z
  .number()
  .nullable()
  .transform((value) => value ?? Number.NaN);
const figures = z.record(z.string(), figure);
const count = z.int().min(0);

const traffic = z.looseObject({
  bytesUp: count,
  bytesDown: count,
  controlBytesUp: count,
  controlBytesDown: count,
});

const row = z.looseObject({
  round: count,
  evaluation: figures.nullable(),
  training: figures.nullable(),
  method: figures,
  aggregationError: z
    .looseObject({
      total: z.number().nullable(),
      reason: z.string().nullable(),
      standardError: z.number().nullable(),
      modules: figures,
    })
    .nullable(),
  sampled: count,
  accepted: count,
  refusals: z.record(z.string(), count),
  declined: count,
  gone: count,
  ...traffic.shape,
  evaluationTraffic: traffic.nullable(),
  seconds: z.number().min(0),
  epsilon: z.number().nullable(),
});

/** What a cell is, beside what became of it. */
const cell = z.strictObject({
  hash,
  variant: z.string().nullable(),
  settings: z.record(z.string(), z.json()),
  seed: count,
  config: z.record(z.string(), z.json()),
});

const shares = z.strictObject({
  rows: count,
  clients: z.array(z.strictObject({ name: z.string(), rows: count, perLabel: z.array(count) })),
});

const result = cell.extend({
  status: z.enum(["completed", "failed"]),
  failure: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
  configHash: hash.nullable(),
  adapterHash: hash.nullable(),
  rows: z.array(row as unknown as z.ZodType<ReportRow>),
  shares: shares.nullable(),
  clients: z.array(z.strictObject({ name: z.string(), examples: z.number(), metrics: figures })),
});

/** A cell as it goes to another machine. */
export const cellSchema: z.ZodType<Cell> = cell;

/** A file `cells/<hash>.json`. */
export const cellResultSchema: z.ZodType<CellResult> = result;

/** The file `experiment.json`: what was played, and the order of the cells. */
export const experimentRecordSchema = z.strictObject({
  experiment: experimentSchema,
  version: z.string(),
  engine: z.string(),
  command: z.string(),
  cells: z.array(cell.omit({ config: true })),
});

/** A parsed `experiment.json`. */
export type ExperimentRecord = z.output<typeof experimentRecordSchema>;
