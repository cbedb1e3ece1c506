import {
  FedtuneError,
  gatherRoles,
  parseInput,
  scatterRoles,
  selectRoles,
  sparseMasks,
} from "@fedtune/core";
import type {
  Method,
  MethodContext,
  MethodResult,
  MethodUpdate,
  PlannedClient,
  RoundFacts,
} from "@fedtune/core";
import { z } from "zod";
import { tierFunctions } from "../mean-of-roles.ts";
import type { OptionState } from "../mean-of-roles.ts";
import { addSlice, checkSlices, sliceOf, widestOf } from "../rank-slices.ts";
import { openMemory, optimizerStep, serverOptimizerSchema } from "../server-optimizer.ts";
import type { OptimizerMemory } from "../server-optimizer.ts";
import { packState, unpackState } from "../state-bytes.ts";
import {
  densityAt,
  downloaded,
  pruned,
  publishSparse,
  retainedBy,
  sparsifyOf,
  uploadOf,
} from "../thinning.ts";
import { addToSums, lengthOf, openSums } from "../tier-sums.ts";
import type { RoundSums } from "../tier-sums.ts";
import { factorsId, liveParts, newestAfter, phaseOf, tierOf } from "../tiers.ts";
import { checkWeight, sumsOf } from "../weighted-mean.ts";

const density = z.number().positive().max(1);

const config = z.strictObject({
  densityDown: density.default(0.25).describe("share of the ranked values that a client downloads"),
  densityUp: density.default(0.25).describe("share of the ranked values that a client uploads"),
  densityDecay: density
    .default(1)
    .describe("both densities are multiplied by it after every round"),
  minDensity: density.default(1 / 64).describe("no density decays below it"),
  mask: z
    .enum(sparseMasks)
    .default("role")
    .describe("ranks all values together, those of each factor, or those of each role"),
  headDense: z.boolean().default(true).describe("the shared head travels whole and is not ranked"),
  errorFeedbackRounds: z
    .int()
    .min(0)
    .max(10_000)
    .default(0)
    .describe("rounds for which a client keeps what it did not send; 0: it forgets"),
  fixedMask: z
    .boolean()
    .default(false)
    .describe(
      "after a first round in which all travels, the smallest values are zero for good and are not trained: pruning, as a baseline",
    ),
  evaluateMasked: z
    .boolean()
    .default(false)
    .describe("the model is what clients download, not the dense adapter"),
  serverOptimizer: serverOptimizerSchema,
});

/** Options of CELLM. */
export type CellmConfig = z.output<typeof config>;

/** The dense adapter of the widest tier with its slices, and what the server's optimiser remembers of it. */
export interface CellmState extends OptionState<CellmConfig> {
  /** Vectors are packed as the widest tier's uploads. */
  readonly memory: OptimizerMemory;
}

/** A round's sums, every client that weighs something counting once. */
export interface CellmSums {
  readonly sums: RoundSums;
  readonly sampled: number;
  /** Updates of weight zero so far. */
  idle: number;
}

const shared = tierFunctions<CellmConfig>(() => [{ share: ["down", "up", "magnitude"], keep: [] }]);

