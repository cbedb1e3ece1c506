/** The forward pass of an adapted model, in two parts: below the lowest trained module, and from there on. */
import * as tf from "@tensorflow/tfjs";
import type { FactorRole } from "@fedtune/core";
import type { AdapterForward, AdapterScope, ModuleFactors } from "../adapters/forward.ts";
import { relu } from "../layers/activation.ts";
import { paddingMask } from "../layers/attention.ts";
import type { GradientCapture } from "../layers/capture.ts";
import type { InputBatch } from "../layers/embeddings.ts";
import { embed } from "../layers/embeddings.ts";
import { headLinear } from "../layers/head-linear.ts";
import { normalise } from "../layers/norm.ts";
import { rotaryAngles } from "../layers/rotary.ts";
import { normOf, project, runLayer } from "./block.ts";
import type { LayerContext } from "./block.ts";
import type { DeviceModel } from "./device.ts";
import type { HeadLayer } from "./family.ts";
import { moduleGroups } from "./parts.ts";
import { familyOf } from "./registry.ts";

/** An adapter's tensors, bound to the modules they change. */
export interface BoundAdapter {
  readonly forward: AdapterForward;
  readonly scope: AdapterScope;
  readonly scaling: number;
  /** Roles that get gradients. */
  readonly train: ReadonlySet<FactorRole>;
  readonly modules: ReadonlyMap<string, ModuleFactors>;
  /** Head factors by name: `<module>.weight` `[out, in]`, and `<module>.bias` `[out]` where there is one. */
  readonly head: ReadonlyMap<string, tf.Tensor>;
  readonly headLayers: readonly HeadLayer[];
}

/** How far up a pass may run without a gradient, and where gradients of inputs are wanted. */
export interface GradientPath {
  /** Layers below this one depend on nothing that is trained; `layers` when only pooler or head are. */
  readonly lowest: number;
  /** Modules whose input depends on something trained. */
  readonly throughInput: ReadonlySet<string>;
}

/** Finds the part of the model that gradients must pass. */
export function gradientPath(
  model: DeviceModel,
  adapter: Pick<BoundAdapter, "modules" | "train">,
): GradientPath {
  const family = familyOf(model.config);
  const trained = (name: string): boolean =>
    [...(adapter.modules.get(name)?.keys() ?? [])].some((role) => adapter.train.has(role));
  const throughInput = new Set<string>();
  const path = { lowest: model.config.layers, reached: false };
  const visit = (names: readonly string[]): void => {
    if (path.reached) for (const name of names) throughInput.add(name);
    path.reached ||= names.some(trained);
  };
  for (let index = 0; index < model.config.layers; index++) {
    for (const group of moduleGroups(family.layer(index))) visit(group);
    if (path.reached) path.lowest = Math.min(path.lowest, index);
  }
  if (family.pooler !== null) visit([family.pooler]);
  return { lowest: path.lowest, throughInput };
}

/** One pass over one batch. */
export interface Pass {
  readonly model: DeviceModel;
  readonly adapter: BoundAdapter;
  readonly path: GradientPath;
  readonly batch: InputBatch;
  /** Takes the gradients of trained factors per example, instead of the tape their sums. */
  readonly capture?: GradientCapture | undefined;
}

/** Hidden states below the gradient path, `[batch * length, hidden]`; run outside any tape. */
export function lowerHidden(pass: Pass): tf.Tensor2D {
  const span = { pass, from: 0, to: pass.path.lowest };
  return runLayers(embed(pass.batch, pass.model.embeddings), span);
}

/** Hidden states after the last layer and its norm, `[batch * length, hidden]`, from what {@link lowerHidden} gave. */
export function upperHidden(x: tf.Tensor2D, pass: Pass): tf.Tensor2D {
  return tf.tidy(() => {
    const last = runLayers(x, { pass, from: pass.path.lowest, to: pass.model.config.layers });
    return finallyNormalised(last, pass.model);
  });
}

function finallyNormalised(x: tf.Tensor2D, model: DeviceModel): tf.Tensor2D {
  const { finalNorm } = familyOf(model.config).outer;
  return finalNorm === null ? x : normalise(x, normOf(model, finalNorm));
}

