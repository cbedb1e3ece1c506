/** What a client trains on and what it evaluates on. */
import type { DataRef } from "@fedtune/core";

/** References to a client's own examples. */
export interface OwnData {
  readonly training: DataRef;
  /** Null: it has nothing to evaluate on. */
  readonly evaluation: DataRef | null;
}

/**
 * Splits what a client has. Evaluation data of its own leaves all the rest to training; otherwise a share of the
 * examples, as the run says, is never trained on.
 */
export function ownData(
  data: DataRef,
  { evaluation, holdout }: { readonly evaluation: DataRef | null; readonly holdout: number },
): OwnData {
  if (evaluation !== null) return { training: data, evaluation };
  if (holdout === 0) return { training: data, evaluation: null };
  const part = (name: "train" | "held-out"): DataRef => ({
    ...data,
    holdout: { fraction: holdout, part: name },
  });
  return { training: part("train"), evaluation: part("held-out") };
}
