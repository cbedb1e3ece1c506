/**
 * A federated method as a pure value: explicit state in, state out; its client half is the {@link Plan}, which is data.
 */
import { z } from "zod";
import type { ZodType } from "zod";
import type { AdapterProduct } from "./adapter/kind.ts";
import type { FactorRole, Layout } from "./adapter/layout.ts";
import type { CodecName } from "./adapter/codec.ts";
import type { Rng } from "./rng.ts";

/** Where a method comes from. */
export interface PaperRef {
  readonly title: string;
  /** arXiv id or venue. */
  readonly id: string;
  /** Equations or algorithm lines that the file implements. */
  readonly equations: string;
}

/** What a method promises; the conformance suite and the docs read these. */
export interface Claims {
  /** The broadcast product equals the weighted mean of the clients' products. */
  readonly exactProduct: boolean;
  /** The next adapter is a linear function of the updates. */
  readonly linear: boolean;
  /** Updates are read through their weighted mean alone: one private mean may stand for all of them. */
  readonly meanOnly: boolean;
  /** Roles that no party ever changes. */
  readonly freezes: readonly FactorRole[];
  /** Roles that never leave a client. */
  readonly personal: readonly FactorRole[];
  /**
   * A change from one round's adapter may be added to another's: every round has the same plan, and only means of changes
   * are taken, of factors that every party has.
   */
  readonly acceptsStale?: true;
  /** The method adds residuals to the base model: its adapter alone is not its model. */
  readonly changesBase?: true;
  /**
   * What clients upload are coordinates in one frame: of the factors of a product at most one travels in a round, and the
   * others are the same for all. Updates may then be compared value by value and by their distance. Where A and B both
   * change, (S A, B S^-1) is the same product as (A, B), and clients drift apart in S: such comparisons mean nothing.
   */
  readonly sharedGauge?: true;
  /** Adapter products that the method accepts. */
  readonly products: readonly AdapterProduct[];
  /** What the server's memory grows with. */
  readonly memory: "adapter" | "clients";
  /** Equal products give equal broadcast bytes: signs, order and gauge are fixed. */
  readonly canonical: boolean;
  /**
   * Who shapes a rank tier's adapter: `separate` averages the clients of one rank among themselves (a shared head is
   * averaged over all), `joint` lets every client reach every tier.
   */
  readonly ranks: "separate" | "joint";
}

/** Config schema of a method without options. */
export const noOptions = z.strictObject({});
/** Config of a method without options. */
export type NoOptions = z.output<typeof noOptions>;

/** One layout per rank tier; a run without heterogeneous ranks has one tier. */
export interface Tier {
  readonly rank: number;
  readonly layout: Layout;
  /** Number that multiplies the product in this tier. */
  readonly scaling: number;
}

/** What `init` gets: tiers in ascending rank, and each tier's first adapter as its kind draws it. */
export interface MethodContext {
  readonly tiers: readonly [Tier, ...Tier[]];
  /** First values of a tier; `[layout.size]`. The caller owns the result. What the method makes of them is round 0. */
  initial(rank: number): Float32Array;
  /** Whether the task head is trained and shared, trained and personal, or frozen. */
  readonly head: HeadPolicy;
  /** Codec of what clients upload. */
  readonly uploadCodec: CodecName;
}

/** How the task head takes part. */
export type HeadPolicy = "freeze" | "share" | "personal";

/** The client as a method sees it when it plans. */
export interface PlannedClient {
  /** `participantIndex`: fixed at enrolment. */
  readonly index: number;
  /** The client's rank tier. */
  readonly rank: number;
  /** The round whose global adapter the client holds in full (0: the initial one), or null when it must get a snapshot. */
  readonly holds: number | null;
}

/** A method's instruction to one client for one round, as data. */
export interface Plan {
  readonly rank: number;
  /** Roles that get gradients; every other factor is frozen bit for bit. */
  readonly train: readonly FactorRole[];
  /** Roles whose change travels back, as a delta to the round's start, in layout order. */
  readonly upload: readonly FactorRole[];
  /** Trained roles that stay with the client from round to round. */
  readonly personal: readonly FactorRole[];
  /** How the uploaded vector is encoded. */
  readonly codec: CodecName;
  /** How the client thins out what it uploads; null: every value travels. */
  readonly sparsify: Sparsify | null;
  /** What a client without personal factors of its own does before its first round; see {@link ColdStart}. */
  readonly coldStart: ColdStart;
}

/** Only the largest changes travel. The number of values is public: {@link keptCount} of the uploaded layout. */
export interface Sparsify {
  /** Share of the ranked values that travel, above 0, at most 1. */
  readonly density: number;
  /** Within what the largest are sought: everything, each factor, or all factors of a role. */
  readonly mask: SparseMask;
  /** Roles that travel whole and are not ranked. */
  readonly dense: readonly FactorRole[];
  /** Rounds for which a client keeps what it did not send, to add it to its next change; 0: it forgets at once. */
  readonly errorFeedbackRounds: number;
  /** Values of ranked roles that are zero when the round starts are not trained: what was pruned stays so. */
  readonly freezeZeros: boolean;
}

