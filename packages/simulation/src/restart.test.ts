import { methods } from "@fedtune/aggregators";
import { memoryClientState, runClient } from "@fedtune/client";
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
  Blobs,
  ClientState,
  Coordinator,
  Fate,
  MemoryNetwork,
  Passage,
  Store,
  Trainer,
  VirtualClock,
} from "@fedtune/core";
import { privacyRules, userLevelPrivacy } from "@fedtune/dp";
import { expectSameBits, nodeHash, toyData, toyLayout, toyTrainer } from "@fedtune/testkit";
import { describe, expect, it } from "vitest";

const layout = toyLayout();
const modules = [
  { name: "a", in: 6, out: 5 },
  { name: "b", in: 4, out: 3 },
];

interface World {
  readonly clock: VirtualClock;
  readonly network: MemoryNetwork;
  readonly coordinator: Coordinator;
}

async function world(
  store: Store,
  blobs: Blobs,
  { heard = [], ...given }: { heard?: Passage[]; privacy?: Record<string, unknown> } = {},
): Promise<World> {
  const config = {
    ...given,
    name: "toy",
    task: { kind: "sequence-classification", labels: ["no", "yes"] },
    adapter: { rank: 2 },
    method: { name: "fedavg" },
    training: { learningRate: 0.2 },
    rounds: { numRounds: 5, minAvailableClients: 3, weightedBy: "uniform" },
    participants: ["c0", "c1", "c2"],
  };
  const registries = { methods, kinds: adapterKinds, privacy: privacyRules };
  const resolved = resolveRun(config, registries, nodeHash);
  const setup = prepareRun(runId("toy"), resolved, {
    describe: () => ({ layout, modules }),
    hash: nodeHash,
  });
  const clock = virtualClock(() => new Promise((resolve) => setImmediate(resolve)));
  const fate = (passage: Passage): Fate => {
    heard.push(passage);
    return [5];
  };
  const network = memoryNetwork({ clock, verify: nodeHash, fate });
  const privacy = userLevelPrivacy(resolved.config, null);
  const ports = {
    ...{ transport: network.server, store, blobs, clock, hash: nodeHash, evaluate: null },
    privacy,
  };
  return { clock, network, coordinator: await openCoordinator(setup, ports) };
}

interface Life {
  readonly states: readonly ClientState[];
  readonly trainer: Trainer;
}

function clients(where: World, { states, trainer }: Life): void {
  states.forEach((state, k) => {
    join(where, k, { state, trainer });
  });
}

/** Starts the client of that index. */
function join(
  { network, clock }: World,
  k: number,
  self: { state: ClientState; trainer: Trainer },
): void {
  const describeModel = () => Promise.resolve({ layout, modules });
  const ports = {
    ...self,
    transport: network.client(`c${k}`),
    clock,
    hash: nodeHash,
    describe: describeModel,
  };
  const options = { client: clientId(`c${k}`), run: null, data: toyData(k, 10), software: "test" };
  void runClient(ports, options).catch(() => undefined);
}

const fresh = (): ClientState[] => [memoryClientState(), memoryClientState(), memoryClientState()];

const none = { mode: "none" };

/** Lets time pass until `when` holds. */
async function until(clock: VirtualClock, when: () => boolean): Promise<void> {
  while (!when()) {
    await new Promise((resolve) => setImmediate(resolve));
    if (!when() && !clock.advance()) throw new Error("Nothing left that could happen");
  }
}

async function undisturbed(privacy: Record<string, unknown> = none): Promise<Float32Array> {
  const whole = await world(memoryStore(), memoryBlobs(), { privacy });
  const end = whole.coordinator.run();
  clients(whole, { states: fresh(), trainer: toyTrainer(layout) });
  await whole.clock.runUntil(end);
  return whole.coordinator.adapter();
}

