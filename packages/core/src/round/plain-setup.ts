/** A prepared run as plain data, for threads that cannot share its functions. */
import type { LinearModule } from "../adapter/kind.ts";
import type { Registries, RunConfig } from "../config/run-config.ts";
import { resolvedRun } from "../config/run-config.ts";
import type { Digest, RunId } from "../ids.ts";
import type { MethodContext } from "../method.ts";
import { rngFromSeed } from "../rng.ts";
import type { PreparedTier, RunSetup } from "./setup.ts";

/** What a {@link RunSetup} is made of; structured-cloneable. */
export interface PlainSetup {
  readonly id: RunId;
  readonly config: RunConfig;
  readonly configHash: Digest;
  /** Ascending rank; without blobs. */
  readonly tiers: readonly [PlainTier, ...PlainTier[]];
  readonly modules: readonly LinearModule[];
  readonly modulesHash: Digest;
}

/** A tier with the first adapter as its kind drew it, `[layout.size]`. */
interface PlainTier extends Omit<PreparedTier, "initialBlob"> {
  readonly initial: Float32Array;
}

/** Takes a prepared run apart; `keep` puts each first adapter where it shall lie, for example in shared memory. */
export function plainSetup(
  { id, resolved, tiers, context, modules, modulesHash }: RunSetup,
  keep: (values: Float32Array) => Float32Array = (values) => values,
): PlainSetup {
  const plain = ({ initialBlob: _left, ...tier }: PreparedTier): PlainTier => ({
    ...tier,
    initial: keep(context.initial(tier.rank)),
  });
  const [first, ...others] = tiers;
  const { config, hash: configHash } = resolved;
  return {
    id,
    config,
    configHash,
    tiers: [plain(first), ...others.map(plain)],
    modules,
    modulesHash,
  };
}

/**
 * Puts a run together again. Clients cannot start from it: it has no initial blobs.
 *
 * @throws RangeError when the registries lack what the config names
 */
export function setupFromPlain(
  { id, config, configHash, tiers, modules, modulesHash }: PlainSetup,
  registries: Omit<Registries, "privacy">,
): RunSetup {
  const resolved = resolvedRun(config, configHash, registries);
  const { method, methodConfig } = resolved;
  const rng = rngFromSeed(config.seed);
  const withoutBlob = ({ initial: _drawn, ...tier }: PlainTier): PreparedTier => ({
    ...tier,
    initialBlob: null,
  });
  const [first, ...others] = tiers;
  const prepared = [withoutBlob(first), ...others.map(withoutBlob)] as const;
  const drawn = new Map(tiers.map(({ rank, initial }) => [rank, initial]));
  const context: MethodContext = {
    tiers: [prepared[0], ...prepared.slice(1)],
    initial: (rank) => (drawn.get(rank) ?? new Float32Array()).slice(),
    head: config.head,
    uploadCodec: config.update.codec,
  };
  const initialState = method.init(methodConfig, context, rng.fork("method"));
  return { id, resolved, tiers: prepared, context, initialState, modules, modulesHash, rng };
}
