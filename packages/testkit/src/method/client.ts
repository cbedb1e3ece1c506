/** The client's half of a method without a trainer: it applies what it is told and returns what its plan uploads. */
import { applyParts, gatherRoles, pick, scatterRoles, selectRoles, supportOf } from "@fedtune/core";
import type {
  BroadcastPart,
  FactoredResidual,
  Layout,
  MethodUpdate,
  Plan,
  PlannedClient,
} from "@fedtune/core";
import type { MethodBench } from "./bench.ts";
import { tierIn } from "./bench.ts";
import { openServer } from "./server.ts";
import type { MethodServer } from "./server.ts";

/** One data holder: the global adapter as it last received it, and its own personal factors. */
export interface ToyClient {
  readonly index: number;
  readonly rank: number;
  readonly weight: number;
  /** The round that `values` and `residuals` belong to; null when they are of no use. */
  readonly holds: number | null;
  /** The tier's full vector as received. */
  readonly values: Float32Array;
  /** Added to the base so far, in order. */
  readonly residuals: readonly FactoredResidual[];
  /** The full vector after the last training, of which only personal roles count; null before. */
  readonly trained: Float32Array | null;
}

/** Turns a start vector into a trained one; roles outside of the plan come back as they were. */
export type ToyTraining = (client: ToyClient, start: Float32Array) => Float32Array;

/** A client before its first round. */
export function newClient(
  bench: MethodBench,
  who: { readonly index: number; readonly rank: number; readonly weight: number },
): ToyClient {
  return {
    ...who,
    holds: 0,
    values: firstValues(bench, who.rank),
    residuals: [],
    trained: null,
  };
}

/** What every client of a tier holds before round 1: the method may have changed what the kind drew. */
function firstValues(bench: MethodBench, rank: number): Float32Array {
  const { state } = openServer(bench);
  return bench.method.clientAdapter?.(state, rank) ?? bench.method.adapter(state, rank);
}

/** The client after downloading what it lacks. */
export function caughtUp(bench: MethodBench, client: ToyClient, server: MethodServer): ToyClient {
  const { layout } = tierIn(bench.context.tiers, client.rank);
  const from = client.holds === null ? firstValues(bench, client.rank) : client.values;
  const { values, residuals } = applyParts(layout, from, partsFor(bench, client, server));
  const earlier = client.holds === null ? [] : client.residuals;
  return { ...client, holds: server.round, values, residuals: [...earlier, ...residuals] };
}

/** The published parts that a client is told to download. */
export function partsFor(
  { method }: MethodBench,
  client: PlannedClient,
  server: MethodServer,
): BroadcastPart[] {
  return method.download(server.state, client).map((id) => {
    const part = server.published.get(id);
    if (part === undefined) throw new RangeError(`Cannot download "${id}": it was never published`);
    return part;
  });
}

/** The tier's full vector that a client trains or evaluates: global values, its personal factors in place. */
export function ownAdapter(
  bench: MethodBench,
  client: ToyClient,
  server: MethodServer,
): Float32Array {
  const { layout } = tierIn(bench.context.tiers, client.rank);
  const roles = planOf(bench, client, server).personal;
  const values = client.values.slice();
  if (client.trained !== null) {
    scatterRoles(layout, values, { roles, packed: gatherRoles(layout, client.trained, roles) });
  }
  return values;
}

/** One round at one client that has caught up: trains and returns the update beside the client's next self. */
export function trainedRound(
  bench: MethodBench,
  client: ToyClient,
  options: { readonly server: MethodServer; readonly train: ToyTraining },
): { readonly client: ToyClient; readonly update: MethodUpdate } {
  const { layout } = tierIn(bench.context.tiers, client.rank);
  const plan = planOf(bench, client, options.server);
  const start = ownAdapter(bench, client, options.server);
  const trained = options.train(client, start.slice());
  const after = gatherRoles(layout, trained, plan.upload);
  const before = gatherRoles(layout, start, plan.upload);
  const { index, rank, weight } = client;
  const change = after.map((value, i) => value - before[i]!);
  const sent = sentOf(layout, plan, change);
  return {
    client: { ...client, trained },
    update: { index, rank, weight, roles: plan.upload, ...sent },
  };
}

/** What travels of a packed change: all of it, or the values that a sparse plan keeps. */
export function sentOf(
  layout: Layout,
  { upload, sparsify }: Pick<Plan, "upload" | "sparsify">,
  change: Float32Array,
): Pick<MethodUpdate, "delta" | "support"> {
  if (sparsify === null) return { delta: poisonedAround(change) };
  const support = supportOf(selectRoles(layout, upload), change, sparsify);
  return { delta: poisonedAround(pick(change, support)), support };
}

/** The plan of the round after the server's last one. */
export function planOf({ method }: MethodBench, client: PlannedClient, server: MethodServer) {
  return method.plan(server.state, server.round + 1, client);
}

/** The same values as a view, with NaN before and after them in memory: reading past an upload shows. */
export function poisonedAround(values: Float32Array): Float32Array {
  const margin = 16;
  const memory = new Float32Array(values.length + 2 * margin).fill(Number.NaN);
  memory.set(values, margin);
  return memory.subarray(margin, margin + values.length);
}
