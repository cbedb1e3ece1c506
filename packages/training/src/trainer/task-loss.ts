/** The loss that a task trains on. */
import * as tf from "@tensorflow/tfjs";
import { FedtuneError } from "@fedtune/core";
import type { HostBatch } from "../data/batch.ts";
import { languageLoss } from "../layers/language-loss.ts";
import { crossEntropy } from "../layers/loss.ts";
import type { DeviceModel } from "../models/device.ts";
import { upperHidden, upperLogits } from "../models/forward.ts";
import type { Pass } from "../models/forward.ts";

/** How much each example counts. */
interface Weighted {
  readonly weight: number;
}

/**
 * Sum of the examples' losses times `weight`, from the hidden states below the gradient path.
 *
 * A language model's example has the mean over its own completion, so that examples count alike and one can be protected
 * by itself. (HuggingFace's mean is over all tokens of a batch.)
 *
 * @throws FedtuneError `model-invalid` for a language model without a language head
 */
export function batchLoss(
  lower: tf.Tensor2D,
  pass: Pass,
  { labels, completions, weight }: Pick<HostBatch, "labels" | "completions"> & Weighted,
): tf.Scalar {
  if (completions === null)
    return crossEntropy(upperLogits(lower, pass), tf.tensor1d(labels, "int32"), weight);
  const hidden = upperHidden(lower, pass);
  // Nothing to predict still is a loss with a gradient, which is zero.
  if (completions.rows.length === 0) return tf.mul(tf.sum(hidden), 0);
  const weights = completions.weights.map((share) => share * weight);
  return languageLoss(hidden, languageHeadOf(pass.model), { ...completions, weights });
}

/** What gives a model's logits over its vocabulary, for the current scope. @throws FedtuneError `model-invalid` */
export function languageHeadOf({ languageHead, config }: DeviceModel): tf.Tensor2D {
  if (languageHead !== null) return languageHead.whole();
  const message = `Cannot predict tokens with this base model: ${config.family} ${
    config.decoder === null
      ? "is an encoder"
      : "has no lm_head in its checkpoint, and its config.json does not tie it to the embeddings"
  }; wanted a causal language model`;
  throw new FedtuneError("model-invalid", message);
}
