/** A base model with an adapter worked into its weights, for programs that know nothing of adapters. */
import * as tf from "@tensorflow/tfjs";
import type { TensorToWrite } from "@fedtune/core";
import { adapterForward } from "../adapters/registry.ts";
import { bindAdapter } from "../trainer/binding.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { describeModel } from "./describe.ts";
import type { AdapterChoice } from "./describe.ts";
import { uploadModel } from "./device.ts";
import type { DeviceModel } from "./device.ts";
import type { BoundAdapter } from "./forward.ts";
import { allModules } from "./parts.ts";
import { familyOf } from "./registry.ts";
import { transposed } from "./tensor-files.ts";
import type { Weight } from "./tensor-files.ts";

/**
 * The tensors of the merged checkpoint under HuggingFace's names, the head's among them.
 *
 * A merged weight is what the adapted layer makes of unit vectors: every kind is linear, so that one way serves all of
 * them, and what is merged is what was trained. Uses the current backend.
 *
 * @param values the adapter over its layout, `[layout.size]`
 * @throws FedtuneError `config-invalid` for a target module that the model lacks
 */
export async function mergedTensors(
  checkpoint: Checkpoint,
  choice: AdapterChoice,
  values: Float32Array,
): Promise<readonly TensorToWrite[]> {
  const { config, pooling, weights } = checkpoint;
  const description = describeModel(config, choice);
  const model = uploadModel(checkpoint);
  const binding = bindAdapter(description, values, { kind: choice.kind, train: [] });
  const merged = new Map(weights);
  try {
    const { adapter } = binding.bind(values);
    for (const { name } of description.modules) {
      const weight = await mergedWeight(name, adapter, model);
      merged.set(`${name}.weight`, weight);
    }
    for (const [name, tensor] of adapter.head) {
      merged.set(name, { shape: tensor.shape, values: (await tensor.data()) as Float32Array });
    }
  } finally {
    binding.dispose();
    model.dispose();
  }
  const { prefix, outer, storesTransposed } = familyOf(config);
  const linear = new Set(allModules(config, pooling).map(({ name }) => `${name}.weight`));
  const bare = new Set([outer.languageHead, ...description.head.flatMap(namesOfHead)]);
  return [...merged].map(([name, weight]) => ({
    name: bare.has(name) ? name : prefix + name,
    ...(storesTransposed && linear.has(name) ? transposed(weight) : weight),
  }));
}

function namesOfHead({ module }: { readonly module: string }): readonly string[] {
  return [`${module}.weight`, `${module}.bias`];
}

/** W of the adapted layer, `[out, in]`. */
async function mergedWeight(
  name: string,
  { forward, modules, scope, scaling }: BoundAdapter,
  { linears }: DeviceModel,
): Promise<Weight> {
  const base = linears.get(name);
  const factors = modules.get(name);
  if (base === undefined || factors === undefined)
    throw new RangeError(`Cannot merge "${name}": the model or the adapter lacks it`);
  const weight = tf.tidy(() => {
    // Without the bias, rows are the columns of W.
    const plain = { ...base, bias: undefined };
    const rows = adapterForward(forward.name).apply(tf.eye(base.in), {
      ...{ base: plain, factors, scope, scaling },
      ...{ train: new Set<never>(), needsInputGradient: false },
    });
    return tf.transpose(rows);
  });
  const values = (await weight.data()) as Float32Array;
  weight.dispose();
  return { shape: [base.out, base.in], values };
}
