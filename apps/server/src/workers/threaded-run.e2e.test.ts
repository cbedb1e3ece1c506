import { clientId, memoryBlobs, memoryNetwork, memoryStore, openCoordinator } from "@fedtune/core";
import type { Blobs, Offload, Store } from "@fedtune/core";
import { memoryClientState, runClient } from "@fedtune/client";
import { nodeClock, nodeHash } from "@fedtune/node-ports";
import { expectSameBits, toyData, toyTrainer } from "@fedtune/testkit";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { openFolderBlobs } from "../folder-blobs.ts";
import { honest, participants, rounds, simulated } from "../test-support/federation.ts";
import { layout, modules, toySetup } from "../test-support/toy-run.ts";
import { threadOffload } from "./thread-offload.ts";
import { threadPool } from "./thread-pool.ts";

const pool = threadPool({ clock: nodeClock, threads: 2 });
const folder = await mkdtemp(join(tmpdir(), "fedtune-threaded-"));
afterAll(async () => {
  await pool.close();
  await rm(folder, { recursive: true });
});

const policy = { ...rounds, numRounds: 3, minAvailableClients: 3 };

const setup = toySetup({ participants, rounds: policy });

/** Three honest clients of a coordinator that has its heavy work done; how its run ended, and with what. */
async function runWith(
  offload: Offload,
  { store, blobs }: { readonly store: Store; readonly blobs: Blobs },
) {
  const network = memoryNetwork({ clock: nodeClock });
  const coordinator = await openCoordinator(setup, {
    ...{ transport: network.server, store, blobs, offload },
    ...{ clock: nodeClock, hash: nodeHash, evaluate: null },
  });
  const ended = coordinator.run();
  const leave = new AbortController();
  const sessions = honest.map((name, k) =>
    runClient(
      {
        ...{ transport: network.client(name), state: memoryClientState() },
        ...{ clock: nodeClock, hash: nodeHash, trainer: toyTrainer(layout) },
        describe: () => Promise.resolve({ layout, modules }),
      },
      {
        ...{ client: clientId(name), run: setup.id, software: "test" },
        ...{ data: toyData(k, 10 + k), signal: leave.signal },
      },
    ),
  );
  const end = await ended;
  leave.abort();
  await Promise.allSettled(sessions);
  await network.server.close();
  return { end, adapter: coordinator.adapter() };
}

it.each(["a folder", "memory"])(
  "[FW6] a run over blobs in %s ends with the bits of the run in one thread",
  async (where) => {
    const directory = where === "memory" ? null : folder;
    const blobs = directory === null ? memoryBlobs() : await openFolderBlobs(directory);
    const reach = directory === null ? null : { directory, verify: true };
    const offload = threadOffload({ pool, setup, blobs, folder: reach });
    const { end, adapter } = await runWith(offload, { store: memoryStore(), blobs });
    expect(end.status).toBe("completed");
    expectSameBits(adapter, await simulated(policy.numRounds));
  },
);

it("[FW6] a pool that closes in the middle of a round leaves the run to a later process", async () => {
  const shared = { store: memoryStore(), blobs: memoryBlobs() };
  const { blobs } = shared;
  const leaving = threadPool({ clock: nodeClock, threads: 1 });
  const own = threadOffload({ pool: leaving, setup, blobs, folder: null });
  const first = await runWith(
    {
      check: own.check,
      combine(job) {
        const combined = own.combine(job);
        if (job.facts.round === 2) void leaving.close();
        return combined;
      },
    },
    shared,
  );
  expect(first.end.failure?.code).toBe("draining");
  expect((await shared.store.getHistory(setup.id))?.status).toBe("running");
  const later = threadOffload({ pool, setup, blobs, folder: null });
  const { end, adapter } = await runWith(later, shared);
  expect(end.status).toBe("completed");
  expectSameBits(adapter, await simulated(policy.numRounds));
});
