/** The guarantee of a run as the server states it. */
import { formatPercent } from "@fedtune/figures";
import { z } from "zod";
import type { Ledger } from "./api-types.ts";

const sampling = z
  .union([
    z
      .object({ kind: z.literal("poisson"), samplingRate: z.number() })
      .transform(
        ({ samplingRate }) => `each on its own with probability ${formatPercent(samplingRate, 2)}`,
      ),
    z.object({ kind: z.literal("none") }).transform(() => "none is counted on"),
    z.looseObject({ kind: z.string() }).transform(({ kind }) => kind),
  ])
  .catch("not told");

const guarantee = z.object({
  unit: z.string().catch("not told"),
  relation: z.string().catch("not told"),
  sampling,
  noiseBy: z.string().catch("not told"),
  trusted: z.string().catch("not told"),
  released: z.array(z.string()).catch([]),
  clipNorm: z.number().catch(0),
  noiseMultiplier: z.number().nullable().catch(null),
  accountant: z
    .object({
      name: z.string(),
      parameters: z.record(z.string(), z.union([z.string(), z.number()])),
    })
    .catch({ name: "not told", parameters: {} }),
  arithmetic: z.string().catch("not told"),
  warnings: z.array(z.string()).catch([]),
});

/** A guarantee in the words of the page. */
export type Guarantee = z.output<typeof guarantee>;

/** Reads it; null where nothing is promised. A server of another version may say less. */
export function guaranteeOf(stated: Ledger["guarantee"]): Guarantee | null {
  return stated.mode === "none" ? null : guarantee.parse(stated);
}
