/** What may stand between a round's updates and its method: a robust combiner, a pure value like a method. */
import type { ZodType } from "zod";
import { noOptions } from "./method.ts";
import type { MethodMetrics, MethodUpdate, NoOptions, PaperRef, RoundFacts } from "./method.ts";

/** Facts of the closing round and its updates, replayed once per pass in participant order. */
export interface ClosedRound extends RoundFacts {
  /** Every pass decodes anew: a delta may be kept until the round is combined, and is never changed. */
  updates(): AsyncIterable<MethodUpdate>;
}

/** The round as the method sees it. */
export interface CombinedUpdates {
  readonly closed: ClosedRound;
  /** What happened to the updates, by name; asked once the last pass is over. */
  metrics(): MethodMetrics;
}

/** What a combiner promises and needs; config checks, docs and the conformance suite read these. */
export interface CombinerClaims {
  /**
   * Holds clients' values against each other, one by one or by distance: refused where a method's uploads share no gauge,
   * where clients have several ranks, and where updates are sparse.
   */
  readonly compares: boolean;
  /** What the memory of a round grows with. */
  readonly memory: "adapter" | "clients";
}

/**
 * A rule that turns the round's updates into those that the method sees.
 *
 * Depends on the set of updates, not on their order. Updates of weight zero are not read.
 */
export interface Combiner<Options = unknown> {
  readonly name: string;
  readonly summary: string;
  /** Null: the rule that changes nothing. */
  readonly paper: PaperRef | null;
  /** Strict schema of the options, without the name. */
  readonly config: ZodType<Options>;
  readonly claims: CombinerClaims;
  /** The fewest updates with which {@link Combiner.liars} is more than zero; 1 where the number does not matter. */
  leastUpdates(options: Options): number;
  /** Of so many clients, how many may send anything whatever without moving the round far from what the others want. */
  liars(options: Options, clients: number): number;
  /** @throws FedtuneError `not-enough-clients` below {@link Combiner.leastUpdates}, `config-conflict`, `shape-mismatch` */
  combine(options: Options, closed: ClosedRound): Promise<CombinedUpdates>;
}

/** The rule of every run that asks for no other: the method sees the updates as they are. */
export const plainMean: Combiner<NoOptions> = {
  name: "mean",
  summary: "Leaves the updates as they are: the method weighs them",
  paper: null,
  config: noOptions,
  claims: { compares: false, memory: "adapter" },
  leastUpdates: () => 1,
  liars: () => 0,
  combine: (_options, closed) => Promise.resolve({ closed, metrics: () => ({}) }),
};
