/** The server's half of a method without an engine: what it has published, round after round. */
import { rngFromSeed } from "@fedtune/core";
import type { Accumulator, BroadcastPart, MethodMetrics, MethodUpdate } from "@fedtune/core";
import type { MethodSetup } from "./bench.ts";

/** A method's state and all parts that it has published. */
export interface MethodServer {
  readonly state: unknown;
  readonly round: number;
  readonly published: ReadonlyMap<string, BroadcastPart>;
}

/** A server after a round, with what that round published. */
export interface ClosedRound extends MethodServer {
  readonly parts: readonly BroadcastPart[];
  readonly metrics: MethodMetrics;
}

/** A server before its first round. */
export function openServer({ method, config, context }: MethodSetup): MethodServer {
  const state = method.init(config, context, rngFromSeed("init"));
  return { state, round: 0, published: new Map() };
}

/** Closes a round as the engine does: updates in participant order, once per pass. */
export function closeRound(
  setup: MethodSetup,
  before: MethodServer,
  updates: readonly MethodUpdate[],
): ClosedRound {
  const inOrder = updates.toSorted((a, b) => a.index - b.index);
  return closeUnsorted(setup, before, inOrder);
}

/** As {@link closeRound}, in the given order. */
export function closeUnsorted(
  { method }: MethodSetup,
  before: MethodServer,
  updates: readonly MethodUpdate[],
): ClosedRound {
  const { state } = before;
  const round = before.round + 1;
  const count = updates.length;
  const totalWeight = updates.reduce((sum, { weight }) => sum + weight, 0);
  const facts = { round, sampled: count, accepted: count, totalWeight };
  let accumulator: Accumulator | null = null;
  for (let index = 0; index < method.passes; index++) {
    accumulator = method.begin(state, facts, { index, previous: accumulator });
    for (const update of updates) method.accumulate(accumulator, update);
  }
  if (accumulator === null)
    throw new RangeError(`Cannot close a round in ${String(method.passes)} passes`);
  const result = method.finish(state, accumulator, rngFromSeed(`finish ${String(round)}`));
  const published = new Map(before.published);
  for (const part of result.parts) published.set(part.id, part);
  return { ...result, round, published };
}

/** The server after a restart: its state has been through bytes. */
export function restarted(setup: MethodSetup, before: MethodServer): MethodServer {
  const { method, config, context } = setup;
  return { ...before, state: method.decode(method.encode(before.state), config, context) };
}
