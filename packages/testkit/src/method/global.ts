/** What a round did to everybody, as one vector. */
import type { BroadcastPart } from "@fedtune/core";
import type { MethodBench } from "./bench.ts";
import { caughtUp, newClient } from "./client.ts";
import type { ClosedRound, MethodServer } from "./server.ts";
import { effectOf } from "./product.ts";

/** Every tier's adapter and all values of the round's parts, for comparisons bit for bit. */
export function globalBits({ method, context }: MethodBench, closed: ClosedRound): Float32Array {
  const adapters = context.tiers.map(({ rank }) => method.adapter(closed.state, rank));
  return concatenated([...adapters, ...closed.parts.flatMap(vectorsOf)]);
}

/** What a client of each tier that starts from nothing ends up with: its weight changes, magnitudes and head. */
export function globalEffect(bench: MethodBench, server: MethodServer): number[] {
  return bench.context.tiers.flatMap((tier) => {
    const client = newClient(bench, { index: 0, rank: tier.rank, weight: 1 });
    return [...effectOf(bench.modules, tier, caughtUp(bench, client, server))];
  });
}

/** All vectors of a part, in order; positions as numbers. */
export function vectorsOf(part: BroadcastPart): Float32Array[] {
  if (part.kind === "factors" && part.support !== undefined) {
    return [part.values, Float32Array.from(part.support)];
  }
  if (part.kind !== "residual") return [part.values];
  return part.modules.flatMap(({ left, right }) => [left, right]);
}

function concatenated(vectors: readonly Float32Array[]): Float32Array {
  return Float32Array.from(vectors.flatMap((vector) => [...vector]));
}