describe("restarts", () => {
  it("[RE10] [AG12] a coordinator that is replaced after two rounds ends with the same adapter", async () => {
    const [store, blobs, states] = [memoryStore(), memoryBlobs(), fresh()];
    const first = await world(store, blobs);
    void first.coordinator.run();
    clients(first, { states, trainer: toyTrainer(layout) });
    await until(first.clock, () => first.coordinator.state().round === 3);
    await first.network.server.close();

    const second = await world(store, blobs);
    const end = second.coordinator.run();
    clients(second, { states, trainer: toyTrainer(layout) });
    expect((await second.clock.runUntil(end)).status).toBe("completed");
    expectSameBits(second.coordinator.adapter(), await undisturbed());
    const history = await store.getHistory(runId("toy"));
    expect(history?.rounds.map((row) => row.round)).toEqual([1, 2, 3, 4, 5]);
  });

  it("[RE9] nothing of a round is published before its commit; after a crash right behind it all is", async () => {
    const [store, blobs, states] = [memoryStore(), memoryBlobs(), fresh()];
    const ordered = (passages: readonly Passage[]): Set<unknown> => {
      const messages = passages.map(
        ({ message }) => JSON.parse(message) as Record<string, unknown>,
      );
      return new Set(messages.flatMap(({ type, round }) => (type === "order" ? [round] : [])));
    };
    const phase = { committing: false, committed: false };
    const crashing: Store = {
      ...store,
      async commitRound(run, epoch, row) {
        if (row.round < 2) return store.commitRound(run, epoch, row);
        phase.committing = true;
        await new Promise((resolve) => setImmediate(resolve));
        await store.commitRound(run, epoch, row);
        phase.committed = true;
        // The process ends here: committed, and nobody was told.
        return new Promise(() => undefined);
      },
    };
    const before: Passage[] = [];
    const first = await world(crashing, blobs, { heard: before });
    void first.coordinator.run();
    clients(first, { states, trainer: toyTrainer(layout) });
    await until(first.clock, () => phase.committing);
    expect(ordered(before)).toEqual(new Set([1, 2]));
    await until(first.clock, () => phase.committed);
    await first.network.server.close();
    expect(ordered(before)).toEqual(new Set([1, 2]));

    const after: Passage[] = [];
    const second = await world(store, blobs, { heard: after });
    const end = second.coordinator.run();
    clients(second, { states, trainer: toyTrainer(layout) });
    expect((await second.clock.runUntil(end)).status).toBe("completed");
    expect(ordered(after)).toEqual(new Set([3, 4, 5]));
    expectSameBits(second.coordinator.adapter(), await undisturbed());
  });

  it.each([
    ["[DP25] the clip norm of adaptive clipping", { adaptiveClipping: { clipNormLr: 1 } }],
    ["[DP26] the noise of a tree", { mechanism: "tree", relation: "zero-out" }],
  ])("%s goes on where a replaced coordinator left it", async (_what, how) => {
    const clipping = { expectedCohort: 3, noiseMultiplier: 0.2, clipNorm: 0.5 };
    const privacy = { mode: "user-level", noise: "seeded", ...clipping, ...how };
    const [store, blobs, states] = [memoryStore(), memoryBlobs(), fresh()];
    const first = await world(store, blobs, { privacy });
    void first.coordinator.run();
    clients(first, { states, trainer: toyTrainer(layout) });
    await until(first.clock, () => first.coordinator.state().round === 4);
    await first.network.server.close();

    const second = await world(store, blobs, { privacy });
    const end = second.coordinator.run();
    clients(second, { states, trainer: toyTrainer(layout) });
    expect((await second.clock.runUntil(end)).status).toBe("completed");
    expectSameBits(second.coordinator.adapter(), await undisturbed(privacy));
    const rounds = (await store.getHistory(runId("toy")))?.rounds ?? [];
    const left = rounds.map((row) => row.privacy?.state);
    expect(new Set(left).size).toBe(5);
  });

  it("[ST6] the replaced coordinator can write no more", async () => {
    const [store, blobs] = [memoryStore(), memoryBlobs()];
    const first = await world(store, blobs);
    const second = await world(store, blobs);
    const firstEnd = first.coordinator.run();
    clients(first, { states: fresh(), trainer: toyTrainer(layout) });
    expect(await first.clock.runUntil(firstEnd.catch((error: unknown) => error))).toMatchObject({
      status: "failed",
    });
    const secondEnd = second.coordinator.run();
    clients(second, { states: fresh(), trainer: toyTrainer(layout) });
    expect((await second.clock.runUntil(secondEnd)).status).toBe("completed");
  });

  it("[CL2] [RE7] a client that dies between saving and uploading sends the same bytes after its restart", async () => {
    const [store, blobs, states] = [memoryStore(), memoryBlobs(), fresh()];
    const live = await world(store, blobs);
    const end = live.coordinator.run();
    let trained = 0;
    const honest = toyTrainer(layout);
    const counting: Trainer = {
      ...honest,
      train: (job, control) => (trained++, honest.train(job, control)),
    };
    const [last] = states.slice(2);
    if (last === undefined) throw new Error("no state");
    const dying: ClientState = {
      ...last,
      async save(record) {
        await last.save(record);
        if (record.pending?.round === 2) {
          live.network.cut("c2", true);
          await new Promise(() => undefined);
        }
      },
    };
    clients(live, { states: [...states.slice(0, 2), dying], trainer: counting });
    await until(
      live.clock,
      () => live.coordinator.state().round === 2 && live.coordinator.state().counts.accepted === 2,
    );
    const before = trained;
    join(live, 2, { state: last, trainer: counting });
    expect((await live.clock.runUntil(end)).status).toBe("completed");
    expect(before).toBe(6);
    expect(trained).toBe(15);
    expectSameBits(live.coordinator.adapter(), await undisturbed());
  });
});
