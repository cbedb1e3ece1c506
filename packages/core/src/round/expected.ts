/** What a client's update must be, by the plan that its order carried. */
import { selectRoles } from "../adapter/layout.ts";
import { keptCount } from "../adapter/top-k.ts";
import { FedtuneError } from "../errors.ts";
import type { Plan } from "../method.ts";
import type { ExpectedUpdate } from "../update.ts";
import { clientRank } from "./setup.ts";
import type { PreparedTier, RunSetup } from "./setup.ts";

/** A round that a state plans, and the client that takes part. */
interface Planned {
  readonly round: number;
  readonly index: number;
}

/** The plan of one client in the round after `state`. */
export function planFor(
  { resolved: { method, config } }: RunSetup,
  state: unknown,
  { round, index }: Planned,
): Plan {
  return method.plan(state, round, { index, rank: clientRank(config, index), holds: null });
}

/** What the update of one client in the round after `state` must be. */
export function expectedUpdate(setup: RunSetup, state: unknown, planned: Planned): ExpectedUpdate {
  const { codec, upload, sparsify, rank } = planFor(setup, state, planned);
  const { layout, layoutHash } = tierOfRank(setup, rank);
  const packed = selectRoles(layout, upload);
  const kept = sparsify === null ? null : keptCount(packed, sparsify);
  const { maxNorm } = setup.resolved.config.firewall;
  return { round: planned.round, codec, layoutHash, length: packed.size, kept, maxNorm };
}

/** @throws FedtuneError `internal` when the run has no such rank */
export function tierOfRank({ tiers }: Pick<RunSetup, "tiers">, rank: number): PreparedTier {
  const tier = tiers.find((candidate) => candidate.rank === rank);
  if (tier !== undefined) return tier;
  throw new FedtuneError("internal", `Cannot find the tier of rank ${String(rank)}`);
}
