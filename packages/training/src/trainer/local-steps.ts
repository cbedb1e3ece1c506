/** One round of local training: epochs, batches, micro-batches, optimiser steps. */
import type { FactorRole, Layout, Rng, TrainingSettings } from "@fedtune/core";
import { FedtuneError, gatherRoles, scatterRoles } from "@fedtune/core";
import type { Example } from "../data/batch.ts";
import { epochBatches, lengthOf } from "../data/batch.ts";
import type { DeviceModel } from "../models/device.ts";
import type { Binding } from "./binding.ts";
import type { ReadTensor } from "./device-reads.ts";
import { lossAndGradient, paddedFor } from "./gradient.ts";
import { clipGradient, createOptimizer } from "./optimizers.ts";
import type { StepMemory } from "./step-memory.ts";
import { zeroPositions } from "./zero-positions.ts";

/** What a round trains with. */
export interface LocalRound {
  readonly model: DeviceModel;
  readonly binding: Binding;
  readonly layout: Layout;
  readonly train: readonly FactorRole[];
  /** Roles of which no value is trained that starts at zero. */
  readonly freezeZeros: readonly FactorRole[];
  readonly training: TrainingSettings;
  readonly examples: readonly Example[];
  readonly rng: Rng;
  readonly memory: StepMemory;
  /** How results come from the device; default: nobody cancels. */
  readonly read?: ReadTensor | undefined;
  /** Called before each step: lets other work run and throws when the round was aborted. */
  beforeStep(): Promise<void>;
  afterStep(progress: {
    readonly done: number;
    readonly total: number;
    readonly loss?: number;
  }): void;
}

/** Totals of a round; `lossSum` is over `seen` examples. */
export interface RoundTotals {
  readonly steps: number;
  readonly tokens: number;
  readonly seen: number;
  readonly lossSum: number;
}

/**
 * Trains `values` `[layout.size]` in place; only factors of trained roles change.
 *
 * @throws FedtuneError `not-finite` naming the step, `training-failed` when one example is more than the memory holds
 */
export async function trainLocally(round: LocalRound, values: Float32Array): Promise<RoundTotals> {
  const { layout, train, training } = round;
  const batches = batchesOf(round);
  const optimizer = createOptimizer(training.optimizer);
  let parameters = gatherRoles(layout, values, train);
  const frozen = zeroPositions(round, parameters);
  let state = optimizer.init(parameters.length);
  let totals: RoundTotals = { steps: 0, tokens: 0, seen: 0, lossSum: 0 };
  for (const batch of batches) {
    await round.beforeStep();
    const { loss, gradient, tokens } = await batchGradient(round, values, batch);
    checkFinite(loss, gradient, totals.steps + 1);
    for (const position of frozen) gradient[position] = 0;
    if (training.maxGradNorm !== null) clipGradient(gradient, training.maxGradNorm);
    ({ parameters, state } = optimizer.update(
      { parameters, gradient, state },
      training.learningRate,
    ));
    scatterRoles(layout, values, { roles: train, packed: parameters });
    totals = {
      steps: totals.steps + 1,
      tokens: totals.tokens + tokens,
      seen: totals.seen + batch.length,
      lossSum: totals.lossSum + loss * batch.length,
    };
    round.afterStep({ done: totals.steps, total: batches.length, loss });
  }
  return totals;
}

/** All batches of the round, each epoch from its own stream, cut at `maxSteps`. */
function batchesOf({ examples, training, rng }: LocalRound): readonly (readonly Example[])[] {
  const lengths = examples.map(lengthOf);
  const limit = training.maxSteps ?? Number.POSITIVE_INFINITY;
  const batches: (readonly Example[])[] = [];
  for (let epoch = 0; epoch < training.localEpochs && batches.length < limit; epoch++) {
    const indices = epochBatches(lengths, training.batchSize, rng.fork(`epoch/${epoch}`));
    batches.push(...indices.map((batch) => batch.flatMap((index) => examples[index] ?? [])));
  }
  return batches.slice(0, limit);
}

interface BatchGradient {
  readonly loss: number;
  readonly gradient: Float64Array;
  readonly tokens: number;
}

/** Mean loss and gradient of a batch, in parts that the memory holds. */
function batchGradient(
  round: LocalRound,
  values: Float32Array,
  examples: readonly Example[],
): Promise<BatchGradient> {
  const { memory, training } = round;
  return memory.inParts(examples, training.microBatchSize, (parts) =>
    summed(round, values, { parts, weight: 1 / examples.length }),
  );
}

/** Sums of loss and gradient over micro-batches, in float64; every example counts `weight`. */
async function summed(
  { model, binding, read }: LocalRound,
  values: Float32Array,
  { parts, weight }: { readonly parts: readonly (readonly Example[])[]; readonly weight: number },
): Promise<BatchGradient> {
  const size = binding.trained.reduce((sum, factor) => sum + factor.size, 0);
  const gradient = new Float64Array(size);
  let loss = 0;
  let tokens = 0;
  for (const part of parts) {
    const batch = paddedFor(model, part);
    const found = await lossAndGradient({ model, binding, batch, read }, values, weight);
    loss += found.loss;
    tokens += batch.tokens;
    found.gradient.forEach((g, index) => (gradient[index] = (gradient[index] ?? 0) + g));
  }
  return { loss, gradient, tokens };
}

function checkFinite(loss: number, gradient: Float64Array, step: number): void {
  if (!Number.isFinite(loss)) {
    throw new FedtuneError(
      "not-finite",
      `Cannot go on after step ${step}: the loss is ${loss}, expected a finite number`,
      { data: { step } },
    );
  }
  if (gradient.every((g) => Number.isFinite(g))) return;
  throw new FedtuneError(
    "not-finite",
    `Cannot go on after step ${step}: the gradient holds a value that is not finite`,
    { data: { step } },
  );
}
