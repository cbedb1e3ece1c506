/** Adapters as they mean the same beside the base model as everyone has it. */
import { concatColumns, concatRows, matrixFrom, toFloat32 } from "../linalg/matrix.ts";
import type { AdapterValues } from "./kind.ts";
import type { Factor, FactorSpec } from "./layout.ts";
import { factorView, layoutOf } from "./layout.ts";

/**
 * The adapter in a kind that PEFT has, over the base as it was before the run.
 *
 * `takenOut` is the adapter of round 0 where its product was taken out of the base (PiSSA), else null. Then
 * `W - s B0 A0 + s B A` becomes one product of twice the rank, `s [B, -B0] [A; A0]`, with loraAlpha such that the scaling
 * stays; so does PEFT's `path_initial_model_for_weight_conversion`.
 */
export function portableAdapter(
  adapter: AdapterValues,
  takenOut: Float32Array | null,
): AdapterValues {
  const whole = takenOut === null ? adapter : withProductBack(adapter, takenOut);
  return whole.kind.portable?.(whole) ?? whole;
}

function withProductBack(adapter: AdapterValues, first: Float32Array): AdapterValues {
  const { kind, rank, loraAlpha, layout, values } = adapter;
  const twice = { rank: 2 * rank, loraAlpha };
  const parts = layout.factors.map((factor) => ({
    spec: doubled(factor),
    own: withFirst(factor, factorView(values, factor), factorView(first, factor)),
  }));
  const next = layoutOf(parts.map(({ spec }) => spec));
  const result = new Float32Array(next.size);
  for (const [index, { own }] of parts.entries()) result.set(own, next.factors[index]?.offset);
  const alpha = (loraAlpha * kind.scaling({ rank, loraAlpha })) / kind.scaling(twice);
  return { kind, rank: twice.rank, loraAlpha: alpha, layout: next, values: result };
}

function doubled({ name, module, role, shape }: Factor): FactorSpec {
  const [rows = 0, columns = 0] = shape;
  if (role === "down") return { name, module, role, shape: [2 * rows, columns] };
  if (role === "up") return { name, module, role, shape: [rows, 2 * columns] };
  return { name, module, role, shape };
}

/** [A; A0] of a down factor, [B, -B0] of an up factor, others as they are. */
function withFirst({ role, shape }: Factor, own: Float32Array, first: Float32Array): Float32Array {
  if (role !== "down" && role !== "up") return own;
  const last = matrixFrom(own, shape);
  const start = matrixFrom(first, shape);
  if (role === "down") return toFloat32(concatRows([last, start]));
  return toFloat32(concatColumns([last, { ...start, data: start.data.map((value) => -value) }]));
}
