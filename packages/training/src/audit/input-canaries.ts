/**
 * An audit of DP-SGD by input canaries, in one run, on a model (arXiv 2305.08846, section 6): texts of random tokens under
 * labels in random order, put into the data or left out by fair coins. A canary's score is how far each step moved the
 * trained values along its own clipped gradient, summed over the steps: the auditor sees all of them.
 *
 * Weaker than {@link auditGradientCanaries}, since gradients of examples are alike, but more is audited: model, adapter and
 * gradients per example. Each canary has a label of its own, or its gradient could not be told from its label's others.
 */
import { adapterKind, gatherRoles, initialAdapter, trainingSchema } from "@fedtune/core";
import type { FactorRole, Layout, Rng } from "@fedtune/core";
import { chooseCanaries, clipFactor, squaredNorm } from "@fedtune/dp";
import type { Example } from "../data/batch.ts";
import { chunks } from "../data/batch.ts";
import type { Checkpoint } from "../models/checkpoint.ts";
import { describeModel } from "../models/describe.ts";
import { uploadModel } from "../models/device.ts";
import { bindAdapter } from "../trainer/binding.ts";
import type { ExampleGradients } from "../trainer/gradient.ts";
import { exampleGradients, paddedFor } from "../trainer/gradient.ts";
import type { PrivateRound } from "../trainer/private-steps.ts";
import { trainPrivately } from "../trainer/private-steps.ts";
import type { AuditVerdict, CanaryAudit } from "./verdict.ts";
import { carriedOut, openVerdict } from "./verdict.ts";

/** What is audited, and on which model. */
export interface InputAudit extends CanaryAudit {
  /** Goes to the current backend. */
  readonly checkpoint: Checkpoint;
  /** Draws texts, labels and the adapter's first values. */
  readonly rng: Rng;
}

const TRAINED: readonly FactorRole[] = ["down", "up", "head"];
const ADAPTER = { kind: "lora", rank: 4, loraAlpha: 8, targetModules: ["all-linear"] };
const TOKENS = 8;
const CANARIES_AT_ONCE = 32;
const LEARNING_RATE = 0.1;

/**
 * Trains a LoRA adapter on the canaries that the coins put in and holds what can be guessed about all of them against
 * the claim.
 *
 * Needs every canary's gradient at every step: `canaries * steps` passes, and `canaries * trained values` numbers at once.
 *
 * @throws FedtuneError `config-invalid` for noise that no accountant takes; what `beforeStep` throws
 */
export async function auditInputCanaries(audit: InputAudit): Promise<AuditVerdict> {
  const { canaries, checkpoint, rng } = audit;
  const verdictOn = openVerdict(audit);
  const coins = chooseCanaries(canaries, audit.coins);
  const labels = Array.from({ length: canaries }, (_, index) => `canary ${index}`);
  const description = describeModel(checkpoint.config, { ...ADAPTER, labels });
  const { layout } = description;
  const kind = adapterKind(ADAPTER.kind);
  const start = initialAdapter(layout, { ...ADAPTER, kind }, rng.fork("start"));
  const model = uploadModel(checkpoint);
  const binding = bindAdapter(description, start, { kind: ADAPTER.kind, train: TRAINED });
  const gradientsOf = (part: readonly Example[], values: Float32Array) =>
    exampleGradients({ model, binding, batch: paddedFor(model, part) }, values);
  try {
    const scene = { audit, layout, start, gradientsOf, examples: canaryExamples(audit) };
    return verdictOn({ scores: await scoresOf(scene, coins), coins });
  } finally {
    binding.dispose();
    model.dispose();
  }
}

/** Tokens at random, under labels in random order. */
function canaryExamples({ canaries, checkpoint, rng }: InputAudit): readonly Example[] {
  const texts = rng.fork("texts");
  const { vocabularySize } = checkpoint.config;
  const labels = rng.fork("labels").shuffle(Array.from({ length: canaries }, (_, label) => label));
  return labels.map((label) => ({
    ids: Int32Array.from({ length: TOKENS }, () => texts.below(vocabularySize)),
    types: new Int32Array(TOKENS),
    label,
  }));
}

interface Scene {
  readonly audit: InputAudit;
  readonly layout: Layout;
  readonly start: Float32Array;
  /** All canaries, in or out. */
  readonly examples: readonly Example[];
  readonly gradientsOf: (
    part: readonly Example[],
    values: Float32Array,
  ) => Promise<ExampleGradients>;
}

async function scoresOf(scene: Scene, coins: Uint8Array): Promise<Float64Array> {
  const { audit, layout, start, examples } = scene;
  const { beforeStep = () => Promise.resolve() } = audit;
  const scores = new Float64Array(examples.length);
  const values = Float32Array.from(start);
  const trained = (): Float32Array => gatherRoles(layout, values, TRAINED);
  let before = trained();
  let gradients: readonly Float32Array[] = [];
  let started = 0;
  const round: PrivateRound = {
    ...canaryRound(scene, coins),
    async beforeStep() {
      await beforeStep(started++);
      before = trained();
      gradients = await gradientsAt(scene, values);
    },
    afterStep() {
      const after = trained();
      const moved = before.map((value, index) => value - (after[index] ?? 0));
      gradients.forEach((gradient, canary) => {
        const along = clippedProduct(moved, gradient, audit.settings.clipNorm);
        scores[canary] = (scores[canary] ?? 0) + along;
      });
    },
  };
  await trainPrivately(round, values);
  return scores;
}

/** A round whose examples are the included canaries. */
function canaryRound(
  { audit, layout, examples, gradientsOf }: Scene,
  coins: Uint8Array,
): Omit<PrivateRound, "beforeStep" | "afterStep"> {
  const expected = (audit.canaries * audit.settings.samplingRate) / 2;
  return {
    layout,
    train: TRAINED,
    freezeZeros: [],
    training: trainingSchema.parse({
      batchSize: Math.min(4096, Math.max(1, Math.round(expected))),
      microBatchSize: CANARIES_AT_ONCE,
      learningRate: LEARNING_RATE,
      maxSteps: audit.steps,
      optimizer: { name: "sgd" },
    }),
    settings: carriedOut(audit),
    randomness: audit.randomness,
    examples: examples.filter((_, index) => coins[index] === 1),
    gradientsOf,
  };
}

/** Every canary's gradient at `values`. */
async function gradientsAt(
  { gradientsOf, examples }: Scene,
  values: Float32Array,
): Promise<readonly Float32Array[]> {
  const found: Float32Array[] = [];
  for (const part of chunks(examples, CANARIES_AT_ONCE)) {
    found.push(...(await gradientsOf(part, values)).gradients);
  }
  return found;
}

/** How far `moved` lies along a gradient as it is clipped; 0 for one that is not finite. */
function clippedProduct(moved: Float32Array, gradient: Float32Array, clipNorm: number): number {
  const factor = clipFactor(Math.sqrt(squaredNorm(gradient)), clipNorm);
  if (factor === 0) return 0;
  let product = 0;
  for (let i = 0; i < moved.length; i++) product += (moved[i] ?? 0) * (gradient[i] ?? 0);
  return factor * product;
}
