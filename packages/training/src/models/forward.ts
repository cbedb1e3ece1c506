/** The forward pass of an adapted encoder, in two parts: below the lowest trained module, and from there on. */
import * as tf from "@tensorflow/tfjs";
import type { FactorRole } from "@fedtune/core";
import type { AdapterForward, AdapterScope, ModuleFactors } from "../adapters/forward.ts";
import { activate, relu } from "../layers/activation.ts";
import { attention } from "../layers/attention.ts";
import type { GradientCapture } from "../layers/capture.ts";
import type { TokenBatch } from "../layers/embeddings.ts";
import { embed } from "../layers/embeddings.ts";
import { headLinear } from "../layers/head-linear.ts";
import type { FrozenNorm } from "../layers/layer-norm.ts";
import { layerNorm } from "../layers/layer-norm.ts";
import type { FrozenLinear } from "../layers/linear.ts";
import { applyLinear } from "../layers/linear.ts";
import type { DeviceModel } from "./device.ts";
import type { HeadLayer, LayerNames } from "./family.ts";
import { familyOf } from "./registry.ts";

/** An adapter's tensors, bound to the modules they change. */
export interface BoundAdapter {
  readonly forward: AdapterForward;
  readonly scope: AdapterScope;
  readonly scaling: number;
  /** Roles that get gradients. */
  readonly train: ReadonlySet<FactorRole>;
  readonly modules: ReadonlyMap<string, ModuleFactors>;
  /** Head factors by name: `<module>.weight` `[out, in]`, `<module>.bias` `[out]`. */
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

/** Finds the part of the encoder that gradients must pass. */
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
    for (const group of inOrder(family.layer(index))) visit(group);
    if (path.reached) path.lowest = Math.min(path.lowest, index);
  }
  if (family.pooler !== null) visit([family.pooler]);
  return { lowest: path.lowest, throughInput };
}

/** A layer's linear modules in the order in which data passes them; those of one group see the same input. */
function inOrder(names: LayerNames): readonly (readonly string[])[] {
  const first = [names.query, names.key, names.value];
  return [first, [names.attentionOutput], [names.intermediate], [names.output]];
}

/** One pass over one batch. */
export interface Pass {
  readonly model: DeviceModel;
  readonly adapter: BoundAdapter;
  readonly path: GradientPath;
  readonly batch: TokenBatch;
  /** Takes the gradients of trained factors per example, instead of the tape their sums. */
  readonly capture?: GradientCapture | undefined;
}

/** Hidden states below the gradient path, `[batch * length, hidden]`; run outside any tape. */
export function lowerHidden(pass: Pass): tf.Tensor2D {
  return runLayers(embed(pass.batch, pass.model.embeddings), {
    pass,
    from: 0,
    to: pass.path.lowest,
  });
}

/** Logits `[batch, labels]` from the hidden states that {@link lowerHidden} gave. */
export function upperLogits(x: tf.Tensor2D, pass: Pass): tf.Tensor2D {
  return tf.tidy(() => {
    const last = runLayers(x, { pass, from: pass.path.lowest, to: pass.model.config.layers });
    return applyHead(pool(last, pass), pass);
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
    const mask = additiveMask(pass.batch);
    let hidden = x;
    for (let index = from; index < to; index++) {
      const input = hidden;
      hidden = tf.tidy(() => runLayer(input, { pass, index, mask }));
      if (input !== x) input.dispose();
    }
    return hidden;
  });
}

/** 0 for tokens, -1e9 for padding, `[batch, 1, 1, length]`. */
function additiveMask({ mask, batch, length }: TokenBatch): tf.Tensor4D {
  return tf.reshape(tf.mul(tf.sub(mask, 1), 1e9), [batch, 1, 1, length]);
}

/** One post-norm transformer layer. */
function runLayer(
  x: tf.Tensor2D,
  at: { readonly pass: Pass; readonly index: number; readonly mask: tf.Tensor4D },
): tf.Tensor2D {
  const { pass, index, mask } = at;
  const { config } = pass.model;
  const names = familyOf(config).layer(index);
  const shape = { batch: pass.batch.batch, length: pass.batch.length, heads: config.heads, mask };
  const attended = attention(project(x, names.query, pass), project(x, names.key, pass), {
    v: project(x, names.value, pass),
    ...shape,
  });
  const middle = layerNorm(
    project(attended, names.attentionOutput, pass),
    normOf(pass.model, names.attentionNorm),
    x,
  );
  const inner = activate(project(middle, names.intermediate, pass), config.activation);
  return layerNorm(
    project(inner, names.output, pass),
    normOf(pass.model, names.outputNorm),
    middle,
  );
}

/** A linear module of the base, adapted if the adapter has factors for it. */
function project(
  x: tf.Tensor2D,
  name: string,
  { model, adapter, path, capture }: Pass,
): tf.Tensor2D {
  const base = linearOf(model, name);
  const factors = adapter.modules.get(name);
  if (factors === undefined) return applyLinear(x, base);
  const { scaling, scope, train } = adapter;
  return adapter.forward.apply(x, {
    base,
    factors,
    scope,
    scaling,
    train,
    needsInputGradient: path.throughInput.has(name),
    capture,
  });
}

/** One vector per example, `[batch, hidden]`. */
function pool(hidden: tf.Tensor2D, pass: Pass): tf.Tensor2D {
  const { batch, length, mask } = pass.batch;
  const tokens = tf.reshape(hidden, [batch, length, pass.model.config.hiddenSize]);
  if (pass.model.pooling === "mean") {
    const weights = tf.div(mask, tf.sum(mask, 1, true));
    return tf.sum(tf.mul(tokens, tf.expandDims(weights, 2)), 1);
  }
  const first: tf.Tensor2D = tf.reshape(tf.slice(tokens, [0, 0, 0], [batch, 1, -1]), [batch, -1]);
  const { pooler } = familyOf(pass.model.config);
  return pass.model.pooling === "pooler" && pooler !== null
    ? tf.tanh(project(first, pooler, pass))
    : first;
}

function applyHead(pooled: tf.Tensor2D, { adapter, capture }: Pass): tf.Tensor2D {
  const { head, headLayers, train } = adapter;
  return headLayers.reduce((x, { module, activation }) => {
    const weight = head.get(`${module}.weight`) as tf.Tensor2D | undefined;
    const bias = head.get(`${module}.bias`) as tf.Tensor1D | undefined;
    if (weight === undefined || bias === undefined)
      throw new RangeError(`Cannot apply head layer "${module}": a factor is missing`);
    const y = headLinear(x, { weight, bias, isTrained: train.has("head"), capture });
    if (activation === "tanh") return tf.tanh(y);
    return activation === "relu" ? relu(y) : y;
  }, pooled);
}

function linearOf(model: DeviceModel, name: string): FrozenLinear {
  const found = model.linears.get(name);
  if (found === undefined)
    throw new RangeError(`Cannot find linear module "${name}" in the base model`);
  return found;
}

function normOf(model: DeviceModel, name: string): FrozenNorm {
  const found = model.norms.get(name);
  if (found === undefined)
    throw new RangeError(`Cannot find layer norm "${name}" in the base model`);
  return found;
}
