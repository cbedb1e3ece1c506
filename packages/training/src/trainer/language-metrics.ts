/** Metrics of a language model, added up batch by batch. */
import type { Metrics } from "@fedtune/core";
import type { TokenScores } from "./gradient.ts";

/** Totals so far. */
export interface LanguageMetrics {
  add(scores: TokenScores, examples: number): void;
  /** `loss` (nats, mean over predicted tokens), `perplexity`, `tokenAccuracy`, `tokens`, `examples`. */
  metrics(): Metrics;
}

/** Starts with nothing; sums are float64. */
export function openLanguageMetrics(): LanguageMetrics {
  const total = { loss: 0, hits: 0, tokens: 0, examples: 0 };
  return {
    add({ losses, hits }, examples) {
      total.loss += sum(losses);
      total.hits += sum(hits);
      total.tokens += losses.length;
      total.examples += examples;
    },
    metrics() {
      const { tokens, examples } = total;
      const loss = total.loss / tokens;
      const tokenAccuracy = total.hits / tokens;
      return { loss, perplexity: Math.exp(loss), tokenAccuracy, tokens, examples };
    },
  };
}

function sum(values: Float32Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
