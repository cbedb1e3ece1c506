/**
 * The weighted mean of uploads over rank tiers: sums in float64.
 *
 * Clients of one tier are averaged among themselves. The head has the same shape everywhere and is averaged over all
 * tiers.
 */
import { factorView, FedtuneError } from "@fedtune/core";
import type { FactorRole, Layout, MethodUpdate } from "@fedtune/core";
import { newestAfter, phaseOf, tierOf, uploadLayout } from "./tiers.ts";
import type { AdapterTier, TierState } from "./tiers.ts";
import { addSparseToMean, addToMean, checkWeight, emptyMean, sumsOf } from "./weighted-mean.ts";
import type { WeightedMean } from "./weighted-mean.ts";

/** The running sums of one round. */
export interface RoundSums {
  readonly round: number;
  readonly roles: readonly FactorRole[];
  readonly tiers: readonly TierSums[];
}

/** Sums of one tier over its uploaded roles; `layout` is packed. */
export interface TierSums {
  readonly rank: number;
  readonly layout: Layout;
  readonly mean: WeightedMean;
}

/** Empty sums for the round that closes. */
export function openSums(state: TierState, round: number): RoundSums {
  const phase = phaseOf(state, round);
  const tiers = state.tiers.map((tier) => {
    const layout = uploadLayout(tier, phase);
    return { rank: tier.rank, layout, mean: emptyMean(layout.size) };
  });
  return { round, roles: phase.plan.upload, tiers };
}

/**
 * Adds one update, in place, to the sums of its tier.
 *
 * @throws FedtuneError `shape-mismatch` when roles or length are not the plan's, `layout-mismatch` on an unknown rank
 */
export function addToSums(
  sums: RoundSums,
  { rank, roles, delta, support, weight, index }: MethodUpdate,
): void {
  const tier = tierOf(sums.tiers, rank);
  if (roles.length !== sums.roles.length || !roles.every((role) => sums.roles.includes(role))) {
    throw new FedtuneError(
      "shape-mismatch",
      `Cannot aggregate round ${String(sums.round)}: client ${String(index)} sent ${roles.join(", ")}, ` +
        `expected ${sums.roles.join(", ")}`,
      { data: { round: sums.round, index, roles, expected: sums.roles } },
    );
  }
  if (support === undefined) addToMean(tier.mean, delta, weight);
  else addSparseToMean(tier.mean, { support, values: delta }, weight);
}

/**
 * Every tier's mean change, packed `[uploaded]`; zero where nobody weighed in. `pooled` roles are averaged over all tiers.
 *
 * @throws FedtuneError `no-updates`, `zero-weight`
 */
export function meanDeltas(
  { tiers }: RoundSums,
  pooled: readonly FactorRole[] = ["head"],
): Float64Array[] {
  checkWeight({
    count: total(tiers.map(({ mean }) => mean.count)),
    weight: total(tiers.map(({ mean }) => mean.weight)),
  });
  return tiers.map((tier) => {
    const delta = new Float64Array(tier.layout.size);
    for (const { name, role, offset, size } of tier.layout.factors) {
      const sources = pooled.includes(role) ? tiers : [tier];
      const weight = total(sources.map(({ mean }) => mean.weight));
      if (weight === 0) continue;
      const [own, ...others] = sources.map((source) => factorSums(source, { name, size }));
      if (own === undefined) continue;
      const mean = delta.subarray(offset, offset + size);
      mean.set(own);
      for (const other of others) add(mean, other);
      divide(mean, weight);
    }
    return delta;
  });
}

function add(target: Float64Array, values: Float64Array): void {
  for (let i = 0; i < target.length; i++) target[i] = (target[i] ?? 0) + (values[i] ?? 0);
}

function divide(target: Float64Array, by: number): void {
  for (let i = 0; i < target.length; i++) target[i] = (target[i] ?? 0) / by;
}

/** A factor's weighted sums in one tier, a view. */
function factorSums(
  { layout, mean }: TierSums,
  { name, size }: { readonly name: string; readonly size: number },
): Float64Array {
  const factor = layout.factors.find((candidate) => candidate.name === name);
  if (factor?.size !== size) {
    throw new FedtuneError(
      "layout-mismatch",
      `Cannot average "${name}" over rank tiers: ${String(factor?.size ?? 0)} values in one, ` +
        `${String(size)} in another`,
      { data: { factor: name, sizes: [factor?.size ?? 0, size] } },
    );
  }
  return sumsOf(mean).subarray(factor.offset, factor.offset + size);
}

/** The state after the mean changes of a round; one rounding to float32. */
export function movedBy<State extends TierState>(
  state: State,
  { round, roles }: Pick<RoundSums, "round" | "roles">,
  deltas: readonly Float64Array[],
): State {
  const tiers = state.tiers.map((tier, t) => moved(tier, roles, deltas[t] ?? []));
  const newest = newestAfter(state.newest, round, phaseOf(state, round).publish);
  return { ...state, round, newest, tiers };
}

function moved(
  tier: AdapterTier,
  roles: readonly FactorRole[],
  delta: ArrayLike<number>,
): AdapterTier {
  const values = tier.values.slice();
  let at = 0;
  for (const factor of tier.layout.factors) {
    if (!roles.includes(factor.role)) continue;
    const own = factorView(values, factor);
    for (let i = 0; i < own.length; i++) own[i] = (own[i] ?? 0) + (delta[at + i] ?? 0);
    at += factor.size;
  }
  return { ...tier, values };
}

/** Length of all tiers' mean changes together. */
export function lengthOf(deltas: readonly Float64Array[]): number {
  return Math.sqrt(total(deltas.map(sumOfSquares)));
}

function sumOfSquares(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return sum;
}

function total(values: Iterable<number>): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}
