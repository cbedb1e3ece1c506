/** Folding published base residuals into the frozen weights, each once. */
import type { BaseResidual, FactoredResidual } from "@fedtune/core";
import { FedtuneError } from "@fedtune/core";
import type { DeviceModel } from "../models/device.ts";
import type { FrozenLinear } from "../layers/linear.ts";

/** Keeps a device model's base at what a job asks for. */
export interface ResidualFold {
  /**
   * Brings the base to the pristine weights plus `residuals` in order; known by id, so the usual call adds what is new.
   *
   * @throws FedtuneError `shape-mismatch` when a factor does not fit its module
   */
  apply(residuals: readonly BaseResidual[]): Promise<void>;
}

/** A record for one device model; memory is one float32 copy of each module that residuals touch. */
export function openFold(model: DeviceModel): ResidualFold {
  const pristine = new Map<string, Float32Array>();
  let folded: readonly string[] = [];
  return {
    async apply(residuals) {
      const continues = folded.every((id, index) => residuals[index]?.id === id);
      if (!continues) {
        for (const [module, weight] of pristine) linearOf(model, module).replace(weight);
        folded = [];
      }
      for (const residual of residuals.slice(folded.length)) {
        for (const part of residual.modules) await foldPart(model, part, pristine);
        folded = [...folded, residual.id];
      }
    },
  };
}

async function foldPart(
  model: DeviceModel,
  part: FactoredResidual,
  pristine: Map<string, Float32Array>,
): Promise<void> {
  const linear = linearOf(model, part.module);
  if (part.left.length !== linear.out * part.rank || part.right.length !== part.rank * linear.in) {
    const message = `Cannot fold a residual of rank ${part.rank} into "${part.module}" [${linear.out}, ${linear.in}]: left has ${part.left.length} and right ${part.right.length} values`;
    throw new FedtuneError("shape-mismatch", message, {
      data: { module: part.module, rank: part.rank },
    });
  }
  const weight = (await linear.backward().data()) as Float32Array;
  if (!pristine.has(part.module)) pristine.set(part.module, weight.slice());
  linear.replace(addProduct(weight, part, linear.in));
}

/** W + left right, `[out, in]`; the product is summed in float64 and the sum rounded once. */
function addProduct(
  weight: Float32Array,
  { left, right, rank }: FactoredResidual,
  inputs: number,
): Float32Array {
  const sum = new Float32Array(weight.length);
  const row = new Float64Array(inputs);
  for (let out = 0; out * inputs < weight.length; out++) {
    row.fill(0);
    for (let r = 0; r < rank; r++) {
      const factor = left[out * rank + r] ?? Number.NaN;
      for (let i = 0; i < inputs; i++)
        row[i] = (row[i] ?? 0) + factor * (right[r * inputs + i] ?? Number.NaN);
    }
    for (let i = 0; i < inputs; i++)
      sum[out * inputs + i] = (weight[out * inputs + i] ?? Number.NaN) + (row[i] ?? 0);
  }
  return sum;
}

function linearOf(model: DeviceModel, module: string): FrozenLinear {
  const linear = model.linears.get(module);
  if (linear !== undefined) return linear;
  throw new FedtuneError(
    "shape-mismatch",
    `Cannot fold a residual into "${module}": the base model has no such module`,
    { data: { module } },
  );
}
