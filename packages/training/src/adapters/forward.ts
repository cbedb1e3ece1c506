/** The training half of an adapter kind: its forward pass and gradient. Core holds the other half under the same name. */
import type * as tf from "@tensorflow/tfjs";
import type { FactorRole } from "@fedtune/core";
import type { FrozenLinear } from "../layers/linear.ts";

/** A module's factors on the device, by role; a kind has at most one factor of a role per module. */
export type ModuleFactors = ReadonlyMap<FactorRole, tf.Tensor>;

/** One adapted module in one pass. */
export interface AdaptedPass {
  readonly base: FrozenLinear;
  readonly factors: ModuleFactors;
  /** The kind's scaling of the product. */
  readonly scaling: number;
  /** Roles that are trained: only they get gradients. */
  readonly train: ReadonlySet<FactorRole>;
  /** False when nothing below this module is trained, so that the gradient of x is not wanted. */
  readonly needsInputGradient: boolean;
}

/** Forward pass and gradient of one adapter kind. */
export interface AdapterForward {
  /** The config tag; equal to the kind's name in core. */
  readonly name: string;
  /** The adapted module's output `[n, out]` for x `[n, in]`. */
  apply(x: tf.Tensor2D, pass: AdaptedPass): tf.Tensor2D;
}

/** A factor that the kind cannot do without. */
export function requireFactor(factors: ModuleFactors, role: FactorRole): tf.Tensor2D {
  const tensor = factors.get(role);
  if (tensor === undefined)
    throw new RangeError(`Cannot apply an adapter without its ${role} factor`);
  return tensor as tf.Tensor2D;
}
