import { kaimingProjection } from "../first-values.ts";
import type { AdapterKind, AdapterSettings, InitContext, LinearModule } from "../kind.ts";
import type { Factor, FactorSpec } from "../layout.ts";
import { peftVera } from "../peft-vera.ts";
import { placeOf } from "./low-rank.ts";

/** PEFT's `d_initial`. */
const FIRST_D = 0.1;
/** The owner of the matrices that all modules share; no module of a base model is named so. */
const SHARED = "vera";

/** The random matrices A `[r, widest in]` and B `[widest out, r]`; a module uses their first columns and rows. */
function shared(modules: readonly LinearModule[], { rank }: AdapterSettings): FactorSpec[] {
  const widest = Math.max(...modules.map((module) => module.in));
  const tallest = Math.max(...modules.map(({ out }) => out));
  return [
    { name: "vera_A", module: SHARED, role: "projection", shape: [rank, widest] },
    { name: "vera_B", module: SHARED, role: "projection", shape: [tallest, rank] },
  ];
}

/** d = 0.1, b = 0, as in PEFT; the matrices from their own streams. */
function init(factors: readonly Factor[], { stream }: InitContext): Float32Array[] {
  return factors.map(({ name, role, shape, size }) => {
    if (role === "down") return new Float32Array(size).fill(FIRST_D);
    if (role === "up") return new Float32Array(size);
    if (role === "projection") return kaimingProjection(shape, stream(name));
    throw new RangeError(`Cannot initialise factor "${name}" of role ${role} as VeRA`);
  });
}

/**
 * VeRA: `y = W x + diag(b) B diag(d) A x` with A and B random, frozen and shared by all modules; equation 2.
 *
 * Trained are d `[r]` (down) and b `[out]` (up). Departure: PEFT draws A and B from torch's generator, here they come
 * from the run's seed; the distribution is the same. There is no scaling: `loraAlpha` is not used.
 */
export const vera: AdapterKind = {
  name: "vera",
  product: "diagonal",
  paper: { title: "VeRA: Vector-based Random Matrix Adaptation", id: "arXiv:2310.11454" },
  factors: (module, { rank }) => [
    { ...placeOf(module, "vera_lambda_d"), role: "down", shape: [rank] },
    { ...placeOf(module, "vera_lambda_b"), role: "up", shape: [module.out] },
  ],
  shared,
  inits: ["kaiming"],
  readsBase: () => false,
  init,
  scaling: () => 1,
  peft: peftVera,
};
