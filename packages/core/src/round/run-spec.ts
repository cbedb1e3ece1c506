/** What clients are told of a run when they are welcomed. */
import type { RunSpec } from "../protocol/messages.ts";
import type { Context } from "./coordinator.ts";
import { clientRank, initialStream } from "./setup.ts";
import type { PreparedTier } from "./setup.ts";

/** The rank tier of one client. */
export function tierOf({ setup }: Pick<Context, "setup">, index: number): PreparedTier {
  const rank = clientRank(setup.resolved.config, index);
  return setup.tiers.find((tier) => tier.rank === rank) ?? setup.tiers[0];
}

/** What a client must know of the run, from its resolved config. */
export function runSpec(context: Pick<Context, "setup">, index: number): RunSpec {
  const { resolved, rng } = context.setup;
  const { config } = resolved;
  const { clientRanks: _all, ...adapter } = config.adapter;
  const { rank, layoutHash, initialHash, initialBlob } = tierOf(context, index);
  return {
    configHash: resolved.hash,
    model: config.model,
    task: config.task,
    adapter: { ...adapter, rank },
    head: config.head,
    training: config.training,
    privacy: config.privacy,
    holdout: config.evaluation.holdout,
    layoutHash,
    initial:
      initialBlob === null
        ? { kind: "seed", key: [...initialStream(rng).state().key] }
        : { kind: "blob", hash: initialBlob.hash, bytes: initialBlob.bytes.length },
    initialHash,
    ...(config.rounds.lateUpdates === "drop" ? {} : { lateUpdates: "next-round" }),
  };
}