/**
 * Sparse messages around dense training: the server keeps P, all that is trained, dense; clients download its largest
 * values, train everything, and upload the largest values of their change.
 *
 * CELLM was withdrawn from arXiv, and neither code nor a text of its algorithm can be read; its abstract is that of a
 * thesis (CMU-CS-24-123) whose group wrote FLASC. What is implemented here is FLASC's procedure, from its released
 * code. Per round: mask M_d, the floor(d_down |P|) largest |P|; clients start from P M_d and train all of it; client k
 * sends D_k M_k, D_k its change and M_k the floor(d_up |P|) largest |D_k|; g = -(1/K) sum of D_k M_k over the K
 * sampled clients, weighed alike and whether or not they sent a coordinate; P takes one step of the server's optimiser
 * along g. Changes are against the masked start, also where P is not zero. With AdamW a coordinate that nobody sent
 * moves on by its momentum.
 *
 * Rank tiers train slices of P: the first r rows of A and columns of B, scaled so that their product is the same in
 * both (rank-slices.ts). A tier's masks are of its own slice. VeRA's vectors mean something only beside the tier's own
 * random matrices, so they have no slices.
 *
 * Defaults for some tens of rounds: densities 1/4, AdamW with learning rate 5e-3 (the released code: 1e-3 and 5e-3 for
 * 200 rounds), and a ranking of its own for A and for B. Ranked together, as released, nothing of B is downloaded
 * before it has outgrown the smaller half of A: for several rounds clients start without what was learned.
 *
 * Metrics: `updateNorm` ||g||, `stepNorm` of P's step, and `retained`, the least share of ||P||^2 that a tier
 * downloads.
 *
 * With `fixedMask` the mask is that of P after a first, dense round: P is pruned to it, and clients train what is left of
 * it alone; with `densityDecay` below 1 more is pruned after every round. These are FLASC's baselines of fixed and of
 * iterative pruning.
 *
 * Departs from the released code: the mask is by role, and may be global; round 1 starts from the whole first adapter,
 * which every party draws and nobody sends; weight decay is 0, where torch's AdamW has 0.01; the head is not ranked
 * unless `headDense` is off, and DoRA's magnitude, whose zeros would erase whole rows of a weight, never is; at least
 * one value of each ranked group travels; the dense P is the model unless `evaluateMasked` is on, and then the newest
 * mask applies, not that of the round before; updates of weight zero leave K, clients that were drawn and did not
 * answer stay in it; moments are rounded to float32; densities decay towards `minDensity`. Clipping and noise are no
 * part of the method.
 */
export const cellm = {
  name: "cellm",
  summary:
    "Sends the largest values of adapter and change only; dense training, optimiser on the server",
  paper: {
    title:
      "CELLM: An Efficient Communication in Large Language Models Training for Federated Learning",
    id: "arXiv:2407.20557",
    equations:
      "as in FLASC, arXiv:2406.05233: download the top of P, upload the top of the change, server step on the mean",
  },
  config,
  claims: {
    exactProduct: false,
    linear: false,
    meanOnly: true,
    freezes: [],
    personal: [],
    products: ["BA"],
    memory: "adapter",
    canonical: false,
    ranks: "joint",
  },
  defaultHead: "share",
  passes: 1,
  init,
  plan: (state, round, { rank }) => {
    const { plan } = phaseOf(state, round);
    const isWhole = state.options.fixedMask && round === 1;
    const share = densityAt(state.options, "densityUp", round);
    const sparsify = isWhole ? null : sparsifyOf(state, plan.upload, share);
    return { rank, ...plan, sparsify };
  },
  download,
  live: (state: CellmState) => liveParts(state, download),
  begin: (state, { round, sampled }: RoundFacts): CellmSums => ({
    sums: openSums(state, round),
    sampled,
    idle: 0,
  }),
  accumulate: (accumulator, update) => {
    accumulate(accumulator as CellmSums, update);
  },
  finish: (state, accumulator) => finish(state, accumulator as CellmSums),
  adapter: (state, rank) =>
    state.options.evaluateMasked
      ? downloaded(state, rank)
      : tierOf(state.tiers, rank).values.slice(),
  clientAdapter: (state: CellmState, rank) => downloaded(state, rank),
  encode,
  decode,
} as const satisfies Method<CellmConfig, CellmState>;

function init(options: CellmConfig, context: MethodContext): CellmState {
  checkSlices(context);
  const state = shared.init(options, context);
  const { layout } = widestOf(state.tiers);
  const { size } = selectRoles(layout, uploadOf(state));
  return { ...state, memory: openMemory(options.serverOptimizer, size) };
}

/** The newest broadcast, which carries everything. */
function download({ round }: CellmState, { rank, holds }: PlannedClient): string[] {
  return (holds ?? 0) < round ? [factorsId(round, rank)] : [];
}

