/** The functions of methods that average roles, round after round in a cycle. */
import type { Method, MethodMetrics, MethodResult } from "@fedtune/core";
import { addToSums, lengthOf, meanDeltas, movedBy, openSums } from "./tier-sums.ts";
import type { RoundSums } from "./tier-sums.ts";
import {
  decodeTiers,
  encodeTiers,
  factorParts,
  initTiers,
  phaseOf,
  publishFactors,
  tierOf,
} from "./tiers.ts";
import type { RoleSplit, TierState } from "./tiers.ts";

/** One split per round of a method's cycle. */
export type Cycle = readonly [RoleSplit, ...RoleSplit[]];

/** Everything of a method but what describes it. */
export type MethodFunctions<Config> = Omit<
  Method<Config, TierState>,
  "name" | "summary" | "paper" | "config" | "claims" | "defaultHead"
>;

/** The functions of a method that averages what each split of the cycle shares; the method spreads them into its own value. */
export function meanOfRoles<Config>(...cycle: Cycle): MethodFunctions<Config> {
  return { ...tierFunctions(() => cycle), ...meanFunctions };
}

/** What a method whose state is a {@link TierState} does besides aggregating; `cycle` follows from its options. */
export function tierFunctions<Config>(cycle: (config: Config) => Cycle) {
  return {
    init: (config, context) => initTiers(cycle(config), context),
    plan: (state, round, { rank }) => ({ rank, ...phaseOf(state, round).plan }),
    download: factorParts,
    adapter: (state, rank) => tierOf(state.tiers, rank).values.slice(),
    encode: encodeTiers,
    decode: (bytes, config, context) => decodeTiers(bytes, initTiers(cycle(config), context)),
  } satisfies Partial<MethodFunctions<Config>>;
}

const meanFunctions = {
  passes: 1,
  begin: (state, { round }): RoundSums => openSums(state, round),
  accumulate: (sums, update) => {
    addToSums(sums as RoundSums, update);
  },
  finish: (state, sums) => finishMeans(state, sums as RoundSums),
} satisfies Partial<MethodFunctions<unknown>>;

/** Closes a round with its means; `reshape` may then change what the round's phase publishes. */
export function finishMeans<State extends TierState>(
  state: State,
  sums: RoundSums,
  reshape: (next: State) => readonly [State, MethodMetrics] = (next) => [next, {}],
): MethodResult<State> {
  const deltas = meanDeltas(sums);
  const [next, metrics] = reshape(movedBy(state, sums, deltas));
  return {
    state: next,
    parts: publishFactors(next),
    metrics: { updateNorm: lengthOf(deltas), ...metrics },
  };
}
