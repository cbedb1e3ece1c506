/** Combiners on updates without a run around them. */
import { rngFromSeed } from "@fedtune/core";
import type { ClosedRound, Combiner, MethodMetrics, MethodUpdate } from "@fedtune/core";

/** A client's dense update of one role, weight 1 unless given. */
export function updateOf(index: number, values: ArrayLike<number>, weight = 1): MethodUpdate {
  return { index, rank: 2, weight, roles: ["up"], delta: Float32Array.from(values) };
}

/** A round of these updates, in this order. */
function roundWith(updates: readonly MethodUpdate[]): ClosedRound {
  const totalWeight = updates.reduce((sum, { weight }) => sum + weight, 0);
  const { length } = updates;
  return {
    ...{ round: 3, sampled: length, accepted: length, totalWeight },
    async *updates() {
      for (const update of updates) yield await Promise.resolve(update);
    },
  };
}

/** What a combiner made of some updates. */
export interface CombinedRound {
  readonly closed: ClosedRound;
  /** In the order in which the method sees them. */
  readonly updates: readonly MethodUpdate[];
  readonly metrics: MethodMetrics;
}

/** Runs a combiner; options are its defaults but for those given. */
export async function combined(
  combiner: Combiner,
  updates: readonly MethodUpdate[],
  options: Readonly<Record<string, unknown>> = {},
): Promise<CombinedRound> {
  const { closed, metrics } = await combiner.combine(
    combiner.config.parse(options),
    roundWith(updates),
  );
  const seen: MethodUpdate[] = [];
  for await (const update of closed.updates()) seen.push(update);
  return { closed, updates: seen, metrics: metrics() };
}

/** The weighted mean that a linear method makes of a round, in float64. */
export function meanOf(updates: readonly MethodUpdate[]): Float64Array {
  const [first] = updates as [MethodUpdate];
  const total = updates.reduce((sum, { weight }) => sum + weight, 0);
  return Float64Array.from(first.delta, (_, i) =>
    updates.reduce((sum, { weight, delta }) => sum + (weight / total) * delta[i]!, 0),
  );
}

/** Euclidean distance. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Math.sqrt(Array.from(a).reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0));
}

/** Honest clients: one direction of length about sqrt(length), and a tenth of noise each. */
export function honestClients(count: number, length = 24, seed = "honest"): Float32Array[] {
  const rng = rngFromSeed(seed);
  const common = Float64Array.from({ length }, () => rng.uniform() * 2);
  return Array.from({ length: count }, () =>
    Float32Array.from(common, (value) => value + 0.1 * (rng.uniform() - 0.5)),
  );
}
