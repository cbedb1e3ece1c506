import { imageDataSchema } from "@fedtune/training";
import { z } from "zod";
import { partitionSchema } from "./partition/registry.ts";
import { devicesSchema } from "./realism/config.ts";

/** What a simulation adds to a run config: where the data is and how it is dealt. */
export const simulationSchema = z.strictObject({
  data: z.string().min(1).describe("training data, dealt to the clients"),
  test: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe("evaluates the global adapter; not with federated evaluation"),
  text: z.string().min(1).default("text").describe("name of the text column"),
  textPair: z.string().min(1).nullable().default(null).describe("name of the second text's column"),
  label: z.string().min(1).default("label").describe("name of the label column"),
  prompt: z
    .string()
    .min(1)
    .default("prompt")
    .describe("causal-lm: name of the column that is read, where there is a completion"),
  completion: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe("causal-lm: name of the column to be predicted; null: the text column is"),
  messages: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe("causal-lm: name of a column of chats; what the assistant says is to be predicted"),
  columns: imageDataSchema.shape.columns.describe(
    "images: what each level of folders above a picture tells, or each byte before a record's pixels",
  ),
  recordSize: imageDataSchema.shape.recordSize.describe(
    "images in records: height, width and channels",
  ),
  clients: z
    .int()
    .positive()
    .nullable()
    .default(null)
    .describe("null: as many as the data names, or 4"),
  partition: partitionSchema,
  devices: devicesSchema.nullable().default(null),
  noiseCohort: z
    .int()
    .positive()
    .max(1e9)
    .nullable()
    .default(null)
    .describe(
      "user-level privacy: noise as for rounds of so many clients, where fewer are simulated; null: as for privacy.expectedCohort",
    ),
  sharePersonal: z
    .boolean()
    .default(false)
    .describe(
      "reproduces the released FedSA-LoRA code: one B and head, trained by one client after the other, instead of one per client",
    ),
});

/** A parsed simulation section. */
export type SimulationConfig = z.output<typeof simulationSchema>;
