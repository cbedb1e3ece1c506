/** Rounds of random size for properties: who takes part, with which weight, and what came of it as full matrices. */
import { adapterKinds, gatherRoles, rngFromSeed } from "@fedtune/core";
import type { FactoredResidual, Method, MethodMetrics, MethodUpdate, Rng } from "@fedtune/core";
import {
  caughtUp,
  effectiveUpdate,
  methodBench,
  openFederation,
  playRound,
  randomRound,
  tierIn,
} from "@fedtune/testkit";
import type { Federation, MethodBench, ToyClient } from "@fedtune/testkit";
import * as fc from "fast-check";

/** What a property draws: clients by rank and weight, and a seed for what they train. */
export interface Cohort {
  readonly seed: number;
  readonly clients: readonly { readonly rank: number; readonly weight: number }[];
}

/** One to five clients of the given ranks with any positive weights. */
export function cohorts(ranks: readonly number[], maxClients = 5): fc.Arbitrary<Cohort> {
  const client = fc.record({
    rank: fc.constantFrom(...ranks),
    weight: fc.double({ min: 0.01, max: 1000, noNaN: true }),
  });
  return fc.record({
    seed: fc.nat(),
    clients: fc.array(client, { minLength: 1, maxLength: maxClients }),
  });
}

/** A round that has closed. */
export interface Outcome {
  readonly bench: MethodBench;
  readonly state: unknown;
  readonly metrics: MethodMetrics;
  readonly residuals: readonly FactoredResidual[];
  /** What each client trained, as weight changes of all modules. */
  readonly products: readonly Float64Array[];
  /** Their weighted mean. */
  readonly ideal: Float64Array;
  /** What a client of each tier holds afterwards, as weight changes. */
  readonly reached: readonly Float64Array[];
  readonly updates: readonly MethodUpdate[];
  readonly trained: readonly Float32Array[];
}

/** A bench of a method over the first kind that it accepts, or the one named. */
export function benchOf(
  method: Method,
  options: {
    readonly config?: object;
    readonly ranks?: readonly [number, ...number[]];
    readonly kind?: string;
  } = {},
): MethodBench {
  const { config = {}, ranks = [2], kind: name } = options;
  const kind = adapterKinds.find((candidate) =>
    name === undefined
      ? method.claims.products.includes(candidate.product)
      : candidate.name === name,
  )!;
  const bench = methodBench(method, { kind, head: "freeze", ranks });
  return { ...bench, config: method.config.parse(config) };
}

/** A federation after one round of noise, so that B is not zero. */
export function warmedUp(bench: MethodBench, rounds = 1): Federation {
  let federation: Federation = openFederation(bench);
  for (let round = 1; round <= rounds; round++) {
    federation = playRound(bench, federation, randomRound(bench, `warm up ${String(round)}`));
  }
  return federation;
}

/** The next round with this cohort; `change` turns a start into what a client has trained. */
export function roundOf(
  bench: MethodBench,
  before: Federation,
  cohort: Cohort,
  change: (
    rng: Rng,
    start: Float32Array,
    client: { readonly index: number },
  ) => Float32Array = moved,
): Outcome {
  const { method } = bench;
  const { server } = before;
  const round = server.round + 1;
  const parties = cohort.clients.map(({ rank, weight }, index) => {
    const known = before.clients.find((client) => client.rank === rank)!;
    const client = caughtUp(bench, { ...known, index, weight }, server);
    const { layout } = tierIn(bench.context.tiers, rank);
    const plan = method.plan(server.state, round, client);
    const rng = rngFromSeed(`client ${String(index)} of ${String(cohort.seed)}`);
    const all = change(rng, client.values.slice(), client);
    const trained = client.values.slice();
    for (const { role, offset, size } of layout.factors) {
      if (plan.train.includes(role)) trained.set(all.subarray(offset, offset + size), offset);
    }
    const [after, start] = [trained, client.values].map((values) =>
      gatherRoles(layout, values, plan.upload),
    ) as [Float32Array, Float32Array];
    const delta = after.map((value, i) => value - start[i]!);
    return { client, trained, update: { index, rank, weight, roles: plan.upload, delta } };
  });
  const updates = parties.map(({ update }) => update);
  const closed = closedWith(bench, server, updates);
  const effect = ({ rank, residuals }: ToyClient, values: Float32Array): Float64Array =>
    effectiveUpdate(bench.modules, tierIn(bench.context.tiers, rank), { values, residuals });
  const products = parties.map(({ client, trained }) => effect(client, trained));
  const total = updates.reduce((sum, { weight }) => sum + weight, 0);
  const ideal = products[0]!.map((_, i) =>
    products.reduce((sum, product, k) => sum + (updates[k]!.weight / total) * product[i]!, 0),
  );
  const reached = bench.context.tiers.map(({ rank }) => {
    const known = before.clients.find((client) => client.rank === rank)!;
    const client = caughtUp(bench, known, closed);
    return effect(client, client.values);
  });
  const residuals = closed.parts.flatMap((part) => (part.kind === "residual" ? part.modules : []));
  const trained = parties.map((party) => party.trained);
  return { bench, ...closed, residuals, products, ideal, reached, updates, trained };
}

/** Closes the server's next round over these updates, in their order. */
export function closedWith(
  { method }: MethodBench,
  server: Federation["server"],
  updates: readonly MethodUpdate[],
) {
  const round = server.round + 1;
  const [sampled, accepted] = [updates.length, updates.length];
  const totalWeight = updates.reduce((sum, { weight }) => sum + weight, 0);
  const facts = { round, sampled, accepted, totalWeight };
  let accumulator = method.begin(server.state, facts, { index: 0, previous: null });
  for (let index = 0; index < method.passes; index++) {
    if (index > 0)
      accumulator = method.begin(server.state, facts, { index, previous: accumulator });
    for (const update of updates) method.accumulate(accumulator, update);
  }
  const result = method.finish(server.state, accumulator, rngFromSeed(`finish ${String(round)}`));
  const published = new Map(server.published);
  for (const part of result.parts) published.set(part.id, part);
  return { ...result, round, published };
}

function moved(rng: Rng, start: Float32Array): Float32Array {
  return start.map((value) => value + 0.3 * rng.normal());
}
