/** One round of a federated method over finished adapters, without clients or server. */
import { gatherRoles, rngFromSeed } from "@fedtune/core";
import type { FactoredResidual, Method, MethodMetrics, MethodResult } from "@fedtune/core";
import { checkClaims } from "./refusals.ts";
import { openRound } from "./open-round.ts";
import type { Client, OpenRound } from "./open-round.ts";
import { tiersOf, valuesInTier } from "./tiers.ts";
import type { AdapterToCombine } from "./tiers.ts";
import { withResidual } from "./with-residual.ts";
import type { StackedAdapter } from "./with-residual.ts";

/** How to combine. */
export interface CombineTask {
  readonly method: Method;
  /** The method's own options, parsed. */
  readonly options: unknown;
  /** Rank of the result: the largest of the adapters unless given. */
  readonly rank?: number | undefined;
}

/** The result: the whole model as one adapter, with what the method adds to the base inside. */
export interface CombinedAdapter extends StackedAdapter {
  /** What the method says about its round. */
  readonly metrics: MethodMetrics;
}

/**
 * The global adapter of a round whose clients sent these adapters.
 *
 * Every client is taken to have started at the adapters' own values for what does not travel, and zeros for the rest.
 *
 * @throws FedtuneError `config-conflict` when the method needs more than finished adapters, other ranks or another kind,
 * `adapter-invalid` when factors that it freezes differ, `zero-weight`
 */
export function combineAdapters(
  adapters: readonly AdapterToCombine[],
  task: CombineTask,
): CombinedAdapter {
  checkClaims(adapters, task);
  const tiers = tiersOf(adapters, task.rank);
  const tierOf = (rank: number) => tiers.find((tier) => tier.rank === rank) ?? tiers[0];
  const clients = adapters.map((adapter): Client => {
    const { name, rank, weight } = adapter;
    return { name, rank, weight, values: valuesInTier(adapter, tierOf(rank)) };
  });
  const result = aggregate(clients, openRound(clients, { ...task, tiers }), task);
  const tier = tierOf(task.rank ?? Math.max(...adapters.map(({ rank }) => rank)));
  const values = task.method.adapter(result.state, tier.rank);
  return { ...withResidual({ tier, values }, residualsOf(result)), metrics: result.metrics };
}

/** What the round added to the base. */
function residualsOf({ parts }: MethodResult<unknown>): FactoredResidual[] {
  return parts.flatMap((part) => (part.kind === "residual" ? part.modules : []));
}

function aggregate(
  clients: readonly Client[],
  { state, round, plan, tiers }: OpenRound,
  { method }: CombineTask,
): MethodResult<unknown> {
  const roles = plan.upload;
  const received = tiers.map(({ rank, layout }) => ({
    rank,
    layout,
    values: gatherRoles(layout, method.adapter(state, rank), roles),
  }));
  const facts = {
    round,
    sampled: clients.length,
    accepted: clients.length,
    totalWeight: clients.reduce((sum, { weight }) => sum + weight, 0),
  };
  let previous: object | null = null;
  for (let index = 0; index < method.passes; index++) {
    const sums = method.begin(state, facts, { index, previous });
    for (const [client, { rank, weight, values }] of clients.entries()) {
      const from = received.find((tier) => tier.rank === rank);
      if (from === undefined) continue;
      const delta = gatherRoles(from.layout, values, roles);
      delta.forEach((value, i) => (delta[i] = value - (from.values[i] ?? 0)));
      method.accumulate(sums, { index: client, rank, weight, roles, delta });
    }
    previous = sums;
  }
  return method.finish(state, previous ?? {}, rngFromSeed(0));
}
