/** A decoder that reads a text once and goes on with it token by token: keys and values of what was read are kept. */
import * as tf from "@tensorflow/tfjs";
import { FedtuneError } from "@fedtune/core";
import { embed } from "../layers/embeddings.ts";
import { normalise } from "../layers/norm.ts";
import { rotaryAngles } from "../layers/rotary.ts";
import { normOf, runLayer } from "./block.ts";
import type { Projected } from "./block.ts";
import type { DeviceModel } from "./device.ts";
import { maxTokens } from "./family.ts";
import type { BoundAdapter, Pass } from "./forward.ts";
import { familyOf } from "./registry.ts";

/** A text that is being read and written. */
export interface Decoding {
  /** Tokens read so far. */
  readonly length: number;
  /**
   * Reads more tokens and gives the logits of the next one, `[vocabulary]`; the caller disposes them.
   *
   * @throws FedtuneError `data-invalid` for more tokens than the model has positions
   */
  read(ids: Int32Array): tf.Tensor1D;
  dispose(): void;
}

/** Keys and values of one layer, `[keyValueHeads, tokens, headSize]` each. */
interface Kept {
  readonly k: tf.Tensor3D;
  readonly v: tf.Tensor3D;
}

/** What is decoded with. */
export interface DecodingParts {
  readonly model: DeviceModel;
  readonly adapter: BoundAdapter;
  /** `[vocabulary, hidden]`, for the current scope. */
  readonly languageHead: () => tf.Tensor2D;
}

/** Starts with no token; the caller disposes it. Memory grows with the text, by 2 layers keyValueHeads headSize numbers a token. */
export function openDecoding({ model, adapter, languageHead }: DecodingParts): Decoding {
  const { config } = model;
  const layers: (Kept | null)[] = Array.from({ length: config.layers }, () => null);
  const most = maxTokens(config);
  let length = 0;
  return {
    get length() {
      return length;
    },
    read(ids) {
      if (length + ids.length > most) {
        const message = `Cannot read ${length + ids.length} tokens: the base model has ${most} positions`;
        throw new FedtuneError("data-invalid", message, { data: { most } });
      }
      const logits = tf.tidy(() => {
        const pass = passOf(model, adapter, ids);
        const angles = anglesOf(model, { from: length, length: ids.length });
        let hidden = embed(pass.batch, model.embeddings, length);
        for (let index = 0; index < config.layers; index++) {
          hidden = runLayer(hidden, index, {
            ...{ pass, angles, mask: null },
            attend: (projected) => {
              const { output, kept } = attendOver(projected, layers[index] ?? null, model);
              tf.dispose(Object.values(layers[index] ?? {}));
              layers[index] = { k: tf.keep(kept.k), v: tf.keep(kept.v) };
              return output;
            },
          });
        }
        return nextLogits(hidden, model, languageHead());
      });
      length += ids.length;
      return logits;
    },
    dispose: () => tf.dispose(layers.flatMap((kept) => (kept === null ? [] : [kept.k, kept.v]))),
  };
}

function nextLogits(
  hidden: tf.Tensor2D,
  model: DeviceModel,
  languageHead: tf.Tensor2D,
): tf.Tensor1D {
  const { finalNorm } = familyOf(model.config).outer;
  const last = tf.slice(hidden, [hidden.shape[0] - 1, 0], [1, hidden.shape[1]]);
  const normed = finalNorm === null ? last : normalise(last, normOf(model, finalNorm));
  return tf.reshape(tf.matMul(normed, languageHead, false, true), [-1]);
}

function passOf(model: DeviceModel, adapter: BoundAdapter, ids: Int32Array): Pass {
  const { length } = ids;
  return {
    ...{ model, adapter },
    path: { lowest: 0, throughInput: new Set() },
    batch: {
      ...{ kind: "words", batch: 1, length },
      ids: tf.tensor1d(ids, "int32"),
      hostIds: ids,
      types: tf.zeros([length], "int32"),
      mask: tf.ones([1, length]),
    },
  };
}

function anglesOf(
  { config: { decoder } }: DeviceModel,
  place: { readonly from: number; readonly length: number },
) {
  if (decoder?.rotaryTheta === null || decoder === null) return null;
  return rotaryAngles({ ...place, headSize: decoder.headSize, theta: decoder.rotaryTheta });
}

/** Attention of the new tokens over all that were read; each sees itself and what came before. */
function attendOver(
  { q, k, v }: Projected,
  before: Kept | null,
  { config }: DeviceModel,
): { readonly output: tf.Tensor2D; readonly kept: Kept } {
  const keyHeads = config.decoder?.keyValueHeads ?? config.heads;
  const added = q.shape[0];
  const heads = (x: tf.Tensor2D, count: number): tf.Tensor3D =>
    tf.transpose(tf.reshape(x, [added, count, x.shape[1] / count]), [1, 0, 2]);
  const join = (old: tf.Tensor3D | undefined, fresh: tf.Tensor3D): tf.Tensor3D =>
    old === undefined ? fresh : tf.concat([old, fresh], 1);
  const kept = { k: join(before?.k, heads(k, keyHeads)), v: join(before?.v, heads(v, keyHeads)) };
  const [, total, size] = kept.k.shape;
  // Heads of queries that share a head of keys stand one below the other: one product for all of them.
  const group = config.heads / keyHeads;
  const queries = tf.reshape(heads(q, config.heads), [keyHeads, group * added, size]);
  const scores = tf.mul(tf.matMul(queries, kept.k, false, true), 1 / Math.sqrt(size));
  const split = tf.reshape(scores, [config.heads, added, total]);
  const weights = tf.softmax(tf.add(split, laterMask(added, total)));
  const grouped: tf.Tensor3D = tf.reshape(weights, [keyHeads, group * added, total]);
  const seen = tf.reshape(tf.matMul(grouped, kept.v), [config.heads, added, size]);
  const output: tf.Tensor2D = tf.reshape(tf.transpose(seen, [1, 0, 2]), [added, -1]);
  return { output, kept };
}

/** -1e9 where a new token would see a later one, `[1, added, total]`. */
function laterMask(added: number, total: number): tf.Tensor3D {
  const mask = new Float32Array(added * total);
  for (let row = 0; row < added; row++)
    mask.fill(-1e9, row * total + total - added + row + 1, (row + 1) * total);
  return tf.tensor3d(mask, [1, added, total]);
}
