/** One transformer layer of an adapted model. */
import * as tf from "@tensorflow/tfjs";
import { activate, gated } from "../layers/activation.ts";
import { attention } from "../layers/attention.ts";
import { applyLinear } from "../layers/linear.ts";
import type { FrozenLinear } from "../layers/linear.ts";
import { normalise } from "../layers/norm.ts";
import type { FrozenAnyNorm } from "../layers/norm.ts";
import { rotate } from "../layers/rotary.ts";
import type { RotaryAngles } from "../layers/rotary.ts";
import type { DeviceModel } from "./device.ts";
import type { LayerParts } from "./family.ts";
import type { Pass } from "./forward.ts";
import { attentionWidths } from "./parts.ts";
import { familyOf } from "./registry.ts";

/** What all layers of a pass share. */
export interface LayerContext {
  readonly pass: Pass;
  /** Added to the scores of attention, where padding is seen without it. */
  readonly mask: tf.Tensor4D | null;
  /** Null: positions are in the embeddings. */
  readonly angles: RotaryAngles | null;
}

/** Queries, keys and values of one layer, `[batch * length, width]`, turned by their positions. */
export interface Projected {
  readonly q: tf.Tensor2D;
  readonly k: tf.Tensor2D;
  readonly v: tf.Tensor2D;
}

/** How a layer attends: over its own keys and values, or over more that were kept. */
export type Attend = (projected: Projected) => tf.Tensor2D;

/** What may be other than usual about a layer. */
export interface LayerUse {
  readonly attend?: Attend;
  /** Rows of `[batch * length, width]` that are wanted of the layer; the others are not computed past attention. */
  readonly pick?: (rows: tf.Tensor2D) => tf.Tensor2D;
}

/** Layer `index` for x `[batch * length, hidden]`; all of its rows, or those that are picked. */
export function runLayer(
  x: tf.Tensor2D,
  index: number,
  context: LayerContext & LayerUse,
): tf.Tensor2D {
  const { pass, attend = attendWithin(context), pick = all } = context;
  const { model } = pass;
  const parts = familyOf(model.config).layer(index);
  const attentionNorm = normOf(model, parts.attentionNorm);
  const feedForwardNorm = normOf(model, parts.feedForwardNorm);
  const attended = (input: tf.Tensor2D): tf.Tensor2D =>
    project(pick(attend(projectAll(input, parts, context))), parts.attentionOutput, pass);
  if (parts.order === "norm-first") {
    const middle = tf.add<tf.Tensor2D>(pick(x), attended(normalise(x, attentionNorm)));
    return tf.add(middle, feedForward(normalise(middle, feedForwardNorm), parts, pass));
  }
  const middle = normalise(attended(x), attentionNorm, pick(x));
  return normalise(feedForward(middle, parts, pass), feedForwardNorm, middle);
}

const all = (rows: tf.Tensor2D): tf.Tensor2D => rows;

function attendWithin({ pass, mask }: LayerContext): Attend {
  const { batch, length } = pass.batch;
  const { heads, decoder } = pass.model.config;
  const shape = {
    ...{ batch, length, heads, keyValueHeads: decoder?.keyValueHeads ?? heads },
    ...(mask === null ? {} : { mask }),
    causal: decoder !== null,
  };
  return ({ q, k, v }) => attention(q, k, { v, ...shape });
}

function projectAll(
  x: tf.Tensor2D,
  { attention: names }: LayerParts,
  { pass, angles }: LayerContext,
): Projected {
  const { config } = pass.model;
  const [q, k, v] =
    names.kind === "fused"
      ? thirds(project(x, names.module, pass), attentionWidths(config))
      : [project(x, names.query, pass), project(x, names.key, pass), project(x, names.value, pass)];
  if (angles === null) return { q, k, v };
  const { batch, length } = pass.batch;
  const keyHeads = config.decoder?.keyValueHeads ?? config.heads;
  return {
    q: rotate(q, angles, { batch, length, heads: config.heads }),
    k: rotate(k, angles, { batch, length, heads: keyHeads }),
    v,
  };
}

function thirds(
  x: tf.Tensor2D,
  { query, key }: { readonly query: number; readonly key: number },
): [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D] {
  return tf.split<tf.Tensor2D>(x, [query, key, key], 1) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
}

function feedForward(x: tf.Tensor2D, { feedForward: names }: LayerParts, pass: Pass): tf.Tensor2D {
  const { activation } = pass.model.config;
  if (names.kind === "plain") {
    return project(activate(project(x, names.inner, pass), activation), names.outer, pass);
  }
  const gate = activate(project(x, names.gate, pass), activation);
  return project(gated(gate, project(x, names.up, pass)), names.down, pass);
}

/** A linear module of the base, adapted if the adapter has factors for it. */
export function project(
  x: tf.Tensor2D,
  name: string,
  { model, adapter, path, capture }: Pass,
): tf.Tensor2D {
  const base = linearOf(model, name);
  const factors = adapter.modules.get(name);
  if (factors === undefined) return applyLinear(x, base);
  const { scaling, scope, train } = adapter;
  return adapter.forward.apply(x, {
    ...{ base, factors, scope, scaling, train, capture },
    needsInputGradient: path.throughInput.has(name),
  });
}

function linearOf(model: DeviceModel, name: string): FrozenLinear {
  const found = model.linears.get(name);
  if (found === undefined)
    throw new RangeError(`Cannot find linear module "${name}" in the base model`);
  return found;
}

/** A norm of the base by its path. */
export function normOf(model: DeviceModel, name: string): FrozenAnyNorm {
  const found = model.norms.get(name);
  if (found === undefined) throw new RangeError(`Cannot find norm "${name}" in the base model`);
  return found;
}
