import { combiners, methods } from "@fedtune/aggregators";
import { localOffload, memoryBlobs } from "@fedtune/core";
import type { Combiner, Method } from "@fedtune/core";
import { userLevelPrivacy } from "@fedtune/dp";
import { nodeClock, nodeEntropy, nodeHash } from "@fedtune/node-ports";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openFolderBlobs } from "../folder-blobs.ts";
import { kindFor, playRounds, smallSetup, uploads } from "../test-support/offload-bench.ts";
import { threadOffload } from "./thread-offload.ts";
import { threadPool } from "./thread-pool.ts";

const pool = threadPool({ clock: nodeClock, threads: 2 });
let folder = "";
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), "fedtune-offload-"))));
afterAll(async () => {
  await pool.close();
  await rm(folder, { recursive: true });
});

type Config = Readonly<Record<string, unknown>>;

const chosen = (method: Method): Config => ({
  method: { name: method.name },
  adapter: { kind: kindFor(method), rank: 2 },
});
const everyMethod = (methods as readonly Method[]).map(
  (method) => [method.name, chosen(method)] as const,
);
const everyCombiner = (combiners as readonly Combiner[]).map(
  ({ name }): readonly [string, Config] => [
    `ffa-lora behind ${name}`,
    {
      method: { name: "ffa-lora" },
      adapter: { rank: 2 },
      combiner: { name },
      rounds: { minFitClients: 5, minAvailableClients: 5 },
    },
  ],
);
const others: readonly (readonly [string, Config])[] = [
  ["two ranks", { method: { name: "flexlora" }, adapter: { rank: 3, clientRanks: [2, 3] } }],
  ["first values from the base", { adapter: { rank: 2, init: "pissa" } }],
  ["a first adapter of the method's own", { method: { name: "ffa-lora", orthonormalInit: true } }],
  ["a lossy codec", { update: { codec: "int8" } }],
  ["a head of the clients' own", { method: { name: "fedsa-lora" }, head: "personal" }],
  [
    "seeded user-level noise",
    {
      rounds: { weightedBy: "uniform" },
      privacy: {
        mode: "user-level",
        noiseMultiplier: 1,
        clipNorm: 1,
        expectedCohort: 5,
        noise: "seeded",
        delta: 1e-5,
      },
    },
  ],
];

/** Both ways of the same rounds, over blobs of their own. */
async function bothWays(config: Config, kind: "folder" | "asked") {
  const setup = smallSetup(config);
  const directory = join(folder, nodeHash.sha256(new TextEncoder().encode(JSON.stringify(config))));
  const blobs = kind === "folder" ? await openFolderBlobs(directory) : memoryBlobs();
  const { config: resolved } = setup.resolved;
  const memory = memoryBlobs();
  const here = await playRounds(setup, memory, {
    offload: localOffload({
      ...{ setup, blobs: memory, hash: nodeHash, clock: nodeClock },
      privacy: userLevelPrivacy(resolved, nodeEntropy),
    }),
    ...{ rounds: 3, clients: 5 },
  });
  const reach = kind === "folder" ? { directory, verify: true } : null;
  const there = await playRounds(setup, blobs, {
    offload: threadOffload({ pool, setup, blobs, folder: reach }),
    ...{ rounds: 3, clients: 5 },
  });
  return { here, there };
}

describe("a thread", () => {
  it.each([...everyMethod, ...everyCombiner, ...others])(
    "[FW6] combines rounds of %s to the same bits",
    async (_name, config) => {
      const { here, there } = await bothWays(config, "folder");
      expect(there).toEqual(here);
      expect(here.at(-1)!.combined.state.bytes.length).toBeGreaterThan(100);
      expect(here[0]!.combined.adapters[0]!.adapter.hash).not.toBe(
        here[1]!.combined.adapters[0]!.adapter.hash,
      );
    },
  );

  it("[FW6] asks for blobs that it cannot reach", async () => {
    const { here, there } = await bothWays({}, "asked");
    expect(there).toEqual(here);
  });

  it("[FW1] refuses what this thread would refuse, with the same words", async () => {
    const setup = smallSetup({ firewall: { maxNorm: 0.5 } });
    const blobs = memoryBlobs();
    const at = { state: setup.initialState, round: 1, clients: 1 };
    const [{ hash, expected }] = (await uploads(setup, blobs, at)) as [
      Awaited<ReturnType<typeof uploads>>[number],
    ];
    const there = threadOffload({ pool, setup, blobs, folder: null });
    const privacy = null;
    const here = localOffload({ setup, blobs, hash: nodeHash, clock: nodeClock, privacy });
    const wrong = [
      expected,
      { ...expected, maxNorm: null, round: 2 },
      { ...expected, maxNorm: null, length: expected.length + 1 },
    ];
    for (const one of wrong) {
      const [refused, alike] = await Promise.allSettled([
        there.check(hash, one),
        here.check(hash, one),
      ]);
      expect(refused.status).toBe("rejected");
      expect(refused).toEqual(alike);
    }
    const missing = nodeHash.sha256(new Uint8Array());
    await expect(there.check(missing, expected)).rejects.toMatchObject({ code: "blob-missing" });
    await expect(here.check(hash, { ...expected, maxNorm: 100 })).resolves.toEqual(
      await there.check(hash, { ...expected, maxNorm: 100 }),
    );
  });

  it("draws secure noise afresh for every call", async () => {
    const config = {
      rounds: { weightedBy: "uniform" },
      privacy: {
        ...{ mode: "user-level", noiseMultiplier: 1, clipNorm: 1, expectedCohort: 5, delta: 1e-5 },
      },
    };
    const setup = smallSetup(config);
    const play = () => {
      const blobs = memoryBlobs();
      const offload = threadOffload({ pool, setup, blobs, folder: null });
      return playRounds(setup, blobs, { offload, rounds: 1, clients: 5 });
    };
    const [one, other] = [await play(), await play()];
    expect(one[0]!.checked).toEqual(other[0]!.checked);
    expect(one[0]!.combined.state.ref.hash).not.toBe(other[0]!.combined.state.ref.hash);
  });
});
