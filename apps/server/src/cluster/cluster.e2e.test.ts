/** Two coordinator processes on one Postgres and one folder of blobs, which reach each other in either way. */
import { startDatabase, postgresStore } from "@fedtune/db";
import type { StartedDatabase } from "@fedtune/db";
import { expectSameBits } from "@fedtune/testkit";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openFolderBlobs } from "../folder-blobs.ts";
import { joinRun, participants, rounds, simulated } from "../test-support/federation.ts";
import type { Meanwhile } from "../test-support/federation.ts";
import { toySetup } from "../test-support/toy-run.ts";
import { hasRedis, redisTitle, startRedis } from "./test-support/redis-server.ts";
import type { RedisServer } from "./test-support/redis-server.ts";
import { balancer, startMember } from "./test-support/start-member.ts";
import type { StartedMember } from "./test-support/start-member.ts";

const numRounds = 5;
const leaseMs = 1_500;
const run = { participants, rounds: { ...rounds, numRounds, minAvailableClients: 3 } };
const setup = toySetup(run);

let folder: string;
let database: StartedDatabase;
let closing: { close(): Promise<unknown> }[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fedtune-cluster-"));
  database = await startDatabase({ url: null, directory: join(folder, "db") });
});
afterAll(async () => {
  await database.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  await postgresStore(database).deleteRun(setup.id);
  await database.pool.query("DELETE FROM processes");
  const { hash: configHash, config } = setup.resolved;
  await postgresStore(database).openRun({ id: setup.id, configHash, config });
});
afterEach(async () => {
  for (const each of closing.reverse()) await each.close();
  closing = [];
});

function keep<T extends { close(): Promise<unknown> }>(opened: T): T {
  closing.push(opened);
  return opened;
}

let cases = 0;

/** Two members, the first of which owns the run, and their common folders. */
async function cluster(relayUrl: string | null) {
  const own = join(folder, String(cases++));
  const common = { url: database.url, relayUrl, blobs: join(own, "blobs"), leaseMs, run };
  const start = async (self: string) => keep(await startMember({ ...common, self }));
  const owner = await start("one");
  await owner.said("taken");
  const other = await start("two");
  return { own, owner, other };
}

/** Starts the clients at their addresses; `inThird` happens as the first client trains in round 3. */
function clients(own: string, urls: readonly string[], inThird: () => Promise<void> | void) {
  let happened: Promise<void> | null = null;
  const meanwhile: Meanwhile = async ({ round }) => {
    if (round === 3) await (happened ??= Promise.resolve(inThird()));
  };
  return urls.map((url, k) =>
    keep(joinRun({ url, stateDir: join(own, "state") }, k, k === 0 ? meanwhile : undefined)),
  );
}

/** The adapter after the last round, as the store and the blobs have it. */
async function adapterIn(own: string): Promise<Float32Array> {
  const row = await postgresStore(database).getRound(setup.id, numRounds);
  const { model } = row?.adapters[0] ?? {};
  if (model === undefined) throw new Error("the run has no last round");
  const blobs = await openFolderBlobs(join(own, "blobs"));
  const bytes = await blobs.get(model);
  return new Float32Array(bytes.slice().buffer);
}

async function expectDone(own: string, joined: ReturnType<typeof clients>): Promise<void> {
  for (const client of joined) {
    expect(await client.done).toMatchObject({ kind: "finished", status: "completed" });
  }
  const history = await postgresStore(database).getHistory(setup.id);
  expect(history?.status).toBe("completed");
  expect(history?.rounds.map(({ accepted }) => accepted)).toEqual(
    Array.from({ length: numRounds }, () => [0, 1, 2]),
  );
  expectSameBits(await adapterIn(own), await simulated(numRounds));
}

function roundsOf({ lines }: StartedMember): number[] {
  return lines.flatMap((line) => (line.event === "committed" ? [line.round] : []));
}

/** What any way of reaching each other has to carry: clients of both, and what an owner leaves behind. */
function takesOver(relayUrl: () => string | null): void {
  it("[OP5] [OP6] the owner is killed in the middle of a round: the other goes on, same bytes", async () => {
    const { own, owner, other } = await cluster(relayUrl());
    const front = keep(await balancer(owner.port, other.port));
    const urls = [front.url, front.url, `http://127.0.0.1:${other.port}`];
    await expectDone(
      own,
      clients(own, urls, () => {
        owner.kill("SIGKILL");
      }),
    );
    expect(roundsOf(owner)).toEqual([1, 2]);
    expect(roundsOf(other)).toEqual([3, 4, 5]);
  });
}

describe("two processes on one database", () => {
  takesOver(() => null);

  it("[OP6] clients of both take part in one run", async () => {
    const { own, owner, other } = await cluster(null);
    const urls = [owner, other, other].map(({ port }) => `http://127.0.0.1:${port}`);
    await expectDone(
      own,
      clients(own, urls, () => undefined),
    );
    expect(roundsOf(owner)).toEqual([1, 2, 3, 4, 5]);
    expect(other.lines.map(({ event }) => event)).toEqual(["listening"]);
  });

  it("[OP2] [OP5] the owner leaves in good order: the other goes on without waiting for the lease", async () => {
    const { own, owner, other } = await cluster(null);
    const front = keep(await balancer(owner.port, other.port));
    const urls = [front.url, front.url, `http://127.0.0.1:${other.port}`];
    const joined = clients(own, urls, async () => {
      owner.kill("SIGTERM");
      await owner.said("closed");
    });
    await expectDone(own, joined);
    expect(owner.lines.at(-2)).toMatchObject({ event: "ended", code: "stale-epoch" });
    expect(roundsOf(other)).toEqual([3, 4, 5]);
  });

  it("[OP5] an owner that was asleep for longer than its lease writes nothing when it wakes up", async () => {
    const { own, owner, other } = await cluster(null);
    const url = `http://127.0.0.1:${other.port}`;
    const joined = clients(own, [url, url, url], async () => {
      owner.kill("SIGSTOP");
      await other.said("taken");
      owner.kill("SIGCONT");
      await owner.said("ended");
    });
    await expectDone(own, joined);
    expect(owner.lines.find(({ event }) => event === "ended")).toMatchObject({
      code: "stale-epoch",
    });
    expect(roundsOf(owner)).toEqual([1, 2]);
    expect(roundsOf(other)).toEqual([3, 4, 5]);
  });
});

// What differs is the wire, whose own suite runs always.
const isFull = process.env["TESTS"] === "full";

describe.runIf(hasRedis && isFull)(`two processes on one database and ${redisTitle}`, () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  takesOver(() => redis.url);
});
