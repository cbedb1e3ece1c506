/** What happens to the updates of a round that has closed. */
import { asFedtuneError } from "../errors.ts";
import type { ErrorCode } from "../errors.ts";
import { mergeMetrics } from "../metrics.ts";
import type { MethodUpdate } from "../method.ts";
import type { UpdateRow } from "../store/store.ts";
import { decodeUpdate } from "../update.ts";
import type { Context } from "./coordinator.ts";
import { clientRank } from "./setup.ts";
import type { RoundEffect } from "./types.ts";

type Effect = Extract<RoundEffect, { type: "aggregate" }>;

/** What a round's updates can do to it: the attempt is given up, the run goes on. */
const roundErrors: readonly ErrorCode[] = [
  "no-updates",
  "zero-weight",
  "not-finite",
  "shape-mismatch",
  "layout-mismatch",
  "update-too-large",
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
  const result = await model.aggregate({ ...facts, updates: () => updates(context, weighted) });
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

function weightOf(context: Context, row: UpdateRow): number {
  return context.setup.resolved.config.rounds.weightedBy === "examples" ? row.examples : 1;
}

async function* updates(
  context: Context,
  weighted: readonly { readonly row: UpdateRow; readonly weight: number }[],
): AsyncGenerator<MethodUpdate> {
  const { config } = context.setup.resolved;
  for (const { row, weight } of weighted) {
    const bytes = await context.ports.blobs.get(row.blob.hash);
    const { index } = row;
    const { delta, support } = decodeUpdate(bytes, context.model.expected(row.round, index));
    const { upload: roles } = context.model.plan(index);
    const update = { index, rank: clientRank(config, index), weight, roles, delta };
    yield support === null ? update : { ...update, support };
  }
}
