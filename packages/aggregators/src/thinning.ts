/** Thinning out what a method sends and is sent: densities over the rounds, masks, sparse broadcasts. */
import { gatherRoles, pick, scatterRoles, selectRoles, supportOf } from "@fedtune/core";
import type { BroadcastPart, FactorRole, Layout, SparseMask, Sparsify } from "@fedtune/core";
import { finite } from "./finite.ts";
import { power } from "./server-optimizer.ts";
import { factorsId, phaseOf, tierOf } from "./tiers.ts";
import type { TierState } from "./tiers.ts";

/** How much travels. */
export interface SparseOptions {
  readonly densityDown: number;
  readonly densityUp: number;
  readonly densityDecay: number;
  readonly minDensity: number;
  readonly mask: SparseMask;
  readonly headDense: boolean;
  readonly errorFeedbackRounds: number;
  readonly fixedMask: boolean;
}

/** A state whose broadcasts are thinned out. */
export interface SparseState extends TierState {
  readonly options: SparseOptions;
}

/** Roles that travel, both ways. */
export function uploadOf(state: Pick<SparseState, "phases">): readonly FactorRole[] {
  return phaseOf(state, 1).plan.upload;
}

/** A density in a round, counted from 1. */
export function densityAt(
  options: SparseOptions,
  which: "densityDown" | "densityUp",
  round: number,
): number {
  const decayed = options[which] * power(options.densityDecay, round - 1);
  return Math.min(options[which], Math.max(options.minDensity, decayed));
}

/** How much of a vector of these roles travels; null: all of it. */
export function sparsifyOf(
  { options }: SparseState,
  roles: readonly FactorRole[],
  share: number,
): Sparsify | null {
  const { mask, headDense, errorFeedbackRounds, fixedMask: freezeZeros } = options;
  // What was pruned is not trained, also where all that is left of it travels.
  if (share === 1 && !freezeZeros) return null;
  const dense = roles.filter((role) => role === "magnitude" || (role === "head" && headDense));
  return { density: share, mask, dense, errorFeedbackRounds, freezeZeros };
}

/**
 * The widest adapter's new values, packed `[packed.size]`, without what pruning takes away: where the round started at
 * zero, and all but the largest that the next round's density keeps. The first round starts whole.
 */
export function pruned(
  { state, packed, roles }: Pruning,
  { before, after }: { readonly before: Float32Array; readonly after: Float32Array },
): Float32Array {
  const share = densityAt(state.options, "densityDown", state.round + 2);
  const sparsify = sparsifyOf(state, roles, share);
  if (sparsify === null) return after;
  const isWhole = state.round === 0;
  const ranked = after.map((value, i) => (isWhole || before[i] !== 0 ? value : 0));
  // Roles that are not ranked are all in the support, whatever they were.
  for (const { role, offset, size } of packed.factors) {
    if (!sparsify.dense.includes(role)) continue;
    ranked.set(after.subarray(offset, offset + size), offset);
  }
  const kept = new Float32Array(after.length);
  for (const position of supportOf(packed, ranked, sparsify))
    kept[position] = ranked[position] ?? 0;
  return kept;
}

interface Pruning {
  /** As the round started. */
  readonly state: SparseState;
  /** The layout of the widest tier's values that travel. */
  readonly packed: Layout;
  readonly roles: readonly FactorRole[];
}

/** What clients of a tier start the next round from, packed: all of it where `support` is null. */
function downloadOf(state: SparseState, rank: number) {
  const { layout, values } = tierOf(state.tiers, rank);
  const roles = uploadOf(state);
  const packed = gatherRoles(layout, values, roles);
  const share = densityAt(state.options, "densityDown", state.round + 1);
  const sparsify = sparsifyOf(state, roles, share);
  const support =
    sparsify === null ? null : supportOf(selectRoles(layout, roles), packed, sparsify);
  return { roles, packed, support };
}

/** Every tier's broadcast of the state's round, thinned out. */
export function publishSparse(state: SparseState): BroadcastPart[] {
  return state.tiers.map(({ rank }) => {
    const id = factorsId(state.round, rank);
    const { roles, packed, support } = downloadOf(state, rank);
    const part = { kind: "factors", id, rank, roles, values: finite(packed, id) } as const;
    return support === null ? part : { ...part, values: pick(packed, support), support };
  });
}

/** What clients of a tier hold: the first adapter whole, later what they downloaded. */
export function downloaded(state: SparseState, rank: number): Float32Array {
  const { layout, values } = tierOf(state.tiers, rank);
  const held = values.slice();
  if (state.round === 0) return held;
  const { roles, packed, support } = downloadOf(state, rank);
  if (support === null) return held;
  const masked = new Float32Array(packed.length);
  for (const position of support) masked[position] = packed[position] ?? 0;
  scatterRoles(layout, held, { roles, packed: masked });
  return held;
}

/** The least share of a tier's squared length that its broadcast keeps. */
export function retainedBy(state: SparseState, parts: readonly BroadcastPart[]): number {
  const shares = parts.map((part, t) => {
    const tier = state.tiers[t];
    if (part.kind !== "factors" || tier === undefined) return 1;
    const whole = energy(gatherRoles(tier.layout, tier.values, part.roles));
    return whole === 0 ? 1 : energy(part.values) / whole;
  });
  return Math.min(...shares);
}

function energy(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value * value, 0);
}
