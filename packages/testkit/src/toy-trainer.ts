import { FedtuneError, factorView, layoutOf, rngFromSeed } from "@fedtune/core";
import type {
  DataRef,
  EvaluateJob,
  FactorRole,
  Holdout,
  Layout,
  Metrics,
  TrainControl,
  Trainer,
  TrainJob,
} from "@fedtune/core";

/**
 * A toy data set: the client wants every trained factor to be at a point drawn from `seed`. A holdout changes how many
 * examples count, not the point.
 */
export function toyData(seed: number, examples: number): DataRef {
  return { kind: "toy", seed, examples };
}

/** A layout of two small LoRA modules and a head, for runs without a base model. */
export function toyLayout(rank = 2): Layout {
  return layoutOf([
    { name: "a.lora_A", module: "a", role: "down", shape: [rank, 6] },
    { name: "a.lora_B", module: "a", role: "up", shape: [5, rank] },
    { name: "b.lora_A", module: "b", role: "down", shape: [rank, 4] },
    { name: "b.lora_B", module: "b", role: "up", shape: [3, rank] },
    { name: "classifier.weight", module: "classifier", role: "head", shape: [2, 5] },
    { name: "classifier.bias", module: "classifier", role: "head", shape: [2] },
  ]);
}

/**
 * A trainer for a strongly convex toy: gradient steps on the squared distance to the data's point.
 *
 * Deterministic, no tensors; `loss` is the mean squared distance over trained factors before training.
 */
export function toyTrainer(layout: Layout): Trainer {
  return {
    train: (job, control) =>
      soon(() => {
        control.signal.throwIfAborted();
        const { seed, examples } = toyRef(job.data);
        const target = toyPoint(layout, seed);
        const factors = job.start.slice();
        const loss = distance(layout, { from: factors, to: target, roles: job.train });
        const isFrozen = (role: FactorRole, i: number): boolean =>
          job.freezeZeros.includes(role) && job.start[i] === 0;
        for (let step = 0; step < job.training.localEpochs; step++) {
          forTrained(layout, job.train, (i, role) => {
            if (isFrozen(role, i)) return;
            factors[i] =
              (factors[i] ?? 0) +
              job.training.learningRate * ((target[i] ?? 0) - (factors[i] ?? 0));
          });
        }
        control.onProgress?.({ done: 1, total: 1, loss });
        return {
          factors,
          examples,
          metrics: { loss, steps: job.training.localEpochs },
          privacyEvents: [],
        };
      }),
    evaluate: (job: EvaluateJob, _control: TrainControl): Promise<Metrics> =>
      soon(() => {
        const { seed, examples } = toyRef(job.data);
        const roles: readonly FactorRole[] = ["down", "up", "head"];
        const pair = { from: job.start, to: toyPoint(layout, seed), roles };
        return { loss: distance(layout, pair), accuracy: closeness(pair), examples };
      }),
    close: () => Promise.resolve(),
  };
}

/** The point that a toy data set pulls towards; `[layout.size]`. */
export function toyPoint(layout: Layout, seed: number): Float32Array {
  const rng = rngFromSeed(seed);
  return Float32Array.from({ length: layout.size }, () => rng.uniform() * 2 - 1);
}

function toyRef(data: TrainJob["data"]): { seed: number; examples: number } {
  const { seed, examples, holdout } = data;
  if (data.kind === "toy" && typeof seed === "number" && typeof examples === "number")
    return { seed, examples: partOf(examples, holdout ?? null) };
  throw new FedtuneError(
    "data-invalid",
    `Cannot train on data of kind "${data.kind}", wanted "toy"`,
  );
}

function partOf(examples: number, holdout: Holdout | null): number {
  if (holdout === null) return examples;
  const heldOut = Math.round(holdout.fraction * examples);
  return holdout.part === "held-out" ? heldOut : examples - heldOut;
}

function forTrained(
  layout: Layout,
  roles: readonly FactorRole[],
  visit: (index: number, role: FactorRole) => void,
): void {
  for (const factor of layout.factors) {
    if (!roles.includes(factor.role)) continue;
    for (let i = factor.offset; i < factor.offset + factor.size; i++) visit(i, factor.role);
  }
}

function distance(
  layout: Layout,
  pair: {
    readonly from: Float32Array;
    readonly to: Float32Array;
    readonly roles: readonly FactorRole[];
  },
): number {
  let sum = 0;
  let count = 0;
  for (const factor of layout.factors) {
    if (!pair.roles.includes(factor.role)) continue;
    const to = factorView(pair.to, factor);
    factorView(pair.from, factor).forEach((value, i) => (sum += (value - (to[i] ?? 0)) ** 2));
    count += factor.size;
  }
  return count === 0 ? 0 : sum / count;
}

/** Share of all values that are within a quarter of their aim. */
function closeness({
  from,
  to,
}: {
  readonly from: Float32Array;
  readonly to: Float32Array;
}): number {
  const close = from.filter((value, i) => Math.abs(value - (to[i] ?? 0)) < 0.25);
  return close.length / from.length;
}

function soon<T>(work: () => T): Promise<T> {
  return Promise.resolve().then(work);
}
