/**
 * User-level differential privacy of a whole run: DP-FedAvg, and DP-FTRL with mechanism tree.
 *
 * McMahan, Ramage, Talwar, Zhang, "Learning differentially private recurrent language models", arXiv 1710.06963: every
 * client's whole change is clipped to clipNorm, the sum gets Gaussian noise of deviation noiseMultiplier * clipNorm once,
 * and is divided by the expected cohort, a constant. Clients weigh 1; the paper's weights are capped counts of examples.
 */
import { FedtuneError, parseInput, rngFromSeed } from "@fedtune/core";
import type {
  Entropy,
  Metrics,
  PrivateMean,
  PrivateRelease,
  PrivateRound,
  RunConfig,
  UpdatePrivacy,
} from "@fedtune/core";
import { z } from "zod";
import type { PrivacyEvent } from "./events.ts";
import { openNoisyBits } from "./clip/noisy-bits.ts";
import type { NoisyBits } from "./clip/noisy-bits.ts";
import { seededKeystream, systemKeystream } from "./noise/keystream.ts";
import type { Keystream } from "./noise/keystream.ts";
import { noisyVector } from "./noise/noisy-vector.ts";
import type { NoisyVector } from "./noise/noisy-vector.ts";
import { treeNoise } from "./noise/tree.ts";
import type { UserLevelPrivacy } from "./privacy-settings.ts";
import { stepNoise } from "./record-level.ts";
import { privacySettings, runEvents } from "./run-privacy.ts";

/** What one round leaves for the next. `cover` is secret: it is the noise of the tree's nodes. */
const stateSchema = z.strictObject({
  clipNorm: z.number().positive(),
  cover: z.array(z.string().regex(/^[0-9a-f]{64}$/)).readonly(),
});
type State = Readonly<z.output<typeof stateSchema>>;

/**
 * What a coordinator does to the updates of this run; null unless its `privacy.mode` is user-level.
 *
 * @param entropy where the noise comes from; null will do for runs whose settings ask for seeded noise
 * @throws FedtuneError `config-conflict` when secure noise is asked for and there is no entropy
 */
export function userLevelPrivacy(
  config: Pick<RunConfig, "privacy" | "seed" | "rounds" | "training">,
  entropy: Entropy | null,
): UpdatePrivacy | null {
  const settings = privacySettings(config.privacy);
  if (settings.mode !== "user-level") return null;
  const charged = (round: number, mean: UnchargedMean): PrivateMean => ({
    ...mean,
    finish: () => ({ ...mean.finish(), events: roundEvents(settings, config, round) }),
  });
  if (settings.noiseBy === "clients")
    return { open: (round) => charged(round.round, sharedSum(settings, round)) };
  const keystreamOf = keystreams(settings, config.seed, entropy);
  return {
    open: (round) => charged(round.round, noisySum(settings, round, keystreamOf(round.round))),
  };
}

/** A sum before it is said what it costs. */
interface UnchargedMean extends Pick<PrivateMean, "add"> {
  finish(): Omit<PrivateRelease, "events">;
}

/** The mechanism of one round; of a tree, which all rounds share, the tree up to this round. */
function roundEvents(
  settings: UserLevelPrivacy,
  config: Pick<RunConfig, "rounds" | "training">,
  round: number,
): readonly PrivacyEvent[] {
  return runEvents(settings, config, settings.mechanism === "tree" ? round : 1);
}

/** Each round's noise: from the system, or from a stream of the round's own. */
function keystreams(
  { noise }: UserLevelPrivacy,
  seed: number,
  entropy: Entropy | null,
): (round: number) => Keystream {
  if (noise === "seeded")
    return (round) => seededKeystream(rngFromSeed(seed).fork(`round/${round}/privacy`));
  if (entropy === null) {
    throw new FedtuneError(
      "config-conflict",
      "Cannot protect clients with privacy.noise secure: there is no source of randomness here; wanted one, or noise seeded in a simulation",
    );
  }
  const system = systemKeystream(entropy);
  return () => system;
}

