/** Optimisers that take the negated mean change of a round as the gradient of the global adapter. */
import { z } from "zod";

const rate = (value: number) =>
  z.number().positive().max(100).default(value).describe("of the server");
const decay = (value: number) => z.number().min(0).lt(1).default(value);

/** Options of a server optimiser. */
export const serverOptimizerSchema = z
  .discriminatedUnion("name", [
    z.strictObject({
      name: z.literal("adamw"),
      learningRate: rate(5e-3),
      beta1: decay(0.9).describe("decay of the mean gradient"),
      beta2: decay(0.999).describe("decay of the mean square"),
      epsilon: z.number().positive().default(1e-8).describe("keeps the divisor above zero"),
      weightDecay: z.number().min(0).max(1).default(0).describe("decoupled, as in AdamW"),
    }),
    z.strictObject({
      name: z.literal("sgd"),
      learningRate: rate(1),
      momentum: decay(0).describe("0 is plain SGD"),
    }),
  ])
  .prefault({ name: "adamw" })
  .describe("steps along the mean change: adamw or sgd, each with a learning rate of its own");

/** A server optimiser by its options. */
export type ServerOptimizer = z.output<typeof serverOptimizerSchema>;

/** What an optimiser remembers, in float32: its steps, and vectors as long as what it moves. */
export interface OptimizerMemory {
  readonly steps: number;
  /** AdamW: means of gradients and of their squares; SGD with momentum: the velocity; plain SGD: none. */
  readonly vectors: readonly Float32Array[];
}

/** What an optimiser moves, and along what; equally long. */
export interface OptimizerTask {
  readonly values: Float32Array;
  readonly gradient: Float64Array;
}

/** An optimiser and what it remembers. */
export interface RunningOptimizer {
  readonly optimizer: ServerOptimizer;
  readonly memory: OptimizerMemory;
}

/** The memory before the first step. */
export function openMemory(optimizer: ServerOptimizer, size: number): OptimizerMemory {
  const count = optimizer.name === "adamw" ? 2 : optimizer.momentum > 0 ? 1 : 0;
  return { steps: 0, vectors: Array.from({ length: count }, () => new Float32Array(size)) };
}

/** One step in float64: the moved values and the memory are new, rounded to float32 once. */
export function optimizerStep(
  { optimizer, memory }: RunningOptimizer,
  task: OptimizerTask,
): { readonly values: Float32Array; readonly memory: OptimizerMemory } {
  return optimizer.name === "adamw" ? adamw(optimizer, memory, task) : sgd(optimizer, memory, task);
}

type Options<Name extends ServerOptimizer["name"]> = Extract<ServerOptimizer, { name: Name }>;

/**
 * AdamW (Loshchilov and Hutter, arXiv:1711.05101, algorithm 2, as torch has it): P = (1 - lr wd) P, then
 * P -= lr m' / (sqrt(v') + epsilon), with m' and v' free of their start at zero.
 */
function adamw(options: Options<"adamw">, memory: OptimizerMemory, task: OptimizerTask) {
  const { learningRate, beta1, beta2, epsilon, weightDecay } = options;
  const { values, gradient } = task;
  const steps = memory.steps + 1;
  const [mean = values, square = values] = memory.vectors;
  const first = new Float32Array(values.length);
  const second = new Float32Array(values.length);
  const next = new Float32Array(values.length);
  const [bias1, bias2] = [1 - power(beta1, steps), 1 - power(beta2, steps)];
  const kept = 1 - learningRate * weightDecay;
  for (let i = 0; i < values.length; i++) {
    const g = gradient[i] ?? 0;
    // Rounded before they are used: what is stored is what moves the values.
    const m = Math.fround(beta1 * (mean[i] ?? 0) + (1 - beta1) * g);
    const v = Math.fround(beta2 * (square[i] ?? 0) + (1 - beta2) * g * g);
    first[i] = m;
    second[i] = v;
    const step = (learningRate * (m / bias1)) / (Math.sqrt(v / bias2) + epsilon);
    next[i] = kept * (values[i] ?? 0) - step;
  }
  return { values: next, memory: { steps, vectors: [first, second] } };
}

/** SGD as torch has it: the velocity is momentum times itself plus the gradient, P -= lr velocity. */
function sgd(options: Options<"sgd">, memory: OptimizerMemory, task: OptimizerTask) {
  const { learningRate, momentum } = options;
  const { values, gradient } = task;
  const [before] = memory.vectors;
  const velocity = before === undefined ? null : new Float32Array(values.length);
  const next = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    let move = gradient[i] ?? 0;
    if (velocity !== null) {
      move = Math.fround(momentum * (before?.[i] ?? 0) + move);
      velocity[i] = move;
    }
    next[i] = (values[i] ?? 0) - learningRate * move;
  }
  const vectors = velocity === null ? [] : [velocity];
  return { values: next, memory: { steps: memory.steps + 1, vectors } };
}

/** An integer power by multiplication alone: the same bits on every platform. */
export function power(base: number, exponent: number): number {
  let result = 1;
  let square = base;
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result *= square;
    square *= square;
  }
  return result;
}
