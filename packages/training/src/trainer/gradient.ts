/** One gradient of the task's loss: a pass forward, a pass back, one read from the device. */
import * as tf from "@tensorflow/tfjs";
import type { Example, HostBatch } from "../data/batch.ts";
import { padBatch } from "../data/batch.ts";
import { imageBatch } from "../data/image-batch.ts";
import type { InputBatch } from "../layers/embeddings.ts";
import { openCapture } from "../layers/capture.ts";
import { tokenLosses } from "../layers/language-loss.ts";
import type { DeviceModel } from "../models/device.ts";
import { maxTokens } from "../models/family.ts";
import type { BoundAdapter, Pass } from "../models/forward.ts";
import { gradientPath, logits, lowerHidden, upperHidden } from "../models/forward.ts";
import type { Binding } from "./binding.ts";
import { readOnce } from "./device-reads.ts";
import type { ReadTensor } from "./device-reads.ts";
import { batchLoss, languageHeadOf } from "./task-loss.ts";

/** Loss of a micro-batch and its gradient over the trained factors, packed in layout order. */
export interface LossGradient {
  /** Sum of the examples' losses times the weight. */
  readonly loss: number;
  readonly gradient: Float32Array;
}

/** What one pass needs beside its values. */
export interface GradientJob {
  readonly model: DeviceModel;
  readonly binding: Binding;
  readonly batch: HostBatch;
  /** How results come from the device; default: nobody cancels. */
  readonly read?: ReadTensor | undefined;
}

/**
 * Loss and gradient at `values` `[layout.size]`; each example counts `weight`.
 *
 * Everything below the lowest trained module runs outside the tape. No tensor outlives the call.
 */
export async function lossAndGradient(
  job: GradientJob,
  values: Float32Array,
  weight: number,
): Promise<LossGradient> {
  const packed = thereAndBack(() => {
    const { adapter, inputs } = job.binding.bind(values);
    const pass = passOf(job.model, adapter, job.batch);
    const lower = lowerHidden(pass);
    const { value, grads } = tf.valueAndGrads(() =>
      batchLoss(lower, pass, { ...job.batch, weight }),
    )(inputs);
    const parts = [value, ...grads].map((part): tf.Tensor1D => tf.reshape(part, [-1]));
    return tf.concat1d(parts);
  });
  const numbers = (await readerOf(job)(packed)) as Float32Array;
  return { loss: numbers[0] ?? Number.NaN, gradient: numbers.subarray(1) };
}

/** Gradients of a batch, example by example. */
export interface ExampleGradients {
  /** Sum of the examples' losses. */
  readonly loss: number;
  /** Per example the gradient of its own loss, packed in layout order; views of one array. */
  readonly gradients: readonly Float32Array[];
}

/**
 * The gradient of every example's own loss at `values` `[layout.size]`, from one pass forward and one back.
 *
 * All gradients are read at once: clipping and adding on the host is float64, exact in what one example can change, and
 * takes a few per mille of the pass.
 *
 * @throws RangeError when a trained layer gives no gradients per example
 */
export async function exampleGradients(
  job: GradientJob,
  values: Float32Array,
): Promise<ExampleGradients> {
  const { batch } = job.batch;
  const [total, rows] = thereAndBack(() => capturedRows(job, values));
  const read = readerOf(job);
  const [loss, flat] = await Promise.all([read(total), read(rows)]);
  const size = flat.length / batch;
  return {
    loss: loss[0] ?? Number.NaN,
    gradients: Array.from({ length: batch }, (_, row) =>
      (flat as Float32Array).subarray(row * size, (row + 1) * size),
    ),
  };
}

/** A tidy around a pass forward and back of which nothing stays when it fails. */
function thereAndBack<T extends tf.TensorContainer>(pass: () => T): T {
  try {
    return tf.tidy(pass);
  } catch (error) {
    forgetTape();
    throw error;
  }
}

/** TensorFlow.js gives back what a pass keeps for its way back only when the pass ends well. */
function forgetTape(): void {
  const { state } = tf.engine();
  // Null between passes, whatever its type says.
  const tape = state.activeTape as typeof state.activeTape | null;
  for (const { saved } of tape ?? []) tf.dispose(saved ?? []);
  state.activeTape = [];
}