/** Within what the largest values are sought. */
export const sparseMasks = ["global", "tensor", "role"] as const;
/** One of {@link sparseMasks}. */
export type SparseMask = (typeof sparseMasks)[number];

/** `zero`: personal factors start as in round 0, so that the product starts at zero; `fit`: they are trained alone first, for as long as a round. */
export const coldStarts = ["zero", "fit"] as const;
/** One of {@link coldStarts}. */
export type ColdStart = (typeof coldStarts)[number];

/** The change of one module's base weight in factored form: `W += left x right`, left `[out, rank]`, right `[rank, in]`. */
export interface FactoredResidual {
  readonly module: string;
  readonly rank: number;
  readonly left: Float32Array;
  readonly right: Float32Array;
}

/** One content-addressed piece of what a round publishes. `id` is unique in the run and names it in {@link Method.download}. */
export type BroadcastPart =
  | {
      readonly kind: "factors";
      readonly id: string;
      readonly rank: number;
      readonly roles: readonly FactorRole[];
      /**
       * Absolute, not a delta, packed in layout order: `selectRoles(layout, roles).size` values; with a support only
       * the values at its positions.
       */
      readonly values: Float32Array;
      /** Ascending positions in the packed vector; the roles' other values become zero. */
      readonly support?: Uint32Array;
    }
  | {
      readonly kind: "rotation";
      readonly id: string;
      readonly rank: number;
      /** A becomes T A for every module with a down factor; each T `[r, r]`, row-major, packed in layout order. */
      readonly values: Float32Array;
    }
  | {
      readonly kind: "residual";
      readonly id: string;
      /** Added to the base in float32, once, by every party that applies the part. */
      readonly modules: readonly FactoredResidual[];
    };

/** Numbers about one aggregation, by name. */
export type MethodMetrics = Readonly<Record<string, number>>;

/** What `begin` is told about the round that closes. */
export interface RoundFacts {
  /** Counted from 1. */
  readonly round: number;
  readonly sampled: number;
  readonly accepted: number;
  /** Sum of the weights of the accepted updates; positive. */
  readonly totalWeight: number;
}

/** An accepted update as a method reads it: only what the plan uploads. */
export interface MethodUpdate {
  /** `participantIndex`. */
  readonly index: number;
  readonly rank: number;
  /** Non-negative; weights need not sum to 1. */
  readonly weight: number;
  readonly roles: readonly FactorRole[];
  /**
   * Trained minus received, packed in layout order; with a support only the values at its positions. The method must
   * not keep or change it.
   */
  readonly delta: Float32Array;
  /** Ascending positions of a sparse delta, where the plan asks for one; everything else did not travel. */
  readonly support?: Uint32Array;
}

/** What a method returns when a round is done. */
export interface MethodResult<State> {
  readonly state: State;
  readonly parts: readonly BroadcastPart[];
  readonly metrics: MethodMetrics;
}

/** Opaque running sum of one pass; only its own method looks inside. */
export type Accumulator = object;

/**
 * A federated method.
 *
 * `accumulate` runs once the round is closed, over the accepted updates in participant order, so the result does not
 * depend on arrival order, bitwise. Memory is O(adapter) unless `claims.memory` says otherwise.
 */
export interface Method<Config = unknown, State = unknown> {
  readonly name: string;
  readonly summary: string;
  readonly paper: PaperRef;
  /** Strict schema of the options, without the name; defaults are the paper's. */
  readonly config: ZodType<Config>;
  readonly claims: Claims;
  readonly defaultHead: HeadPolicy;
  /** LoRA-FAIR needs the mean first: two passes over the same sorted stream. */
  readonly passes: 1 | 2;
  init(config: Config, context: MethodContext, rng: Rng): State;
  plan(state: State, round: number, client: PlannedClient): Plan;
  /** Ids of the published parts that the client applies, in order, to reach this state's adapter; empty when it holds it. */
  download(state: State, client: PlannedClient): readonly string[];
  /** Ids of the parts that {@link Method.download} could still name, whatever the tier and what a client holds; no more. */
  live(state: State): readonly string[];
  begin(
    state: State,
    facts: RoundFacts,
    pass: { readonly index: number; readonly previous: Accumulator | null },
  ): Accumulator;
  /**
   * May keep the update's arrays, which nobody changes before `finish` has returned.
   *
   * @throws FedtuneError `shape-mismatch` when the delta's length is not the plan's
   */
  accumulate(accumulator: Accumulator, update: MethodUpdate): void;
  /** @throws FedtuneError `no-updates` when nothing was accumulated, `zero-weight` when the weights sum to zero */
  finish(state: State, accumulator: Accumulator, rng: Rng): MethodResult<State>;
  /** The model's adapter for this tier after the last finished round; personal factors as in round 0. The caller owns it. */
  adapter(state: State, rank: number): Float32Array;
  /** What a client of this tier holds after the last finished round, where that is not {@link Method.adapter}: a sparse download. */
  clientAdapter?(state: State, rank: number): Float32Array;
  /** State as bytes, for the store; `decode(encode(s))` continues bit for bit. */
  encode(state: State): Uint8Array;
  decode(bytes: Uint8Array, config: Config, context: MethodContext): State;
}
