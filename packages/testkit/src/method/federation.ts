/** A whole federation in memory: one server, a few clients, no engine. */
import type { MethodUpdate } from "@fedtune/core";
import type { MethodBench } from "./bench.ts";
import { caughtUp, newClient, planOf, trainedRound } from "./client.ts";
import type { ToyClient, ToyTraining } from "./client.ts";
import { closeRound, openServer } from "./server.ts";
import type { ClosedRound, MethodServer } from "./server.ts";

/** Server and clients between two rounds. */
export interface Federation {
  readonly server: MethodServer;
  /** In order of their index. */
  readonly clients: readonly ToyClient[];
}

/** A federation after a round, with what travelled in it. */
export interface PlayedRound extends Federation {
  readonly server: ClosedRound;
  readonly updates: readonly MethodUpdate[];
}

/** How a round is played. */
export interface RoundOptions {
  /** Training on the given roles. */
  train(roles: readonly string[]): ToyTraining;
  /** Indices of the clients that take no part. */
  readonly absent?: readonly number[];
}

const weights = [5, 1, 3.5, 2];

/** Three clients in one tier; two in each of several. */
export function openFederation(bench: MethodBench): Federation {
  const { tiers } = bench.context;
  const perTier = tiers.length === 1 ? 3 : 2;
  const ranks = tiers.flatMap(({ rank }) => Array.from({ length: perTier }, () => rank));
  const clients = ranks.map((rank, index) =>
    newClient(bench, { index, rank, weight: weights[index % weights.length]! }),
  );
  return { server: openServer(bench), clients };
}

/** One round: those present catch up, train and upload; the round closes over all of them. */
export function playRound(
  bench: MethodBench,
  { server, clients }: Federation,
  { train, absent = [] }: RoundOptions,
): PlayedRound {
  const updates: MethodUpdate[] = [];
  const next = clients.map((client) => {
    if (absent.includes(client.index)) return client;
    const ready = caughtUp(bench, client, server);
    const roles = planOf(bench, ready, server).train;
    const done = trainedRound(bench, ready, { server, train: train(roles) });
    updates.push(done.update);
    return done.client;
  });
  // The round gets copies: a method that changes what it is given must not do so unseen.
  return { server: closeRound(bench, server, structuredClone(updates)), clients: next, updates };
}