function accumulate(accumulator: CellmSums, update: MethodUpdate): void {
  const weight = update.weight > 0 && update.weight < Infinity ? 1 : update.weight;
  addToSums(accumulator.sums, { ...update, weight });
  if (weight === 0) accumulator.idle += 1;
}

function finish(state: CellmState, { sums, sampled, idle }: CellmSums): MethodResult<CellmState> {
  const means = sums.tiers.map(({ mean }) => mean);
  checkWeight({ count: total(means, "count"), weight: total(means, "weight") });
  const { round, roles } = sums;
  const widest = widestOf(state.tiers);
  const packed = { ...widest, layout: selectRoles(widest.layout, roles) };
  const gradient = new Float64Array(packed.layout.size);
  for (const { rank, layout, mean } of sums.tiers) {
    const { scaling } = tierOf(state.tiers, rank);
    const part = { layout, scaling, values: sumsOf(mean) };
    addSlice({ ...packed, sums: gradient }, part, -1 / (sampled - idle));
  }
  const values = gatherRoles(widest.layout, widest.values, roles);
  const running = { optimizer: state.options.serverOptimizer, memory: state.memory };
  const moved = optimizerStep(running, { values, gradient });
  const after = state.options.fixedMask
    ? pruned({ state, packed: packed.layout, roles }, { before: values, after: moved.values })
    : moved.values;
  const next = withWidest({ ...state, memory: moved.memory }, round, after);
  const step = Float64Array.from(values, (value, i) => (after[i] ?? 0) - value);
  const parts = publishSparse(next);
  const metrics = { updateNorm: lengthOf([gradient]), stepNorm: lengthOf([step]) };
  return { state: next, parts, metrics: { ...metrics, retained: retainedBy(next, parts) } };
}

function total(means: readonly { count: number; weight: number }[], field: "count" | "weight") {
  return means.reduce((sum, mean) => sum + mean[field], 0);
}

/** The state whose widest adapter has these uploaded values, all tiers being its slices. */
function withWidest(state: CellmState, round: number, packed: Float32Array): CellmState {
  const widest = widestOf(state.tiers);
  const roles = uploadOf(state);
  const values = widest.values.slice();
  scatterRoles(widest.layout, values, { roles, packed });
  const tiers = state.tiers.map((tier) => ({
    ...tier,
    values: sliceOf({ ...widest, values }, tier),
  }));
  return { ...state, round, newest: newestAfter(state.newest, round, roles), tiers };
}

const headerSchema = z.strictObject({ round: z.int().min(0), steps: z.int().min(0) });

/** P in the roles that travel, and the optimiser's vectors; all else follows from the config. */
function encode(state: CellmState): Uint8Array {
  const { round, memory } = state;
  const { layout, values } = widestOf(state.tiers);
  const packed = gatherRoles(layout, values, uploadOf(state));
  return packState({
    header: { round, steps: memory.steps },
    vectors: [packed, ...memory.vectors],
  });
}

function decode(bytes: Uint8Array, options: CellmConfig, context: MethodContext): CellmState {
  const initial = init(options, context);
  const { header, vectors } = unpackState(bytes);
  const what = "the state of cellm";
  const { round, steps } = parseInput(headerSchema, header, { what, code: "codec-invalid" });
  const [packed, ...remembered] = vectors;
  const wanted = initial.memory.vectors;
  const fits = remembered.length === wanted.length;
  if (packed === undefined || !fits || remembered.some(({ length }) => length !== packed.length)) {
    throw new FedtuneError(
      "shape-mismatch",
      `Cannot read ${what}: it has vectors of ${vectors.map(({ length }) => length).join(", ")} values`,
      { data: { sizes: vectors.map(({ length }) => length) } },
    );
  }
  const state = { ...initial, memory: { steps, vectors: remembered } };
  return round === 0 ? state : withWidest(state, round, packed);
}
