/** The functions of methods that average roles, round after round in a cycle. */
import type {
  Accumulator,
  Method,
  MethodContext,
  MethodResult,
  MethodUpdate,
  RoundFacts,
} from "@fedtune/core";
import { addToSums, lengthOf, meanDeltas, movedBy, openSums } from "./tier-sums.ts";
import type { RoundSums } from "./tier-sums.ts";
import {
  decodeTiers,
  encodeTiers,
  factorParts,
  initTiers,
  liveParts,
  phaseOf,
  publishFactors,
  tierOf,
} from "./tiers.ts";
import type { RoleSplit, TierState } from "./tiers.ts";

/** One split per round of a method's cycle. */
export type Cycle = readonly [RoleSplit, ...RoleSplit[]];

/** The shared state of a method that has options. */
export interface OptionState<Config> extends TierState {
  readonly options: Config;
}

/** Everything of a method but what describes it. */
export type MethodFunctions<Config> = Omit<
  Method<Config, OptionState<Config>>,
  "name" | "summary" | "paper" | "config" | "claims" | "defaultHead"
>;

/** The functions of a method that averages what each split of the cycle shares; the method spreads them into its own value. */
export function meanOfRoles<Config>(...cycle: Cycle): MethodFunctions<Config> {
  return meanOfCycle(() => cycle);
}

/** As {@link meanOfRoles}, the cycle following from the options. */
export function meanOfCycle<Config>(cycle: (options: Config) => Cycle): MethodFunctions<Config> {
  return {
    ...tierFunctions(cycle),
    ...sumFunctions,
    finish: (state, sums) => finishMeans(state, sums as RoundSums),
  };
}

/** What a method whose state is an {@link OptionState} does besides aggregating. */
export function tierFunctions<Config>(cycle: (options: Config) => Cycle) {
  const init = (options: Config, context: MethodContext): OptionState<Config> => ({
    ...initTiers(cycle(options), context),
    options,
  });
  return {
    init,
    plan: (state, round, { rank }) => ({ rank, ...phaseOf(state, round).plan }),
    download: factorParts,
    live: (state) => liveParts(state, factorParts),
    adapter: (state, rank) => tierOf(state.tiers, rank).values.slice(),
    encode: (state) => encodeTiers(state),
    decode: (bytes, options, context) => decodeTiers(bytes, init(options, context)),
  } satisfies Partial<MethodFunctions<Config>>;
}

/** Gathering weighted sums, for methods that start from means. */
export const sumFunctions = {
  passes: 1,
  begin: (state: TierState, { round }: RoundFacts): RoundSums => openSums(state, round),
  accumulate: (sums: Accumulator, update: MethodUpdate) => {
    addToSums(sums as RoundSums, update);
  },
} as const;

/** Closes a round with its means. */
function finishMeans<State extends TierState>(state: State, sums: RoundSums): MethodResult<State> {
  const deltas = meanDeltas(sums);
  const next = movedBy(state, sums, deltas);
  return { state: next, parts: publishFactors(next), metrics: { updateNorm: lengthOf(deltas) } };
}
