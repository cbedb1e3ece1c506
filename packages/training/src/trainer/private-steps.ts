/**
 * One round of record-level DP-SGD (Abadi et al., arXiv 1607.00133, algorithm 1) with any optimiser after the noise.
 *
 * Departures: the sum is divided by `batchSize`, a public constant, not by the expected sample, which depends on how many
 * examples there are; adaptive clipping (Andrew et al., arXiv 1905.03871) works per step and its clip norm ends with the
 * round, since a client keeps nothing but its ledger.
 */
import type { FactorRole, Layout, TrainingSettings } from "@fedtune/core";
import { gatherRoles, scatterRoles, selectRoles } from "@fedtune/core";
import { drawsFrom, plannedSteps, poissonSample, stepNoise } from "@fedtune/dp";
import type { ClipCounts, Keystream, RecordLevelPrivacy } from "@fedtune/dp";
import type { Example } from "../data/batch.ts";
import { lengthOf, sortedBatches } from "../data/batch.ts";
import type { ExampleGradients } from "./gradient.ts";
import type { NoisySum, SumPlan } from "./noisy-sum.ts";
import { openNoisySum } from "./noisy-sum.ts";
import { createOptimizer } from "./optimizers.ts";
import { zeroPositions } from "./zero-positions.ts";

/** Settings whose noise has been found. */
export type RecordLevelSettings = RecordLevelPrivacy & { readonly noiseMultiplier: number };

/** Two streams, so that noise does not depend on what is sampled; neither is ever saved or restored. */
export interface PrivateRandomness {
  readonly noise: Keystream;
  readonly sampling: Keystream;
}

/** What a private round trains with. */
export interface PrivateRound {
  readonly layout: Layout;
  readonly train: readonly FactorRole[];
  /** Roles of which no value is trained that starts at zero. */
  readonly freezeZeros: readonly FactorRole[];
  readonly training: TrainingSettings;
  readonly settings: RecordLevelSettings;
  readonly randomness: PrivateRandomness;
  readonly examples: readonly Example[];
  /** Each example's own gradient at `values`, packed over the trained factors; `part` is never empty. */
  gradientsOf(part: readonly Example[], values: Float32Array): Promise<ExampleGradients>;
  /** Called before each step: lets other work run and throws when the round was aborted. */
  beforeStep(): Promise<void>;
  /** `loss` is the sum over the step's `seen` examples: private, as is all but the two counts of steps. */
  afterStep(progress: StepProgress): void;
}

/** A step that was taken. */
export interface StepProgress extends StepFacts {
  readonly done: number;
  readonly total: number;
}

/** Private facts of steps; `loss` is summed over the `seen` examples that have a finite one. */
export interface StepFacts extends ClipCounts {
  readonly loss: number;
  readonly seen: number;
  readonly tokens: number;
}

/** What a round did: the steps are public, the facts are not. */
export interface PrivateTotals {
  readonly steps: number;
  readonly facts: StepFacts;
}

/**
 * Trains `values` `[layout.size]` in place; only factors of trained roles change.
 *
 * The number of steps is public and every step is taken, whatever its examples are: no example, a gradient that is not
 * finite, and a loss that is not finite change nothing but private counts.
 */
export async function trainPrivately(
  round: PrivateRound,
  values: Float32Array,
): Promise<PrivateTotals> {
  const { layout, train, training, settings } = round;
  const steps = plannedSteps(settings, training);
  const optimizer = createOptimizer(training.optimizer);
  const takeStep = openSteps(round);
  let parameters = gatherRoles(layout, values, train);
  const frozen = zeroPositions(round, parameters);
  let state = optimizer.init(parameters.length);
  let total = noFacts;
  for (let done = 1; done <= steps; done++) {
    await round.beforeStep();
    const { gradient, facts } = await takeStep(values);
    // After the noise, so that it costs nothing; what is clipped is the whole gradient.
    for (const position of frozen) gradient[position] = 0;
    ({ parameters, state } = optimizer.update(
      { parameters, gradient, state },
      training.learningRate,
    ));
    scatterRoles(layout, values, { roles: train, packed: parameters });
    total = addFacts(total, facts);
    round.afterStep({ ...facts, done, total: steps });
  }
  return { steps, facts: total };
}

interface PrivateStep {
  /** The noisy sum over `batchSize`; with its noise it is safe to use in any way. */
  readonly gradient: Float64Array;
  readonly facts: StepFacts;
}

/** Steps whose clip norm follows the one before; the first starts at the settings'. */
function openSteps(round: PrivateRound): (values: Float32Array) => Promise<PrivateStep> {
  const { settings, training, randomness, examples } = round;
  const sampling = drawsFrom(randomness.sampling);
  const plan = planOf(round);
  let { clipNorm } = settings;
  return async (values) => {
    // All noise of the step is there before any data is looked at.
    const sum = openNoisySum(plan, clipNorm);
    const { samplingRate } = settings;
    const chosen = poissonSample({ populationSize: examples.length, samplingRate }, sampling);
    const sample = Array.from(chosen).flatMap((index) => examples[index] ?? []);
    const facts = await addSample(round, { sum, sample, values });
    const released = sum.release();
    clipNorm = released.clipNorm;
    return { gradient: released.sum.map((value) => value / training.batchSize), facts };
  };
}

function planOf({ layout, train, training, settings, randomness }: PrivateRound): SumPlan {
  return {
    settings,
    stepNoise: stepNoise(settings, settings.noiseMultiplier, training),
    layout: selectRoles(layout, train),
    roles: train,
    batchSize: training.batchSize,
    keystream: randomness.noise,
  };
}

interface SampleToAdd {
  readonly sum: NoisySum;
  readonly sample: readonly Example[];
  readonly values: Float32Array;
}

/** Adds a sample's clipped gradients in parts that the device can hold, texts of like length together. */
async function addSample(
  round: PrivateRound,
  { sum, sample, values }: SampleToAdd,
): Promise<StepFacts> {
  const { microBatchSize, batchSize } = round.training;
  const lengths = sample.map(lengthOf);
  let [loss, seen, tokens] = [0, 0, 0];
  for (const indices of sortedBatches(lengths, microBatchSize ?? batchSize)) {
    const part = indices.flatMap((index) => sample[index] ?? []);
    const found = await round.gradientsOf(part, values);
    for (const gradient of found.gradients) sum.add(gradient);
    tokens += indices.reduce((all, index) => all + (lengths[index] ?? 0), 0);
    if (!Number.isFinite(found.loss)) continue;
    loss += found.loss;
    seen += part.length;
  }
  return { ...sum.counts, loss, seen, tokens };
}

const noFacts: StepFacts = { examples: 0, clipped: 0, notFinite: 0, loss: 0, seen: 0, tokens: 0 };

function addFacts(a: StepFacts, b: StepFacts): StepFacts {
  return {
    examples: a.examples + b.examples,
    clipped: a.clipped + b.clipped,
    notFinite: a.notFinite + b.notFinite,
    loss: a.loss + b.loss,
    seen: a.seen + b.seen,
    tokens: a.tokens + b.tokens,
  };
}
