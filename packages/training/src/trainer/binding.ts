/** Between the flat vector that the rest of the platform sees and the tensors that a pass needs. */
import * as tf from "@tensorflow/tfjs";
import type { Factor, FactorRole } from "@fedtune/core";
import { factorView } from "@fedtune/core";
import type { AdapterScope } from "../adapters/forward.ts";
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
  const kept = openScope(frozen);
  return {
    trained,
    bind(current) {
      const live = new Map(trained.map((factor) => [factor.name, upload(factor, current)]));
      return {
        adapter: assemble(description, new Map([...frozen, ...live]), {
          kind,
          roles,
          scope: kept.scope,
        }),
        inputs: [...live.values()],
      };
    },
    dispose() {
      kept.dispose();
      tf.dispose([...frozen.values()]);
    },
  };
}

/** What passes may keep; shared factors are never trained, so that they are among the frozen ones. */
function openScope(frozen: ReadonlyMap<string, tf.Tensor>): {
  readonly scope: AdapterScope;
  dispose(): void;
} {
  const kept = new Map<unknown, tf.Tensor>();
  return {
    scope: {
      shared(name) {
        const tensor = frozen.get(name);
        if (tensor !== undefined) return tensor as tf.Tensor2D;
        throw new RangeError(`Cannot apply an adapter without its shared factor "${name}"`);
      },
      once<T extends tf.Tensor>(key: unknown, make: () => T): T {
        const made = kept.get(key) ?? tf.keep(make());
        kept.set(key, made);
        return made as T;
      },
    },
    dispose: () => tf.dispose([...kept.values()]),
  };
}

interface Assembly {
  readonly kind: string;
  readonly roles: ReadonlySet<FactorRole>;
  readonly scope: AdapterScope;
}

function assemble(
  { layout, head, scaling }: ModelDescription,
  tensors: ReadonlyMap<string, tf.Tensor>,
  { kind, roles, scope }: Assembly,
): BoundAdapter {
  const modules = new Map<string, Map<FactorRole, tf.Tensor>>();
  const headTensors = new Map<string, tf.Tensor>();
  for (const { name, module, role } of layout.factors) {
    const tensor = tensors.get(name);
    if (tensor === undefined || role === "projection") continue;
    if (role === "head") headTensors.set(name, tensor);
    else
      modules.set(
        module,
        (modules.get(module) ?? new Map<FactorRole, tf.Tensor>()).set(role, tensor),
      );
  }
  return {
    forward: adapterForward(kind),
    scope,
    scaling,
    train: roles,
    modules,
    head: headTensors,
    headLayers: head,
  };
}
