/** What happens to the updates of a round that has closed. */
import { asFedtuneError } from "../errors.ts";
import type { ErrorCode } from "../errors.ts";
import { mergeMetrics } from "../metrics.ts";
import type { UpdateRow } from "../store/store.ts";
import type { Context } from "./coordinator.ts";
import { stalenessOf, stalenessWeight } from "./staleness.ts";
import type { RoundEffect } from "./types.ts";

type Effect = Extract<RoundEffect, { type: "aggregate" }>;

/** What a round's updates, or the thread that combines them, can do to it: the attempt is given up, the run goes on. */
const roundErrors: readonly ErrorCode[] = [
  "no-updates",
  "zero-weight",
  "not-finite",
  "shape-mismatch",
  "layout-mismatch",
  "update-too-large",
  "not-enough-clients",
  "timeout",
  "backend-broken",
];

/** Aggregates the accepted updates; when they are at fault, the attempt ends and the run goes on. */
export async function tryToAggregate(context: Context, effect: Effect): Promise<void> {
  try {
    await aggregate(context, effect);
  } catch (error) {
    const { code, message } = asFedtuneError(error);
    if (!roundErrors.includes(code)) throw error;
    context.post({ type: "aggregationFailed", code, message });
  }
}

async function aggregate(context: Context, effect: Effect): Promise<void> {
  const { setup, ports, model } = context;
  const rows = await ports.store.getUpdates(setup.id, effect.round, effect.accepted);
  const weighted = rows.map((row) => ({ row, weight: weightOf(context, row) }));
  const totalWeight = weighted.reduce((sum, { weight }) => sum + weight, 0);
  const facts = {
    round: effect.round,
    sampled: effect.sampled,
    accepted: rows.length,
    totalWeight,
  };
  const updates = weighted.map(({ row: { index, blob, round, base = round - 1 }, weight }) => ({
    ...{ index, weight, hash: blob.hash },
    round: base + 1,
  }));
  const result = await model.aggregate({ facts, updates });
  const { counts, attempt } = context.state();
  context.round.pending = {
    round: effect.round,
    attempt,
    sampled: effect.sampled,
    accepted: effect.accepted,
    refusals: Object.fromEntries(context.round.refusals),
    declined: counts.declined,
    gone: counts.gone,
    training: mergeMetrics(
      weighted.map(({ row, weight }) => ({
        weight,
        metrics: { ...row.metrics, examples: row.examples },
      })),
    ),
    method: result.metrics,
    aggregationError: result.aggregationError,
    privacy: result.privacy,
    state: result.state,
    parts: result.parts,
    adapters: result.adapters,
  };
  context.post({ type: "aggregated" });
}

/** The client's own word for how much it has, up to the cap; less if it is stale. */
function weightOf(context: Context, row: UpdateRow): number {
  const { rounds, firewall } = context.setup.resolved.config;
  const claimed = rounds.weightedBy === "examples" ? row.examples : 1;
  const most = Math.min(claimed, firewall.maxWeight ?? Infinity);
  return most * stalenessWeight(rounds, stalenessOf(row));
}