/** The summed loss, and the gradients as `[batch, trained values]`. */
function capturedRows(job: GradientJob, values: Float32Array): [tf.Tensor, tf.Tensor] {
  const { adapter, inputs } = job.binding.bind(values);
  const capture = openCapture(job.batch.batch);
  try {
    const pass = { ...passOf(job.model, adapter, job.batch), capture };
    const lower = lowerHidden(pass);
    const { value } = tf.valueAndGrads(() => batchLoss(lower, pass, { ...job.batch, weight: 1 }))(
      inputs,
    );
    return [
      value,
      tf.concat2d(
        inputs.map((input) => capture.rows(input)),
        1,
      ),
    ];
  } finally {
    capture.dispose();
  }
}

/** Logits `[batch * labels]`, row-major, at `values`. */
export async function batchLogits(job: GradientJob, values: Float32Array): Promise<Float32Array> {
  const packed = tf.tidy(() =>
    logits(passOf(job.model, job.binding.bind(values).adapter, job.batch)),
  );
  return (await readerOf(job)(packed)) as Float32Array;
}

/** Of each token that is to be predicted its loss, and whether it is the likeliest. */
export interface TokenScores {
  readonly losses: Float32Array;
  /** 1 or 0. */
  readonly hits: Float32Array;
}

/** Scores of the batch's completions, in their order, at `values`. */
export async function batchTokens(job: GradientJob, values: Float32Array): Promise<TokenScores> {
  const { completions } = job.batch;
  if (completions === null || completions.rows.length === 0)
    return { losses: new Float32Array(), hits: new Float32Array() };
  const packed = tf.tidy(() => {
    const pass = passOf(job.model, job.binding.bind(values).adapter, job.batch);
    const hidden = upperHidden(lowerHidden(pass), pass);
    const { losses, hits } = tokenLosses(hidden, languageHeadOf(job.model), completions);
    return tf.concat1d([losses, hits]);
  });
  const numbers = (await readerOf(job)(packed)) as Float32Array;
  const half = completions.rows.length;
  return { losses: numbers.subarray(0, half), hits: numbers.subarray(half) };
}

function readerOf({ read = readOnce }: GradientJob): ReadTensor {
  return read;
}

function passOf(model: DeviceModel, adapter: BoundAdapter, batch: HostBatch): Pass {
  return { model, adapter, path: gradientPath(model, adapter), batch: uploadBatch(batch) };
}

/** A host batch as tensors of the current scope. */
function uploadBatch(host: HostBatch): InputBatch {
  const { batch, length } = host;
  if ("patches" in host) {
    const { patches } = host;
    const rows = batch * (length - 1);
    return {
      ...{ kind: "patches", batch, length, mask: tf.ones([batch, length]) },
      patches: tf.tensor2d(patches, [rows, patches.length / rows]),
    };
  }
  const { ids, types, mask } = host;
  return {
    ...{ kind: "words", batch, length },
    ids: tf.tensor1d(ids, "int32"),
    hostIds: ids,
    types: tf.tensor1d(types, "int32"),
    mask: tf.tensor2d(mask, [batch, length]),
  };
}

/** Examples as a batch that the model takes. @throws RangeError for texts in a model of images, or the other way round */
export function paddedFor({ config }: DeviceModel, part: readonly Example[]): HostBatch {
  const { image, padId } = config;
  const texts = part.filter((example) => "ids" in example);
  const images = part.filter((example) => "pixels" in example);
  if (image === null && images.length === 0)
    return padBatch(texts, { padId, maxTokens: maxTokens(config), multiple: lengthMultiple() });
  if (image !== null && texts.length === 0) return imageBatch(images, image);
  throw new RangeError(`Cannot make a batch for a model of family "${config.family}"`);
}

/** Graphics cards compile a program for each shape; on processors every place of padding is computed for nothing. */
function lengthMultiple(): number {
  return ["webgl", "webgpu"].includes(tf.getBackend()) ? 8 : 1;
}
