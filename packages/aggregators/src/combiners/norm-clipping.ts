import { norm } from "@fedtune/core";
import type { ClosedRound, Combiner, MethodUpdate } from "@fedtune/core";
import { z } from "zod";

const config = z.strictObject({
  clipNorm: z
    .number()
    .positive()
    .default(1)
    .describe("largest Euclidean norm with which an update counts; longer ones are shortened"),
});

/** Options of norm clipping. */
export type NormClippingConfig = z.output<typeof config>;

/**
 * Shortens every update to a norm of at most M: x_k / max(1, ||x_k|| / M), weights as they are.
 *
 * Sun, Kairouz, Suresh, McMahan, "Can You Really Backdoor Federated Learning?", arXiv:1911.07963, section 4 (norm
 * thresholding of updates). A client of share p moves a mean by at most 2 p M, whatever it sends; it resists neither a
 * majority nor many who push the same way. Of a sparse update the values that travelled are meant. A multiple of an update
 * means the same in every gauge that the clients started from, so that every method may be clipped.
 *
 * Departs from the paper: no noise is added; privacy settings do that. One pass, memory of one update. Metrics:
 * `combinerClipped`, the share of the updates that were shortened.
 */
export const normClipping: Combiner<NormClippingConfig> = {
  name: "norm-clipping",
  summary: "Shortens long updates; the method weighs them as before",
  paper: {
    title: "Can You Really Backdoor Federated Learning?",
    id: "arXiv:1911.07963",
    equations: "section 4: norm thresholding, each update over max(1, its norm / M)",
  },
  config,
  claims: { compares: false, memory: "adapter" },
  leastUpdates: () => 1,
  liars: () => 0,
  combine({ clipNorm }, closed) {
    const seen = { updates: 0, clipped: 0 };
    const updates = () => clippedStream(closed, clipNorm, seen);
    const metrics = () => ({ combinerClipped: seen.clipped / Math.max(1, seen.updates) });
    return Promise.resolve({ closed: { ...closed, updates }, metrics });
  },
};

/** Counts every pass: the share stays the same. */
async function* clippedStream(
  closed: ClosedRound,
  clipNorm: number,
  seen: { updates: number; clipped: number },
): AsyncGenerator<MethodUpdate> {
  for await (const update of closed.updates()) {
    if (update.weight === 0) {
      yield update;
      continue;
    }
    const length = norm(update.delta);
    seen.updates += 1;
    if (length <= clipNorm) {
      yield update;
      continue;
    }
    seen.clipped += 1;
    yield { ...update, delta: update.delta.map((value) => (value / length) * clipNorm) };
  }
}
