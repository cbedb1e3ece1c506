/** A whole run in memory: the coordinator, the network, and clients with the real session. */
import { methods } from "@fedtune/aggregators";
import {
  adapterKinds,
  clientId,
  memoryBlobs,
  memoryNetwork,
  memoryStore,
  openCoordinator,
  prepareRun,
  resolveRun,
  runId,
  virtualClock,
} from "@fedtune/core";
import type {
  AdapterShape,
  ClientState,
  DataRef,
  Passage,
  RunEnd,
  SessionEnd,
  Trainer,
} from "@fedtune/core";
import { nodeHash } from "@fedtune/testkit";
import { memoryClientState } from "../memory-state.ts";
import type { ClientListener } from "../ports.ts";
import { runClient } from "../run-client.ts";

/** A client of the run. */
export interface Participant {
  readonly trainer: Trainer;
  readonly data: DataRef;
  readonly listener?: ClientListener;
}

/** How a run went. */
export interface PlayedRun {
  readonly end: RunEnd;
  readonly sessions: readonly SessionEnd[];
  /** What the clients would find after a restart. */
  readonly states: readonly ClientState[];
  /** Round by round. */
  readonly rounds: readonly {
    readonly accepted: readonly number[];
    readonly declined: number;
  }[];
  /** Everything that clients and coordinator said. */
  readonly heard: readonly Passage[];
  /** Milliseconds of the run's own time. */
  readonly tookMs: number;
}

/** Plays three rounds for which the coordinator waits until all clients are there; `config` replaces whole sections. */
export async function playInMemory(
  participants: readonly Participant[],
  {
    shape,
    config,
  }: { readonly shape: AdapterShape; readonly config: Readonly<Record<string, unknown>> },
): Promise<PlayedRun> {
  const run = runId("memory");
  const names = participants.map((_, index) => `c${index}`);
  const rounds = { numRounds: 3, minAvailableClients: names.length, minFitClients: 1 };
  const whole = {
    ...{ name: run, participants: names, rounds: { ...rounds, weightedBy: "uniform" } },
    task: { kind: "sequence-classification", labels: ["no", "yes"] },
    ...config,
  };
  const resolved = resolveRun(whole, { methods, kinds: adapterKinds }, nodeHash);
  const setup = prepareRun(run, resolved, { describe: () => shape, hash: nodeHash });
  const clock = virtualClock(() => new Promise((resolve) => setImmediate(resolve)));
  const heard: Passage[] = [];
  const fate = (passage: Passage): readonly number[] => {
    heard.push(passage);
    return [5];
  };
  const network = memoryNetwork({ clock, verify: nodeHash, fate });
  const store = memoryStore();
  const coordinator = await openCoordinator(setup, {
    ...{ transport: network.server, store, blobs: memoryBlobs(), clock, hash: nodeHash },
    ...{ evaluate: null, privacy: null },
  });
  const ended = coordinator.run();
  const states = names.map(() => memoryClientState());
  const playing = participants.map(({ trainer, data, listener = {} }, index) => {
    const name = names[index] ?? "";
    const state = states[index] ?? memoryClientState();
    const describe = () => Promise.resolve(shape);
    return runClient(
      { transport: network.client(name), state, clock, hash: nodeHash, trainer, describe },
      { client: clientId(name), run: null, data, software: "test", listener },
    );
  });
  const end = await clock.runUntil(ended);
  const sessions = await clock.runUntil(Promise.all(playing));
  const history = await store.getHistory(run);
  return { end, sessions, states, heard, rounds: history?.rounds ?? [], tookMs: clock.now() };
}

/** The messages of one type among those that were heard. */
export function saidBy(
  heard: readonly Passage[],
  type: string,
): readonly Readonly<Record<string, unknown>>[] {
  return heard
    .map(({ message }) => JSON.parse(message) as Record<string, unknown>)
    .filter((message) => message["type"] === type);
}
