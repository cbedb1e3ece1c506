/** What is computed on every backend and platform alike: golden models' logits, gradients and steps, and the kernels' own problems. */
import * as tf from "@tensorflow/tfjs";
import { gatherRoles, rngFromSeed, scatterRoles, trainingSchema } from "@fedtune/core";
import type { FactorRole, OptimizerSettings } from "@fedtune/core";
import type { AdapterChoice, FileSource } from "@fedtune/training";
import { describeModel, loadCheckpoint } from "@fedtune/training";
import { probe } from "../../../../../packages/training/src/backends/kernels/probe.ts";
import type { PaddedBatch } from "../../../../../packages/training/src/data/batch.ts";
import type { Compared } from "../../../../../packages/training/src/test-support/example-oracle.ts";
import {
  compareWithBatchesOfOne,
  coveringPairs,
} from "../../../../../packages/training/src/test-support/example-oracle.ts";
import { uploadModel } from "../../../../../packages/training/src/models/device.ts";
import { bindAdapter } from "../../../../../packages/training/src/trainer/binding.ts";
import {
  batchLogits,
  lossAndGradient,
} from "../../../../../packages/training/src/trainer/gradient.ts";
import { createOptimizer } from "../../../../../packages/training/src/trainer/optimizers.ts";

/** A golden model with an adapter, a batch, and where training starts. */
export interface ParityCase {
  readonly name: string;
  /** Folder of the checkpoint. */
  readonly base: string;
  readonly choice: AdapterChoice;
  readonly train: readonly FactorRole[];
  readonly start: Float32Array;
  readonly batch: PaddedBatch;
}

/** Optimisers by the names of their golden files, as the scripts set them. */
export const steppers = {
  sgd: { learningRate: 0.1, optimizer: optimizer({ name: "sgd", momentum: 0 }) },
  momentum: { learningRate: 0.1, optimizer: optimizer({ name: "sgd", momentum: 0.9 }) },
  adamw: { learningRate: 0.01, optimizer: optimizer({ name: "adamw", weightDecay: 0.01 }) },
} as const;
/** One of {@link steppers}. */
export type StepperName = keyof typeof steppers;

function optimizer(settings: object): OptimizerSettings {
  return trainingSchema.shape.optimizer.parse(settings);
}

/** What came of a case. */
export interface ParityResult {
  readonly logits: Float32Array;
  readonly loss: number;
  readonly gradient: Float32Array;
  /** Five steps of each optimiser that was asked for. */
  readonly runs: Readonly<Partial<Record<StepperName, ParityRun>>>;
}

/** What five steps came to: losses, and the trained values after them. */
export interface ParityRun {
  readonly losses: readonly number[];
  readonly parameters: Float32Array;
}

/** How much is computed. */
export interface ParityExtent {
  readonly steppers: readonly StepperName[];
  /** Products of odd shapes. */
  readonly products: number;
  /** So many pairs of a base model and an adapter have their gradients per example compared with batches of one. */
  readonly pairs: number;
}

/** All of it. */
export const wholeExtent: ParityExtent = {
  steppers: ["sgd", "momentum", "adamw"],
  products: 20,
  pairs: coveringPairs.length,
};

const STEPS = 5;

/** Computes a case on the current backend; leaves no tensor behind, or throws. */
export async function computeCase(
  files: FileSource,
  given: ParityCase,
  extent = wholeExtent,
): Promise<ParityResult> {
  const before = tf.memory().numTensors;
  const checkpoint = await loadCheckpoint(files, given.base);
  const description = describeModel(checkpoint.config, given.choice);
  const model = uploadModel(checkpoint);
  const { start, train, batch } = given;
  const binding = bindAdapter(description, start, { kind: given.choice.kind, train });
  const job = { model, binding, batch };
  const weight = 1 / batch.labels.length;
  const logits = await batchLogits(job, start);
  const { loss, gradient } = await lossAndGradient(job, start, weight);
  const run = async (name: StepperName): Promise<ParityRun> => {
    const { learningRate, optimizer: settings } = steppers[name];
    const stepper = createOptimizer(settings);
    const trained = gatherRoles(description.layout, start, train);
    let at = { parameters: trained, state: stepper.init(trained.length) };
    const losses: number[] = [];
    for (let step = 0; step < STEPS; step++) {
      const values = start.slice();
      scatterRoles(description.layout, values, { roles: train, packed: at.parameters });
      const found = await lossAndGradient(job, values, weight);
      losses.push(found.loss);
      at = stepper.update({ ...at, gradient: found.gradient }, learningRate);
    }
    return { losses, parameters: at.parameters };
  };
  const runs: Partial<Record<StepperName, ParityRun>> = {};
  for (const name of extent.steppers) runs[name] = await run(name);
  binding.dispose();
  model.dispose();
  const left = tf.memory().numTensors - before;
  if (left !== 0) throw new Error(`${given.name} left ${left} tensors behind`);
  return { logits, loss, gradient: gradient.slice(), runs };
}

/** What every kernel and layer makes of its small problem, and products of odd shapes, by name. */
export async function computeKernels({ products } = wholeExtent): Promise<
  ReadonlyMap<string, Float32Array>
> {
  const results = new Map(await probe());
  const rng = rngFromSeed(7);
  const draw = (size: number) => Float32Array.from({ length: size }, () => rng.normal());
  const extent = (most: number) => 1 + Math.floor(rng.uniform() * most);
  for (let index = 0; index < products; index++) {
    const [rows, inner, columns] = [extent(150), extent(150), extent(150)];
    const [turnA, turnB] = [rng.uniform() < 0.5, rng.uniform() < 0.5];
    const [a, b] = [draw(rows * inner), draw(inner * columns)];
    const product = tf.tidy(() =>
      tf.matMul(
        tf.tensor2d(a, turnA ? [inner, rows] : [rows, inner]),
        tf.tensor2d(b, turnB ? [columns, inner] : [inner, columns]),
        turnA,
        turnB,
      ),
    );
    results.set(`product ${index}`, (await product.data<"float32">()).slice());
    product.dispose();
  }
  return results;
}

/** Compares gradients per example with batches of one on the current backend; base models are below `folder`. */
export async function compareExamples(
  files: FileSource,
  folder: string,
  { pairs }: ParityExtent,
): Promise<readonly Compared[]> {
  const found: Compared[] = [];
  for (const pair of coveringPairs.slice(0, pairs))
    found.push(
      await compareWithBatchesOfOne(pair, (base) => loadCheckpoint(files, `${folder}/${base}`)),
    );
  return found;
}
