/** What every party derives from a resolved run and the shape of its base model. */
import { encodeVectorBlob } from "../adapter/blob.ts";
import { initialAdapter } from "../adapter/initial.ts";
import type { AdapterShape, BaseWeight, LinearModule } from "../adapter/kind.ts";
import type { Layout } from "../adapter/layout.ts";
import { layoutHash } from "../adapter/layout.ts";
import { modulesHash } from "../adapter/residual-blob.ts";
import { float32Bytes } from "../bytes.ts";
import type { ResolvedRun, RunConfig } from "../config/run-config.ts";
import type { Digest, RunId } from "../ids.ts";
import type { MethodContext, Tier } from "../method.ts";
import type { Hash } from "../ports.ts";
import type { Rng } from "../rng.ts";
import { rngFromSeed } from "../rng.ts";

/** A rank tier with what parties agree on before the first round. */
export interface PreparedTier extends Tier {
  readonly layoutHash: Digest;
  /** Hash of the float32 values of the adapter of round 0, as clients hold it. */
  readonly initialHash: Digest;
  /** The adapter of round 0 as a blob, where clients cannot draw it from the run's seed alone. */
  readonly initialBlob: { readonly bytes: Uint8Array; readonly hash: Digest } | null;
}

/** A run ready to be driven. */
export interface RunSetup {
  readonly id: RunId;
  readonly resolved: ResolvedRun;
  /** Ascending rank. */
  readonly tiers: readonly [PreparedTier, ...PreparedTier[]];
  readonly context: MethodContext;
  /** The method's state before round 1. */
  readonly initialState: unknown;
  /** The base model's adapted layers. */
  readonly modules: readonly LinearModule[];
  /** Hash of `modules`. */
  readonly modulesHash: Digest;
  /** The run's root stream. */
  readonly rng: Rng;
}

/** What a run is prepared with. */
export interface RunParts {
  /** What the base model gives for the adapter of one tier. */
  readonly describe: (adapter: RunConfig["adapter"]) => AdapterShape;
  /** The base model's weights; needed where {@link readsBase} says so. */
  readonly weights?: BaseWeight | null;
  readonly hash: Hash;
}

/** Whether a run's first adapter depends on the base weights. */
export function readsBase({ kind, config }: Pick<ResolvedRun, "kind" | "config">): boolean {
  return kind.readsBase(config.adapter.init);
}

/** The stream that draws a run's first adapter; its key travels to clients so that nobody has to send the adapter. */
export function initialStream(rng: Rng): Rng {
  return rng.fork("adapter");
}

/** The stream of one client in one round; the same for every attempt, so that a repeated order repeats its result. */
export function clientStream(rng: Rng, index: number, round: number): Rng {
  return rng.fork(`client/${index}/round/${round}`);
}

/** The rank of one client. */
export function clientRank({ adapter }: Pick<RunConfig, "adapter">, index: number): number {
  const { clientRanks, rank } = adapter;
  return clientRanks?.[index % clientRanks.length] ?? rank;
}

/**
 * Prepares a run: one tier for each rank of its clients, and the method's state before round 1.
 *
 * @throws RangeError when the first adapter depends on base weights that are not given
 */
export function prepareRun(id: RunId, resolved: ResolvedRun, parts: RunParts): RunSetup {
  const { config, kind, method, methodConfig } = resolved;
  const { hash } = parts;
  const rng = rngFromSeed(config.seed);
  const ranks = [...new Set(config.adapter.clientRanks ?? [config.adapter.rank])];
  const [first, ...others] = ranks
    .sort((a, b) => a - b)
    .map((rank) => describedTier(rank, resolved, parts));
  if (first === undefined) throw new RangeError("Cannot prepare a run without a rank");
  const tiers = [first, ...others] as const;
  const drawn = new Map(
    tiers.map(({ rank, layout }) => {
      const { init, loraAlpha } = config.adapter;
      const { weights = null } = parts;
      const choice = { kind, init, rank, loraAlpha, weights };
      return [rank, initialAdapter(layout, choice, initialStream(rng))];
    }),
  );
  const context: MethodContext = {
    tiers: [first, ...others],
    initial: (rank) => (drawn.get(rank) ?? new Float32Array()).slice(),
    head: config.head,
    uploadCodec: config.update.codec,
  };
  const initialState = method.init(methodConfig, context, rng.fork("method"));
  const prepared = (tier: DescribedTier): PreparedTier => {
    const held =
      method.clientAdapter?.(initialState, tier.rank) ?? method.adapter(initialState, tier.rank);
    return preparedTier(tier, held, {
      hash,
      seed: readsBase(resolved) ? null : context.initial(tier.rank),
    });
  };
  return {
    id,
    resolved,
    tiers: [prepared(first), ...others.map(prepared)],
    context,
    initialState,
    modules: first.modules,
    modulesHash: modulesHash(first.modules, hash),
    rng,
  };
}

interface DescribedTier extends Tier {
  readonly layout: Layout;
  readonly modules: readonly LinearModule[];
}

function describedTier(
  rank: number,
  { config, kind }: ResolvedRun,
  { describe }: RunParts,
): DescribedTier {
  const adapter = { ...config.adapter, rank };
  const { layout, modules } = describe(adapter);
  return { rank, layout, modules, scaling: kind.scaling(adapter) };
}

/** `seed` is what clients draw for themselves; null: they cannot. */
function preparedTier(
  { rank, layout, scaling }: DescribedTier,
  held: Float32Array,
  { hash, seed }: { readonly hash: Hash; readonly seed: Float32Array | null },
): PreparedTier {
  const digest = layoutHash(layout, hash);
  const initialHash = hash.sha256(float32Bytes(held));
  const tier = { rank, layout, scaling, layoutHash: digest, initialHash };
  if (seed !== null && hash.sha256(float32Bytes(seed)) === initialHash)
    return { ...tier, initialBlob: null };
  const bytes = encodeVectorBlob({
    kind: "factors",
    codec: "f32",
    round: 0,
    layoutHash: digest,
    values: held,
  });
  return { ...tier, initialBlob: { bytes, hash: hash.sha256(bytes) } };
}
