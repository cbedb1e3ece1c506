/** A sparse run over rank tiers, by hand: its clients can be restarted and tampered with, and all blobs are seen. */
import { methods } from "@fedtune/aggregators";
import { memoryClientState, runClient } from "@fedtune/client";
import {
  adapterKinds,
  clientId,
  keptCount,
  layoutHash,
  memoryBlobs,
  memoryNetwork,
  memoryStore,
  openCoordinator,
  prepareRun,
  resolveRun,
  runId,
  selectRoles,
  virtualClock,
} from "@fedtune/core";
import type {
  Blobs,
  ClientState,
  ClientTransport,
  Coordinator,
  ExpectedUpdate,
  Fate,
  Layout,
  Passage,
  RunHistory,
  Sparsify,
  Trainer,
  VirtualClock,
} from "@fedtune/core";
import { nodeHash, toyData, toyLayout, toyTrainer } from "@fedtune/testkit";

/** Ranks of the clients in turn. */
const clientRanks = [2, 4];
/** Clients of the run. */
export const numClients = 4;

const modules = [
  { name: "a", in: 6, out: 5 },
  { name: "b", in: 4, out: 3 },
];

/** What a client of this index uploads, packed. */
export function uploadedLayout(index: number): Layout {
  return selectRoles(toyLayout(rankOf(index)), ["down", "up", "head"]);
}

/** The rank of a client. */
export function rankOf(index: number): number {
  return clientRanks[index % clientRanks.length] ?? 0;
}

/** What an honest update of a client must be. */
export function expectedUpdate(index: number, round: number): ExpectedUpdate {
  const packed = uploadedLayout(index);
  const { densityUp: density } = methodOptions;
  const sparsify: Sparsify = {
    density,
    mask: "role",
    dense: ["head"],
    errorFeedbackRounds: 2,
    freezeZeros: false,
  };
  const hash = layoutHash(toyLayout(rankOf(index)), nodeHash);
  const kept = keptCount(packed, sparsify);
  return { round, codec: "f32", layoutHash: hash, length: packed.size, kept };
}

const methodOptions = { densityDown: 0.3, densityUp: 0.2, errorFeedbackRounds: 2 };

/** The run's config. */
const config = {
  name: "sparse",
  task: { kind: "sequence-classification", labels: ["no", "yes"] },
  adapter: { rank: 4, clientRanks },
  method: { name: "cellm", ...methodOptions },
  training: { learningRate: 0.2 },
  rounds: {
    numRounds: 5,
    minAvailableClients: numClients,
    minFitClients: 3,
    roundTimeoutMs: 60_000,
  },
  participants: Array.from({ length: numClients }, (_, k) => `c${String(k)}`),
};

/** A run that has not begun. */
export interface SparseWorld {
  readonly clock: VirtualClock;
  readonly coordinator: Coordinator;
  /** Every blob that was stored, in order. */
  readonly stored: readonly Uint8Array[];
  /** A client's durable memory. */
  state(index: number): ClientState;
  /** Starts a client, or starts it again. */
  start(index: number, change?: (transport: ClientTransport) => ClientTransport): void;
  /** Cuts a client off for good. */
  stop(index: number): void;
  /** Lets time pass until `when` holds. */
  until(when: () => boolean): Promise<void>;
  /** Lets time pass until the run ends. */
  end(): Promise<RunHistory>;
}

/** Opens a run; `trainer` trains one tier. */
export async function openSparseWorld(
  change: {
    readonly fate?: (passage: Passage) => Fate;
    readonly trainer?: (honest: Trainer) => Trainer;
  } = {},
): Promise<SparseWorld> {
  const stored: Uint8Array[] = [];
  const memory = memoryBlobs();
  const blobs: Blobs = {
    ...memory,
    put: (bytes, hash) => (stored.push(bytes.slice()), memory.put(bytes, hash)),
  };
  const store = memoryStore();
  const resolved = resolveRun(config, { methods, kinds: adapterKinds }, nodeHash);
  const setup = prepareRun(runId("sparse"), resolved, {
    describe: ({ rank }) => ({ layout: toyLayout(rank), modules }),
    hash: nodeHash,
  });
  const clock = virtualClock(() => new Promise((resolve) => setImmediate(resolve)));
  const fate = change.fate ?? (() => [5]);
  const network = memoryNetwork({ clock, verify: nodeHash, fate });
  const ports = { transport: network.server, store, blobs, clock, hash: nodeHash, evaluate: null };
  const coordinator = await openCoordinator(setup, ports);
  const states = Array.from({ length: numClients }, memoryClientState);
  const ended = coordinator.run();
  const state = (index: number): ClientState => states[index] ?? memoryClientState();
  return {
    clock,
    coordinator,
    stored,
    state,
    start(index, tamper = (transport) => transport) {
      const honest = toyTrainer(toyLayout(rankOf(index)));
      const own = {
        transport: tamper(network.client(`c${String(index)}`)),
        state: state(index),
        trainer: change.trainer?.(honest) ?? honest,
        clock,
        hash: nodeHash,
        describe: () => Promise.resolve({ layout: toyLayout(rankOf(index)), modules }),
      };
      const data = toyData(index, 10 + index);
      const options = { client: clientId(`c${String(index)}`), run: null, data, software: "test" };
      void runClient(own, { ...options, verify: true }).catch(() => undefined);
    },
    stop(index) {
      network.cut(`c${String(index)}`, true);
    },
    async until(when) {
      while (!when()) {
        await new Promise((resolve) => setImmediate(resolve));
        if (!when() && !clock.advance()) throw new Error("Nothing left that could happen");
      }
    },
    async end() {
      const { status, failure } = await clock.runUntil(ended);
      if (status !== "completed") throw new Error(`The run ${status}: ${JSON.stringify(failure)}`);
      const history = await store.getHistory(runId("sparse"));
      if (history === null) throw new Error("The run has no history");
      return history;
    },
  };
}
