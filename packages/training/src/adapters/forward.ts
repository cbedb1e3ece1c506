/** The training half of an adapter kind: its forward pass and gradient. Core holds the other half under the same name. */
import type * as tf from "@tensorflow/tfjs";
import type { FactorRole } from "@fedtune/core";
import type { GradientCapture } from "../layers/capture.ts";
import type { FrozenLinear } from "../layers/linear.ts";

/** A module's factors on the device, by role; a kind has at most one factor of a role per module. */
export type ModuleFactors = ReadonlyMap<FactorRole, tf.Tensor>;

/** What all passes over one adapter on one base share; it ends with the adapter's binding. */
export interface AdapterScope {
  /** A factor that all modules share, by name. */
  shared(name: string): tf.Tensor2D;
  /** A tensor of frozen things alone: made at the first call for a key, disposed with the binding. */
  once<T extends tf.Tensor>(key: unknown, make: () => T): T;
}

/** One adapted module in one pass. */
export interface AdaptedPass {
  readonly base: FrozenLinear;
  readonly factors: ModuleFactors;
  readonly scope: AdapterScope;
  /** The kind's scaling of the product. */
  readonly scaling: number;
  /** Roles that are trained: only they get gradients. */
  readonly train: ReadonlySet<FactorRole>;
  /** False when nothing below this module is trained, so that the gradient of x is not wanted. */
  readonly needsInputGradient: boolean;
  /** Takes the gradients of trained factors per example; a kind that gives it none cannot train privately. */
  readonly capture?: GradientCapture | undefined;
}

/** Forward pass and gradient of one adapter kind. */
export interface AdapterForward {
  /** The config tag; equal to the kind's name in core. */
  readonly name: string;
  /** The adapted module's output `[n, out]` for x `[n, in]`. */
  apply(x: tf.Tensor2D, pass: AdaptedPass): tf.Tensor2D;
}

/** A matrix that the kind cannot do without. */
export function requireFactor(factors: ModuleFactors, role: FactorRole): tf.Tensor2D {
  return required(factors, role) as tf.Tensor2D;
}

/** A vector that the kind cannot do without. */
export function requireVector(factors: ModuleFactors, role: FactorRole): tf.Tensor1D {
  return required(factors, role) as tf.Tensor1D;
}

function required(factors: ModuleFactors, role: FactorRole): tf.Tensor {
  const tensor = factors.get(role);
  if (tensor !== undefined) return tensor;
  throw new RangeError(`Cannot apply an adapter without its ${role} factor`);
}
