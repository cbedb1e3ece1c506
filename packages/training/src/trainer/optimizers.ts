/**
 * Optimisers on flat host vectors: pure functions with PyTorch's semantics.
 *
 * They run on the host in float64, rounded to float32 once per step, so every backend takes the same step from the
 * same gradient. Epsilon is always explicit: TensorFlow.js' default depends on the backend.
 */
import type { OptimizerSettings } from "@fedtune/core";

/** An optimiser's memory: step count and up to two moments, `[size]` each. */
export interface OptimizerState {
  readonly step: number;
  readonly moments: readonly Float64Array[];
}

/** Parameters with the state that belongs to them. */
export interface OptimizerStep {
  readonly parameters: Float32Array;
  readonly state: OptimizerState;
}

/** What an update is computed from. */
export interface OptimizerInput extends OptimizerStep {
  readonly gradient: ArrayLike<number>;
}

/** One optimiser with its settings bound. */
export interface Optimizer {
  init(size: number): OptimizerState;
  /** Neither input is changed. */
  update(input: OptimizerInput, learningRate: number): OptimizerStep;
}

/** The optimiser that the settings name. */
export function createOptimizer(settings: OptimizerSettings): Optimizer {
  switch (settings.name) {
    case "sgd":
      return sgd(settings);
    case "adamw":
      return adamw(settings);
    default:
      return settings satisfies never;
  }
}

type SgdSettings = Extract<OptimizerSettings, { name: "sgd" }>;
type AdamwSettings = Extract<OptimizerSettings, { name: "adamw" }>;

/** g' = g + weightDecay p; m = momentum m + g'; p -= lr m. As torch.optim.SGD without dampening: the first m is g'. */
function sgd({ momentum, weightDecay }: SgdSettings): Optimizer {
  return {
    init: (size) => ({ step: 0, moments: [new Float64Array(momentum === 0 ? 0 : size)] }),
    update({ parameters, gradient, state }, learningRate) {
      const velocity = momentOf(state, 0);
      const next = parameters.map((p, index) => {
        const g = (gradient[index] ?? Number.NaN) + weightDecay * p;
        if (momentum === 0) return p - learningRate * g;
        const v = momentum * (velocity[index] ?? 0) + g;
        velocity[index] = v;
        return p - learningRate * v;
      });
      return { parameters: next, state: { step: state.step + 1, moments: [velocity] } };
    },
  };
}

/** Loshchilov and Hutter, arXiv 1711.05101, algorithm 2, as torch.optim.AdamW: p (1 - lr weightDecay), then Adam's step. */
function adamw({ beta1, beta2, epsilon, weightDecay }: AdamwSettings): Optimizer {
  return {
    init: (size) => ({ step: 0, moments: [new Float64Array(size), new Float64Array(size)] }),
    update({ parameters, gradient, state }, learningRate) {
      const step = state.step + 1;
      const [m, v] = [momentOf(state, 0), momentOf(state, 1)];
      const stepSize = learningRate / (1 - beta1 ** step);
      const correction = Math.sqrt(1 - beta2 ** step);
      const kept = 1 - learningRate * weightDecay;
      const next = new Float32Array(parameters.length);
      // A plain loop: calls of a function for each value took a thirtieth of a step on short texts.
      for (let index = 0; index < next.length; index++) {
        const g = gradient[index] ?? Number.NaN;
        const first = beta1 * (m[index] ?? 0) + (1 - beta1) * g;
        const second = beta2 * (v[index] ?? 0) + (1 - beta2) * g * g;
        m[index] = first;
        v[index] = second;
        next[index] =
          (parameters[index] ?? 0) * kept -
          (stepSize * first) / (Math.sqrt(second) / correction + epsilon);
      }
      return { parameters: next, state: { step, moments: [m, v] } };
    },
  };
}

/** A copy, made as one block of memory. */
function momentOf(state: OptimizerState, index: number): Float64Array {
  return new Float64Array(state.moments[index] ?? []);
}

/** Scales `gradient` in place so that its norm is at most `maxNorm`, as torch's clip_grad_norm_ does; returns the norm before. */
export function clipGradient(gradient: Float64Array, maxNorm: number): number {
  const norm = Math.sqrt(gradient.reduce((sum, g) => sum + g * g, 0));
  const factor = maxNorm / (norm + 1e-6);
  if (factor < 1) gradient.forEach((g, index) => (gradient[index] = g * factor));
  return norm;
}
