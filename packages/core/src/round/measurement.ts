/** Whether and how a round's aggregation error is measured: some methods have none, some have no product to compare. */
import type { MethodResult, MethodUpdate } from "../method.ts";
import type { AggregationErrorRow } from "../store/store.ts";
import { openMeter } from "./aggregation-meter.ts";
import type { RunSetup } from "./setup.ts";

/** Watches one aggregation. */
export interface Measurement {
  add(update: MethodUpdate): void;
  finish(result: MethodResult<unknown>, pause: () => Promise<void>): Promise<AggregationErrorRow>;
}

/** The row of a round without updates. */
export const nothingMeasured = unmeasured("no update was aggregated");

/** Opens the measurement of one round, over the state before it. */
export function openMeasurement(
  setup: RunSetup,
  round: { readonly state: unknown; readonly round: number; readonly clients: number },
): Measurement {
  const { resolved, context, modules, rng } = setup;
  const { method, kind } = resolved;
  const fixed = withoutMeasuring(setup, round.state);
  if (fixed !== null) return { add: () => undefined, finish: () => Promise.resolve(fixed) };
  const started = (tier: (typeof context.tiers)[number]) => ({
    tier,
    start: method.clientAdapter?.(round.state, tier.rank) ?? method.adapter(round.state, tier.rank),
  });
  const [first, ...others] = context.tiers;
  const meter = openMeter({
    tiers: [started(first), ...others.map(started)],
    modules,
    product: kind.product,
    clients: round.clients,
    rng: rng.fork(`round/${round.round}/aggregation-error`),
  });
  return {
    add: (update) => {
      meter.add(update);
    },
    finish({ state, parts }, pause) {
      const values = method.adapter(state, resolved.config.adapter.rank);
      const residuals = parts.flatMap((part) => (part.kind === "residual" ? part.modules : []));
      return meter.finish({ values, residuals }, pause);
    },
  };
}

/** The row where the error is known, or has no meaning; null: it must be measured. */
function withoutMeasuring(setup: RunSetup, state: unknown): AggregationErrorRow | null {
  const { method, config } = setup.resolved;
  if (config.privacy.mode === "user-level")
    return unmeasured("privacy.mode user-level: nothing but the updates' noisy mean is read");
  if (config.rounds.mode === "buffered")
    return unmeasured("rounds.mode buffered: clients start from the adapters of several rounds");
  if (config.rounds.lateUpdates === "next-round")
    return unmeasured(
      "rounds.lateUpdates next-round: clients start from the adapters of two rounds",
    );
  const { personal } = method.plan(state, 1, { index: 0, rank: config.adapter.rank, holds: null });
  const kept = personal.filter((role) => role !== "head");
  if (kept.length > 0) {
    return unmeasured(`${kept.join(" and ")} stay with the clients: there is no single product`);
  }
  if (method.claims.exactProduct) return { total: 0, reason: null, standardError: 0, modules: {} };
  if (!config.evaluation.aggregationError) return unmeasured("evaluation.aggregationError is off");
  return null;
}

function unmeasured(reason: string): AggregationErrorRow {
  return { total: null, reason, standardError: null, modules: {} };
}
