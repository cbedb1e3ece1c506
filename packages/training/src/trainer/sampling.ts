/** Choosing the next token from logits. */
import { parseInput } from "@fedtune/core";
import { z } from "zod";

/** How tokens are chosen, under the names of HuggingFace's GenerationConfig. */
export const samplingSchema = z.strictObject({
  /** 0 takes the likeliest token always. */
  temperature: z.number().min(0).max(100).default(1),
  /** Only so many of the likeliest; null: all. */
  topK: z.int().positive().nullable().default(null),
  /** Only the likeliest that together have this probability (Holtzman et al., arXiv 1904.09751); 1: all. */
  topP: z.number().gt(0).max(1).default(1),
});

/** Resolved settings. */
export type Sampling = z.output<typeof samplingSchema>;

/** Reads settings. @throws FedtuneError `config-invalid` */
export function parseSampling(input: z.input<typeof samplingSchema>): Sampling {
  return parseInput(samplingSchema, input, { what: "how tokens are chosen" });
}

/**
 * The id of the next token.
 *
 * The temperature comes first, then `topK`, then `topP` of what is left, as in HuggingFace's warpers; ties go to the
 * lower id.
 *
 * @param uniform a number in [0, 1)
 */
export function chooseToken(
  logits: Float32Array,
  { temperature, topK, topP }: Sampling,
  uniform: number,
): number {
  const order = Array.from(logits.keys()).sort(
    (a, b) => (logits[b] ?? 0) - (logits[a] ?? 0) || a - b,
  );
  const [best = 0] = order;
  if (temperature === 0) return best;
  const largest = logits[best] ?? 0;
  const kept = order.slice(0, topK ?? order.length);
  const weights = kept.map((id) => Math.exp(((logits[id] ?? 0) - largest) / temperature));
  const nucleus = nucleusSize(weights, topP);
  const total = weights.slice(0, nucleus).reduce((sum, weight) => sum + weight, 0);
  let left = uniform * total;
  for (let place = 0; place < nucleus; place++) {
    left -= weights[place] ?? 0;
    if (left < 0) return kept[place] ?? best;
  }
  return kept[nucleus - 1] ?? best;
}

/** The fewest of the sorted weights that have the share; at least one. */
function nucleusSize(weights: readonly number[], share: number): number {
  if (share === 1) return weights.length;
  const wanted = share * weights.reduce((sum, weight) => sum + weight, 0);
  let sum = 0;
  const last = weights.findIndex((weight) => (sum += weight) >= wanted);
  return last === -1 ? weights.length : last + 1;
}
