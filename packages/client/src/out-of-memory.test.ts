/** A client whose memory runs out in a round: it declines, nobody waits for it, and it takes part in the next one. */
import { methods } from "@fedtune/aggregators";
import {
  adapterKinds,
  clientId,
  factorRoles,
  FedtuneError,
  gatherRoles,
  memoryBlobs,
  memoryNetwork,
  memoryStore,
  openCoordinator,
  prepareRun,
  resolveRun,
  runId,
  virtualClock,
} from "@fedtune/core";
import type { Passage, Plan, Trainer, TrainResult } from "@fedtune/core";
import {
  expectClose,
  expectSameBits,
  nodeHash,
  toyData,
  toyLayout,
  toyTrainer,
} from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import { memoryClientState } from "./memory-state.ts";
import type { ClientListener } from "./ports.ts";
import { runClient } from "./run-client.ts";

const layout = toyLayout();
const modules = [
  { name: "a", in: 6, out: 5 },
  { name: "b", in: 4, out: 3 },
];
const names = ["c0", "c1", "c2"] as const;
const run = runId("toy");
const POOR = 1;
const SHORT_ROUND = 2;

/** A coordinator in memory that waits for three clients in each of three rounds; hears what passes. */
async function openWorld(method: string) {
  const heard: Passage[] = [];
  const config = {
    ...{ name: run, adapter: { rank: 2 }, method: { name: method }, participants: [...names] },
    task: { kind: "sequence-classification", labels: ["no", "yes"] },
    training: { learningRate: 0.2 },
    rounds: { numRounds: 3, minAvailableClients: 3, minFitClients: 2, weightedBy: "uniform" },
  };
  const resolved = resolveRun(config, { methods, kinds: adapterKinds }, nodeHash);
  const describeModel = () => ({ layout, modules });
  const setup = prepareRun(run, resolved, { describe: describeModel, hash: nodeHash });
  const clock = virtualClock(() => new Promise((resolve) => setImmediate(resolve)));
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
  return { clock, network, store, coordinator, heard };
}

/** What one client was given to train from and made of it, round by round. */
interface Trained {
  readonly starts: Map<number, Float32Array>;
  readonly results: Map<number, TrainResult>;
}

/** The toy's trainer, written down; `failure` is what it throws in the round for which memory is short. */
function recorded(failure: Error | null): Trained & { readonly trainer: Trainer } {
  const toy = toyTrainer(layout);
  const [starts, results] = [new Map<number, Float32Array>(), new Map<number, TrainResult>()];
  const trainer: Trainer = {
    ...toy,
    async train(job, control) {
      starts.set(job.round, job.start.slice());
      if (failure !== null && job.round === SHORT_ROUND) {
        control.onProgress?.({ done: 1, total: 3 });
        throw failure;
      }
      const result = await toy.train(job, control);
      results.set(job.round, result);
      return result;
    },
  };
  return { starts, results, trainer };
}

/** What was said of one type, by clients and coordinator. */
function saidBy(heard: readonly Passage[], type: string): readonly Record<string, unknown>[] {
  return heard
    .map(({ message }) => JSON.parse(message) as Record<string, unknown>)
    .filter((message) => message["type"] === type);
}

/** The mean of vectors. */
function meanOf(vectors: readonly Float32Array[]): Float32Array {
  const [first = new Float32Array()] = vectors;
  return first.map((_, i) => vectors.reduce((sum, own) => sum + own[i]!, 0) / vectors.length);
}

/** Plays a run in which the poor client's memory runs out in round 2. */
async function play(method: string, failure: Error) {
  const world = await openWorld(method);
  const { clock, network } = world;
  const ended = world.coordinator.run();
  const told: unknown[] = [];
  const listener: ClientListener = {
    declined: ({ round, message }) => void told.push(["declined", round, message]),
    delivered: ({ round, accepted }) => void told.push(["delivered", round, accepted]),
  };
  const states = names.map(() => memoryClientState());
  const clients = names.map((_, k) => recorded(k === POOR ? failure : null));
  const sessions = clients.map(({ trainer }, k) => {
    const transport = network.client(`c${k}`);
    const describeModel = () => Promise.resolve({ layout, modules });
    const state = states[k]!;
    return runClient(
      { transport, state, clock, hash: nodeHash, trainer, describe: describeModel },
      {
        ...{ client: clientId(`c${k}`), run: null, data: toyData(k, 10), software: "test" },
        ...(k === POOR ? { listener } : {}),
      },
    );
  });
  const end = await clock.runUntil(ended);
  const ends = await clock.runUntil(Promise.all(sessions));
  return { ...world, end, ends, told, clients, states };
}

/** As the trainer says it, and as a runtime does. */
const failures = [
  new FedtuneError("training-failed", "Cannot train: one example of length 512 is too much", {
    data: { reason: "out-of-memory", length: 512 },
  }),
  new RangeError("Array buffer allocation failed: row 17 of /home/anna/diary.tsv"),
];

describe.each(["fedavg", "fedsa-lora"])("under %s", (method) => {
  it.each(failures)(
    "[CL5] a client whose memory runs out ($name) declines the round and takes part in the next",
    async (failure) => {
      const { store, end, ends, told, clients, heard, clock, states } = await play(method, failure);
      expect(end.status).toBe("completed");
      expect(ends.map(({ kind }) => kind)).toEqual(["finished", "finished", "finished"]);
      // Its owner is told what happened, once.
      expect(told).toEqual([
        ["delivered", 1, true],
        ["declined", SHORT_ROUND, failure.message],
        ["delivered", 3, true],
      ]);
      const rounds = (await store.getHistory(run))?.rounds ?? [];
      expect(rounds.map(({ accepted }) => accepted)).toEqual([
        [0, 1, 2],
        [0, 2],
        [0, 1, 2],
      ]);
      expect(rounds.map(({ declined }) => declined)).toEqual([0, 1, 0]);
      // Nobody waited for a deadline.
      expect(clock.now()).toBeLessThan(1000);
      // Round 3 begins with what the others made of round 2, and with its own factors of round 1 where it keeps any.
      const [order] = saidBy(heard, "order");
      const own = (order?.["plan"] as Plan).personal;
      const shared = factorRoles.filter((role) => !own.includes(role));
      const [poor, ...others] = [clients[POOR]!, clients[0]!, clients[2]!];
      const next = poor.starts.get(3)!;
      const made = others.map(({ results }) =>
        gatherRoles(layout, results.get(2)!.factors, shared),
      );
      expectClose(gatherRoles(layout, next, shared), meanOf(made), 1e-6);
      const kept = gatherRoles(layout, poor.results.get(1)!.factors, own);
      expectSameBits(gatherRoles(layout, next, own), kept);
      expect(own.length > 0).toBe(method === "fedsa-lora");
      expect((await states[POOR]!.load(run))?.pending).toBeNull();
      expect(saidBy(heard, "declined")).toEqual([
        expect.objectContaining({ round: SHORT_ROUND, code: "training-failed" }),
      ]);
      expect(JSON.stringify(heard)).not.toContain(failure.message);
    },
  );
});
