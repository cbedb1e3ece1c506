/**
 * An audit of DP-SGD by gradient canaries, in one run and without a model (Steinke, Nasr, Jagielski, "Privacy auditing
 * with one (1) training run", arXiv 2305.08846, section 6, white box).
 *
 * Every canary is an example with a gradient of its own, orthogonal to all others. It is put into the data or left out by
 * a fair coin, and then goes the way of all examples through {@link trainPrivately}: sampled, clipped, summed, noised,
 * stepped. The auditor sees the parameters after every step, which is what the accountants assume of an attacker.
 *
 * Departures: canaries are basis vectors, not random directions, since Gaussian noise is the same in all of them;
 * their norm is ten times the clip norm, so that a missing clip is seen as well; scores are likelihood ratios of
 * the claimed mechanism summed over steps, not inner products, which at small sampling rates see less.
 */
import { layoutOf, trainingSchema } from "@fedtune/core";
import { chooseCanaries } from "@fedtune/dp";
import type { Example } from "../data/batch.ts";
import type { PrivateRound } from "../trainer/private-steps.ts";
import { trainPrivately } from "../trainer/private-steps.ts";
import type { AuditVerdict, CanaryAudit } from "./verdict.ts";
import { carriedOut, openVerdict } from "./verdict.ts";

const EXCESS_NORM = 10;
/** Canaries whose gradients are handed over at once. */
const CANARIES_AT_ONCE = 256;

/**
 * Runs `steps` private steps over the canaries and holds what can be guessed about them against the claim.
 *
 * Takes about `canaries^2 * samplingRate * steps` multiplications and memory for a few vectors of `canaries` values.
 *
 * @throws FedtuneError `config-invalid` for noise that no accountant takes; what `beforeStep` throws
 */
export async function auditGradientCanaries(audit: CanaryAudit): Promise<AuditVerdict> {
  const verdictOn = openVerdict(audit);
  const coins = chooseCanaries(audit.canaries, audit.coins);
  return verdictOn({ scores: await scoresOf(audit, coins), coins });
}

async function scoresOf(audit: CanaryAudit, coins: Uint8Array): Promise<Float64Array> {
  const { settings, canaries, beforeStep = () => Promise.resolve() } = audit;
  const scores = new Float64Array(canaries);
  const values = new Float32Array(canaries);
  let before = Float32Array.from(values);
  const evidence = likelihoodRatio(settings);
  let started = 0;
  const round: PrivateRound = {
    ...canaryRound(audit, coins),
    beforeStep: () => beforeStep(started++),
    afterStep() {
      // One step of descent at rate 1 and divisor 1: the parameters moved by minus the noisy sum.
      for (let i = 0; i < canaries; i++) {
        const released = ((before[i] ?? 0) - (values[i] ?? 0)) / settings.clipNorm;
        scores[i] = (scores[i] ?? 0) + evidence(released);
      }
      before = Float32Array.from(values);
    },
  };
  await trainPrivately(round, values);
  return scores;
}

/** A round whose examples are the included canaries; a canary's number is its label. */
function canaryRound(
  audit: CanaryAudit,
  coins: Uint8Array,
): Omit<PrivateRound, "beforeStep" | "afterStep"> {
  const { settings, steps, canaries, randomness } = audit;
  const gradientOf = basisVectors(canaries, EXCESS_NORM * settings.clipNorm);
  return {
    layout: layoutOf([{ name: "canaries", module: "audit", role: "down", shape: [canaries] }]),
    train: ["down"],
    freezeZeros: [],
    training: trainingSchema.parse({
      batchSize: 1,
      microBatchSize: CANARIES_AT_ONCE,
      learningRate: 1,
      maxSteps: steps,
      optimizer: { name: "sgd" },
    }),
    settings: carriedOut(audit),
    randomness,
    examples: Array.from(coins, canaryExample).filter((_, index) => coins[index] === 1),
    gradientsOf: (part) =>
      Promise.resolve({ loss: 0, gradients: part.map(({ label }) => gradientOf(label)) }),
  };
}

const noTokens = new Int32Array(0);

function canaryExample(_coin: number, label: number): Example {
  return { ids: noTokens, types: noTokens, label };
}

/** The multiples `length * e_i`, all of them views of one array with a single value in its middle. */
function basisVectors(size: number, length: number): (index: number) => Float32Array {
  const ruler = new Float32Array(2 * size - 1);
  ruler[size - 1] = length;
  return (index) => ruler.subarray(size - 1 - index, 2 * size - 1 - index);
}

/**
 * log of (1 - q) N(0, z^2) + q N(1, z^2) over N(0, z^2) at `released`: what one step tells of a canary, best by Neyman and
 * Pearson where the mechanism is as claimed. Any other score would be as valid, only weaker.
 */
function likelihoodRatio({
  samplingRate,
  noiseMultiplier,
}: CanaryAudit["settings"]): (released: number) => number {
  const [logIn, logOut] = [Math.log(samplingRate), Math.log1p(-samplingRate)];
  return (released) => {
    const there = logIn + (2 * released - 1) / (2 * noiseMultiplier ** 2);
    return Math.max(there, logOut) + Math.log1p(Math.exp(-Math.abs(there - logOut)));
  };
}
