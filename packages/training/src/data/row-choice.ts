/** Which rows of a table a reference means, in references of every kind. */
import { z } from "zod";

/** Fields of a reference that choose rows. */
export const rowChoiceSchema = z.strictObject({
  /** Only rows whose column holds this value. */
  where: z
    .strictObject({ column: z.string().min(1), equals: z.string() })
    .nullable()
    .default(null),
  /** Only these rows, counted from 0 without a header; null: all. A partition of a simulation. */
  rows: z.array(z.int().min(0)).nullable().default(null),
  /** Only what is trained on, or only what is held out; null: everything. */
  holdout: z
    .strictObject({ fraction: z.number().gt(0).lt(1), part: z.enum(["train", "held-out"]) })
    .nullable()
    .default(null),
});

/** Resolved. */
export type RowChoice = z.output<typeof rowChoiceSchema>;
