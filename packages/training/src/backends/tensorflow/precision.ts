/** How exactly large matrix products are computed, and whether a processor gains by less. */
import type { NativeBackend, NativeTensor } from "./native.ts";
import type { Operations, Transposes } from "./operations.ts";
import { compute } from "./operations.ts";

/**
 * What large products are computed in. `bf16`: operands and results are rounded to bfloat16, 8 significant bits, each off by at
 * most 2^-8 of itself; sums are float32. Everything else stays float32, the trained factors' own products among it.
 */
export type MatmulPrecision = "f32" | "bf16";

/** A product of two float32 matrices, float32 itself. */
export type Multiply = (
  operations: Operations,
  operands: readonly [a: NativeTensor, b: NativeTensor],
  transposes: Transposes,
) => NativeTensor;

/** In float32. */
export const multiplyExactly: Multiply = ({ matMul }, [a, b], transposes) =>
  matMul(a, b, transposes);

/** Rounding costs a pass over operands and result, which pays where each of their values is used this often. */
const LEAST_EXTENT = 64;

/** In bfloat16 where all three extents are large: not the products of an adapter's factors. */
export const multiplyRounded: Multiply = (operations, [a, b], transposes) => {
  const extents = [a, b].flatMap(({ shape }) => shape.slice(-2));
  if (Math.min(...extents) < LEAST_EXTENT) return multiplyExactly(operations, [a, b], transposes);
  const { narrow, widen, matMul } = operations;
  return widen(matMul(narrow(a), narrow(b), transposes));
};

const ROWS = 512;
const SIDE = 384;
const REPETITIONS = 5;

/** Milliseconds of one product each way, the least of a few. Processors without instructions for bfloat16 imitate them slowly. */
export interface PrecisionTimes {
  readonly exact: number;
  readonly rounded: number;
}

/** Takes some ten milliseconds. @throws Error where the library has no such product */
export function measurePrecisions(backend: NativeBackend): PrecisionTimes {
  const { binding } = backend;
  const filled = (rows: number): NativeTensor => {
    const shape = [rows, SIDE];
    const values = new Float32Array(rows * SIDE).fill(0.5);
    const dtype = binding.TF_FLOAT;
    return { id: binding.createTensor(shape, dtype, values), shape, dtype };
  };
  const operands = [filled(ROWS), filled(SIDE)] as const;
  const best = (multiply: Multiply): number => {
    const once = (): number => {
      const began = performance.now();
      compute(backend, (operations) => {
        operations.letGo(multiply(operations, operands, {}));
        return [];
      });
      return performance.now() - began;
    };
    return Math.min(...Array.from({ length: REPETITIONS }, once));
  };
  try {
    return { exact: best(multiplyExactly), rounded: best(multiplyRounded) };
  } finally {
    for (const { id } of operands) binding.deleteTensor(id);
  }
}
