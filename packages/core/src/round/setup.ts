/** What every party derives from a resolved run and the shape of its base model. */
import { initialAdapter } from "../adapter/initial.ts";
import type { AdapterShape, LinearModule } from "../adapter/kind.ts";
import { layoutHash } from "../adapter/layout.ts";
import { float32Bytes } from "../bytes.ts";
import type { ResolvedRun } from "../config/run-config.ts";
import type { Digest, RunId } from "../ids.ts";
import type { MethodContext, Tier } from "../method.ts";
import type { Hash } from "../ports.ts";
import type { Rng } from "../rng.ts";
import { rngFromSeed } from "../rng.ts";

/** A rank tier with what parties agree on before the first round. */
export interface PreparedTier extends Tier {
  readonly layoutHash: Digest;
  /** Hash of the float32 values of the adapter of round 0. */
  readonly initialHash: Digest;
}

/** A run ready to be driven. */
export interface RunSetup {
  readonly id: RunId;
  readonly resolved: ResolvedRun;
  /** Ascending rank. */
  readonly tiers: readonly [PreparedTier, ...PreparedTier[]];
  readonly context: MethodContext;
  /** The base model's adapted layers. */
  readonly modules: readonly LinearModule[];
  /** The run's root stream. */
  readonly rng: Rng;
}

/** The stream that draws a run's first adapter; its key travels to clients so that nobody has to send the adapter. */
export function initialStream(rng: Rng): Rng {
  return rng.fork("adapter");
}

/** The stream of one client in one round; the same for every attempt, so that a repeated order repeats its result. */
export function clientStream(rng: Rng, index: number, round: number): Rng {
  return rng.fork(`client/${index}/round/${round}`);
}

/**
 * Prepares a run: one tier of the configured rank over `layout`.
 *
 * `shape` is what the base model gives for the run's adapter settings and head.
 */
export function prepareRun(
  id: RunId,
  resolved: ResolvedRun,
  parts: { readonly shape: AdapterShape; readonly hash: Hash },
): RunSetup {
  const { config, kind } = resolved;
  const { shape, hash } = parts;
  const { layout, modules } = shape;
  const rng = rngFromSeed(config.seed);
  const initial = initialAdapter(layout, kind, initialStream(rng));
  const tier: PreparedTier = {
    rank: config.adapter.rank,
    layout,
    scaling: kind.scaling(config.adapter),
    layoutHash: layoutHash(layout, hash),
    initialHash: hash.sha256(float32Bytes(initial)),
  };
  const context: MethodContext = {
    tiers: [tier],
    initial: () => initial.slice(),
    head: config.head,
    uploadCodec: config.update.codec,
  };
  return { id, resolved, tiers: [tier], context, modules, rng };
}
