import { clientId, memoryBlobs, memoryNetwork, memoryStore, openCoordinator } from "@fedtune/core";
import type { Blobs } from "@fedtune/core";
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

/** Three honest clients of a coordinator whose heavy work is done in threads. */
async function threadedRun(blobs: Blobs, directory: string | null): Promise<Float32Array> {
  const setup = toySetup({ participants, rounds: policy });
  const network = memoryNetwork({ clock: nodeClock });
  const reach = directory === null ? null : { directory, verify: true };
  const offload = threadOffload({ pool, setup, blobs, folder: reach });
  const coordinator = await openCoordinator(setup, {
    ...{ transport: network.server, store: memoryStore(), blobs, offload },
    ...{ clock: nodeClock, hash: nodeHash, evaluate: null },
  });
  const ended = coordinator.run();
  const sessions = honest.map((name, k) =>
    runClient(
      {
        ...{ transport: network.client(name), state: memoryClientState() },
        ...{ clock: nodeClock, hash: nodeHash, trainer: toyTrainer(layout) },
        describe: () => Promise.resolve({ layout, modules }),
      },
      { client: clientId(name), run: setup.id, data: toyData(k, 10 + k), software: "test" },
    ),
  );
  const { status } = await ended;
  expect(status).toBe("completed");
  await Promise.all(sessions);
  await network.server.close();
  return coordinator.adapter();
}

it.each(["a folder", "memory"])(
  "[FW6] a run over blobs in %s ends with the bits of the run in one thread",
  async (where) => {
    const directory = where === "memory" ? null : folder;
    const blobs = directory === null ? memoryBlobs() : await openFolderBlobs(directory);
    expectSameBits(await threadedRun(blobs, directory), await simulated(policy.numRounds));
  },
);
