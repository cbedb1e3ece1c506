/**
 * The chain of base changes that methods publish which fold products into the base: one part per round.
 *
 * A client that was away adds them one by one. They are not merged for latecomers: every party rounds its base to float32
 * after each part, so that one part that stands for several would leave another base, in its last bits, than the parts
 * themselves; and merging without loss needs at most min(in, out) terms, a full matrix. What a latecomer downloads grows
 * with the rounds, therefore, for as long as the coordinator cannot hand out the changed weights themselves.
 */
import { parseInput } from "@fedtune/core";
import type { BroadcastPart, FactoredResidual, MethodContext, PlannedClient } from "@fedtune/core";
import { z } from "zod";
import { finite } from "./finite.ts";
import { tierFunctions } from "./mean-of-roles.ts";
import type { Cycle, OptionState } from "./mean-of-roles.ts";
import { decodeTiers, encodeTiers, factorParts, liveParts } from "./tiers.ts";

/** A state that remembers which rounds changed the base, in order. */
export interface ChainState<Config> extends OptionState<Config> {
  readonly bases: readonly number[];
}

const notesSchema = z.strictObject({ bases: z.array(z.int().positive()) });

/** As {@link tierFunctions}, with the base changes in each download; `chainOf` names the chain of a rank. */
export function chainFunctions<Config>(cycle: Cycle, chainOf: (rank: number) => string) {
  const shared = tierFunctions<Config>(() => cycle);
  const init = (options: Config, context: MethodContext): ChainState<Config> => ({
    ...shared.init(options, context),
    bases: [],
  });
  const download = (state: ChainState<Config>, client: PlannedClient): string[] => [
    ...state.bases
      .filter((round) => round > (client.holds ?? 0))
      .map((round) => baseId(round, chainOf(client.rank))),
    ...factorParts(state, client),
  ];
  return {
    ...shared,
    init,
    download,
    live: (state: ChainState<Config>) => liveParts(state, download),
    encode: (state: ChainState<Config>) => encodeTiers(state, { bases: state.bases }),
    decode: (bytes: Uint8Array, options: Config, context: MethodContext) => {
      const initial = init(options, context);
      const what = "the base changes of a method";
      return decodeTiers(bytes, initial, (notes) => ({
        ...initial,
        ...parseInput(notesSchema, notes, { what, code: "codec-invalid" }),
      }));
    },
  };
}

/** Name of a round's part; `of` tells the chains of a run apart. */
function baseId(round: number, of: string): string {
  return `round-${String(round)}/${of}`;
}

/**
 * A round's base change; without modules where there is none.
 *
 * @throws FedtuneError `not-finite` when a product has outgrown float32
 */
export function basePart(
  round: number,
  of: string,
  modules: readonly FactoredResidual[],
): BroadcastPart {
  const id = baseId(round, of);
  for (const { module, left, right } of modules) {
    for (const side of [left, right]) finite(side, `${id} of "${module}"`);
  }
  return { kind: "residual", id, modules };
}