/** Logits of a classification `[batch, labels]` from the hidden states that {@link lowerHidden} gave. */
export function upperLogits(x: tf.Tensor2D, pass: Pass): tf.Tensor2D {
  return tf.tidy(() => {
    const { pooling, config } = pass.model;
    const read = pooled(x, pass);
    const { pooler } = familyOf(config);
    const usesPooler = pooling === "pooler" && pooler !== null;
    return applyHead(usesPooler ? tf.tanh(project(read, pooler, pass)) : read, pass);
  });
}

/** Logits `[batch, labels]` without a gradient. */
export function logits(pass: Pass): tf.Tensor2D {
  return tf.tidy(() => upperLogits(lowerHidden(pass), pass));
}

function runLayers(
  x: tf.Tensor2D,
  span: { readonly pass: Pass; readonly from: number; readonly to: number },
): tf.Tensor2D {
  const { pass, from, to } = span;
  return tf.tidy(() => {
    const context = layerContext(pass);
    let hidden = x;
    for (let index = from; index < to; index++) {
      const input = hidden;
      hidden = tf.tidy(() => runLayer(input, index, context));
      if (input !== x) input.dispose();
    }
    return hidden;
  });
}

/** Mask or angles of a batch of whole texts; a decoder's tokens see no padding, which is at the end. */
function layerContext(pass: Pass): LayerContext {
  const { decoder } = pass.model.config;
  const { length, mask } = pass.batch;
  if (decoder === null) return { pass, mask: paddingMask(mask), angles: null };
  const { rotaryTheta: theta, headSize } = decoder;
  return {
    pass,
    mask: null,
    angles: theta === null ? null : rotaryAngles({ from: 0, length, headSize, theta }),
  };
}

/** One vector per example, `[batch, hidden]`, from the hidden states that {@link lowerHidden} gave. */
function pooled(x: tf.Tensor2D, pass: Pass): tf.Tensor2D {
  const { model, path } = pass;
  const { pooling, config } = model;
  if (pooling === "mean" || path.lowest === config.layers)
    return tokensRead(upperHidden(x, pass), pass);
  // One token of each example is read: nothing else needs the last layer's output and feed-forward.
  const last = config.layers - 1;
  const below = runLayers(x, { pass, from: path.lowest, to: last });
  const pick = (rows: tf.Tensor2D): tf.Tensor2D => tokensRead(rows, pass);
  return finallyNormalised(runLayer(below, last, { ...layerContext(pass), pick }), model);
}

/** What the pooling reads of rows `[batch * length, width]`: `[batch, width]`. */
function tokensRead(rows: tf.Tensor2D, { model, batch: input }: Pass): tf.Tensor2D {
  const { batch, length, mask } = input;
  const tokens = tf.reshape(rows, [batch, length, rows.shape[1]]);
  if (model.pooling === "mean" || model.pooling === "last") {
    const weights = model.pooling === "mean" ? tf.div(mask, tf.sum(mask, 1, true)) : lastOf(mask);
    return tf.sum(tf.mul(tokens, tf.expandDims(weights, 2)), 1);
  }
  return tf.reshape(tf.slice(tokens, [0, 0, 0], [batch, 1, -1]), [batch, -1]);
}

/** 1 at each row's last token, `[batch, length]`; padding is at the end. */
function lastOf(mask: tf.Tensor2D): tf.Tensor2D {
  const [batch, length] = mask.shape;
  const next = tf.slice(mask, [0, 1], [batch, length - 1]);
  return tf.sub(mask, tf.concat2d([next, tf.zeros([batch, 1])], 1));
}

function applyHead(pooled: tf.Tensor2D, { adapter, capture }: Pass): tf.Tensor2D {
  const { head, headLayers, train } = adapter;
  return headLayers.reduce((x, { module, activation, bias: hasBias }) => {
    const weight = head.get(`${module}.weight`) as tf.Tensor2D | undefined;
    const bias = head.get(`${module}.bias`) as tf.Tensor1D | undefined;
    if (weight === undefined || (hasBias && bias === undefined))
      throw new RangeError(`Cannot apply head layer "${module}": a factor is missing`);
    const isTrained = train.has("head");
    const y = headLinear(x, { weight, bias: bias ?? null, isTrained, capture });
    if (activation === "tanh") return tf.tanh(y);
    return activation === "relu" ? relu(y) : y;
  }, pooled);
}