/** Clips, sums up in float64 in the order of the calls, and adds noise that was drawn before the first of them. */
function noisySum(
  settings: UserLevelPrivacy,
  { round, length, state }: PrivateRound,
  keystream: Keystream,
): UnchargedMean {
  const { expectedCohort, hardened } = settings;
  const { clipNorm, cover } = state === null ? firstState(settings) : readState(state);
  const { noiseMultiplier } = noiseOf(settings);
  const vector = noisyVector({ clipNorm, noiseMultiplier, length, hardened });
  const drawn = drawNoise(settings, { round, cover, vector }, keystream);
  const bits = openBits(settings, clipNorm, keystream);
  const sum = new Float64Array(length);
  return {
    add(delta) {
      const norm = vector.clipper.addTo(sum, delta);
      bits?.count(norm);
    },
    finish: () => ({
      mean: meanOf(vector.release(sum, drawn.noise), expectedCohort),
      metrics: { clipNorm, noiseMultiplier } satisfies Metrics,
      state: stateText({ clipNorm: bits?.next() ?? clipNorm, cover: drawn.cover }),
    }),
  };
}

/** Clients clipped and added their shares of the noise; what is left is the sum over a constant. */
function sharedSum(settings: UserLevelPrivacy, { length }: PrivateRound): UnchargedMean {
  const { clipNorm, expectedCohort } = settings;
  const { noiseMultiplier } = noiseOf(settings);
  const sum = new Float64Array(length);
  return {
    add(delta) {
      if (delta.length !== length)
        throw new RangeError(`Cannot add ${delta.length} values to a sum of ${length}`);
      for (let i = 0; i < length; i++) sum[i] = (sum[i] ?? 0) + (delta[i] ?? 0);
    },
    finish: () => ({
      mean: meanOf(sum, expectedCohort),
      metrics: { clipNorm, noiseMultiplier },
      state: stateText({ clipNorm, cover: [] }),
    }),
  };
}

interface NoisePlan {
  readonly round: number;
  readonly cover: State["cover"];
  readonly vector: NoisyVector;
}

function drawNoise(
  { mechanism }: UserLevelPrivacy,
  { round, cover, vector }: NoisePlan,
  keystream: Keystream,
) {
  const draw = (from: Keystream): Float64Array => vector.draw(from);
  if (mechanism === "tree") return treeNoise(round, cover, { keystream, draw });
  return { noise: draw(keystream), cover: [] };
}

function openBits(
  settings: UserLevelPrivacy,
  clipNorm: number,
  keystream: Keystream,
): NoisyBits | null {
  const { adaptiveClipping, expectedCohort, hardened, clipNorm: firstClipNorm } = settings;
  const { bitDeviation } = noiseOf(settings);
  if (adaptiveClipping === null || bitDeviation === null) return null;
  const adaptation = { ...adaptiveClipping, expectedCohort };
  const plan = { adaptation, bitDeviation, hardened, firstClipNorm };
  return openNoisyBits(plan, clipNorm, keystream);
}

/** The noise of vectors and of bits, which cost together what `noiseMultiplier` alone does. */
function noiseOf(settings: UserLevelPrivacy) {
  const { noiseMultiplier, expectedCohort } = settings;
  if (noiseMultiplier === null)
    throw new RangeError("Cannot add noise before it was found: resolve the run's config first");
  return stepNoise(settings, noiseMultiplier, { batchSize: expectedCohort });
}

function meanOf(sum: Float64Array, expectedCohort: number): Float32Array {
  return Float32Array.from(sum, (value) => value / expectedCohort);
}

function firstState({ clipNorm }: UserLevelPrivacy): State {
  return { clipNorm, cover: [] };
}

function stateText(state: State): string {
  return JSON.stringify(state);
}

/** @throws FedtuneError `state-corrupt` */
function readState(text: string): State {
  const what = "what the last round left for the privacy of the next";
  try {
    return parseInput(stateSchema, JSON.parse(text), { what, code: "state-corrupt" });
  } catch (cause) {
    if (cause instanceof FedtuneError) throw cause;
    throw new FedtuneError("state-corrupt", `Cannot read ${what}: it is not JSON`, { cause });
  }
}
