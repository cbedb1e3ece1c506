import type { Rng } from "../rng.ts";
import type { AdapterKind } from "./kind.ts";
import type { Factor, Layout } from "./layout.ts";

/** Half-width of a uniform distribution with HuggingFace's `initializer_range`, 0.02, as its standard deviation. */
const HEAD_BOUND = 0.02 * Math.sqrt(3);

/**
 * The adapter before round 1; `[layout.size]`, the caller owns it.
 *
 * Each factor draws from the fork of `rng` that bears its name, so that its values depend on neither the other factors
 * nor the order. Head weights are uniform with standard deviation 0.02, head biases (one-dimensional) zero.
 */
export function initialAdapter(layout: Layout, kind: AdapterKind, rng: Rng): Float32Array {
  const values = new Float32Array(layout.size);
  for (const factor of layout.factors) {
    const stream = rng.fork(factor.name);
    const first = factor.role === "head" ? initHead(factor, stream) : kind.init(factor, stream);
    values.set(first, factor.offset);
  }
  return values;
}

function initHead(factor: Factor, rng: Rng): Float32Array {
  const values = new Float32Array(factor.size);
  if (factor.shape.length === 1) return values;
  for (let i = 0; i < values.length; i++) values[i] = (2 * rng.uniform() - 1) * HEAD_BOUND;
  return values;
}
