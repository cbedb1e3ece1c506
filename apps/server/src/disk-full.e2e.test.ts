/** A disk that is really full. */
import { memoryStore } from "@fedtune/core";
import { nodeHash } from "@fedtune/node-ports";
import { canMountDisks, expectSameBits, mountSmallDisk } from "@fedtune/testkit";
import type { SmallDisk } from "@fedtune/testkit";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openFolderBlobs } from "./folder-blobs.ts";
import { joinRun, participants, rounds, simulated } from "./test-support/federation.ts";
import { toyServer, toySetup } from "./test-support/toy-run.ts";

const isPossible = canMountDisks();
const title = isPossible ? "a full disk" : "a full disk (skipped: this user may not mount one)";

describe.skipIf(!isPossible)(title, () => {
  let disk: string;
  let small: SmallDisk;
  let state: string;
  beforeEach(async () => {
    disk = await mkdtemp(join(tmpdir(), "fedtune-disk-"));
    state = await mkdtemp(join(tmpdir(), "fedtune-state-"));
    small = mountSmallDisk(disk);
  });
  afterEach(async () => {
    small.unmount();
    await rm(disk, { recursive: true, force: true });
    await rm(state, { recursive: true, force: true });
  });

  it("[ST4] refuses a blob, keeps what it has, leaves no draft, and takes the blob once there is room", async () => {
    const blobs = await openFolderBlobs(disk);
    const short = Uint8Array.of(1, 2, 3);
    const large = new Uint8Array(100_000).fill(7);
    await blobs.put(short, nodeHash.sha256(short));
    small.fill();
    const hash = nodeHash.sha256(large);
    await expect(blobs.put(large, hash)).rejects.toMatchObject({ code: "storage-failed" });
    expect(await blobs.has(hash)).toBe(false);
    expect([...(await blobs.get(nodeHash.sha256(short)))]).toEqual([1, 2, 3]);
    expect(await readdir(join(disk, "drafts"))).toEqual([]);
    small.clear();
    await blobs.put(large, hash);
    expect(await blobs.get(hash)).toEqual(large);
  });

  it("[RE26] [ST4] holds a run up while it lasts; what was acknowledged stays, and the run ends with the same bytes", async () => {
    const policy = { ...rounds, numRounds: 4, minAvailableClients: 3 };
    const setup = toySetup({ participants, rounds: policy });
    const store = memoryStore();
    const blobs = await openFolderBlobs(join(disk, "blobs"));
    const server = await toyServer({ store, blobs, runs: [{ setup }] });
    const coordinator = server.coordinator(setup.id);
    const end = coordinator.run();
    let isFull = false;
    const where = { url: server.address.url, stateDir: state };
    const clients = [0, 1, 2].map((k) =>
      joinRun(where, k, async ({ round }) => {
        if (round !== 2 || isFull) return;
        isFull = true;
        small.fill();
        setTimeout(() => {
          small.clear();
        }, 1_500);
      }),
    );
    expect(await end).toEqual({ status: "completed", failure: null });
    for (const client of clients) await client.close();
    expectSameBits(coordinator.adapter(), await simulated(4));
    const { rounds: committed = [] } = (await store.getHistory(setup.id)) ?? {};
    expect(committed.map(({ accepted }) => accepted)).toEqual(Array(4).fill([0, 1, 2]));
    await server.close();
  });
});
