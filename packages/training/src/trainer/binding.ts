/** Between the flat vector that the rest of the platform sees and the tensors that a pass needs. */
import * as tf from "@tensorflow/tfjs";
import type { Factor, FactorRole } from "@fedtune/core";
import { factorView } from "@fedtune/core";
import { adapterForward } from "../adapters/registry.ts";
import type { ModelDescription } from "../models/describe.ts";
import type { BoundAdapter } from "../models/forward.ts";

/** An adapter whose frozen factors are on the device; trained ones are uploaded for each step. */
export interface Binding {
  /** Trained factors in layout order. */
  readonly trained: readonly Factor[];
  /** The adapter with the trained factors as they are in `values`; `[layout.size]`. Call inside a tidy. */
  bind(values: Float32Array): { readonly adapter: BoundAdapter; readonly inputs: tf.Tensor[] };
  dispose(): void;
}

/** Uploads the frozen factors of `values` `[layout.size]`. The caller disposes the result. */
export function bindAdapter(
  description: ModelDescription,
  values: Float32Array,
  { kind, train }: { readonly kind: string; readonly train: readonly FactorRole[] },
): Binding {
  const roles = new Set(train);
  const { factors } = description.layout;
  const upload = (factor: Factor, from: Float32Array): tf.Tensor =>
    tf.tensor(factorView(from, factor).slice(), [...factor.shape], "float32");
  const trained = factors.filter(({ role }) => roles.has(role));
  const frozen = new Map(
    factors
      .filter(({ role }) => !roles.has(role))
      .map((factor) => [factor.name, tf.keep(upload(factor, values))]),
  );
  return {
    trained,
    bind(current) {
      const live = new Map(trained.map((factor) => [factor.name, upload(factor, current)]));
      return {
        adapter: assemble(description, new Map([...frozen, ...live]), { kind, roles }),
        inputs: [...live.values()],
      };
    },
    dispose: () => tf.dispose([...frozen.values()]),
  };
}

function assemble(
  { layout, head, scaling }: ModelDescription,
  tensors: ReadonlyMap<string, tf.Tensor>,
  { kind, roles }: { readonly kind: string; readonly roles: ReadonlySet<FactorRole> },
): BoundAdapter {
  const modules = new Map<string, Map<FactorRole, tf.Tensor>>();
  const headTensors = new Map<string, tf.Tensor>();
  for (const { name, module, role } of layout.factors) {
    const tensor = tensors.get(name);
    if (tensor === undefined) continue;
    if (role === "head") headTensors.set(name, tensor);
    else
      modules.set(
        module,
        (modules.get(module) ?? new Map<FactorRole, tf.Tensor>()).set(role, tensor),
      );
  }
  return {
    forward: adapterForward(kind),
    scaling,
    train: roles,
    modules,
    head: headTensors,
    headLayers: head,
  };
}
