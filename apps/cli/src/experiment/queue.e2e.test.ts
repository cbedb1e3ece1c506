/** Cells over a queue: real workers at a real Postgres, one of which is killed; at a real Redis, workers in this process. */
import type { Cell } from "@fedtune/simulation";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  realPostgresBin,
  realPostgresTitle,
  startRealPostgres,
} from "../../../../packages/db/src/test-support/servers.ts";
import type { RealPostgres } from "../../../../packages/db/src/test-support/servers.ts";
import {
  hasRedis,
  redisTitle,
  startRedis,
} from "../../../server/src/cluster/test-support/redis-server.ts";
import type { RedisServer } from "../../../server/src/cluster/test-support/redis-server.ts";
import type { PlayedCell } from "./job.ts";
import { openCellQueue, startQueueWorker } from "./queue.ts";
import { queuedExperiment, untilSaid } from "./test-support/queued-experiment.ts";

describe("a queue of cells", () => {
  it("is in Postgres or Redis and nowhere else, and says when it cannot be reached", async () => {
    const options = { jobs: 1, play: () => Promise.reject(new Error()), onError: () => undefined };
    const at = (url: string) => Promise.resolve().then(() => startQueueWorker(url, options));
    await expect(at("mysql://127.0.0.1/x")).rejects.toMatchObject({
      code: "usage",
      message: expect.stringContaining("postgres:// or redis://") as string,
    });
    await expect(at("postgres://127.0.0.1:1/x")).rejects.toMatchObject({ code: "storage-failed" });
  });
});

describe.skipIf(realPostgresBin === null)(`workers at ${realPostgresTitle}`, () => {
  const { start, simulate, cells, worker, close } = queuedExperiment(2);
  let postgres: RealPostgres;
  beforeAll(async () => {
    postgres = await startRealPostgres();
  });
  afterAll(async () => {
    close();
    await postgres.stop();
  });

  it("[SI11] play an experiment to the bytes of one machine, whichever of them is killed", async () => {
    const doomed = await worker(postgres.url);
    const queued = simulate("queued", "--queue", postgres.url);
    await untilSaid(doomed, "Played");
    doomed.child.kill("SIGKILL");
    const heir = start("worker", "--queue", postgres.url, "--jobs", "1");
    expect([await queued.ended, queued.said()]).toEqual([0, expect.any(String)]);
    expect(heir.said()).toContain("Played");
    heir.child.kill("SIGTERM");
    expect(await heir.ended).toBe(0);

    const alone = simulate("alone", "--jobs", "1");
    expect([await alone.ended, alone.said()]).toEqual([0, expect.any(String)]);
    expect(cells("queued")).toEqual(cells("alone"));
    expect(cells("alone")).toHaveLength(4);
  });
});

describe.skipIf(!hasRedis)(`workers at ${redisTitle}`, () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  it("[SI11] share cells, and play each once for whoever asks", async () => {
    const played: number[] = [];
    const play = ({ cell }: { readonly cell: Cell }) => {
      played.push(cell.seed);
      return Promise.resolve(done(cell));
    };
    const work = () => startQueueWorker(redis.url, { jobs: 1, play, onError: () => undefined });
    const [queue, ...workers] = [await openCellQueue(redis.url), await work(), await work()];
    const lane = () => queue.lane({ backend: "cpu", text: "none" });
    const seeds = [1, 2, 3, 4];
    for (const { play: ask } of [lane(), lane()]) {
      const answers = await Promise.all(seeds.map((seed) => ask(cellOf(seed))));
      expect(answers).toEqual(seeds.map((seed) => done(cellOf(seed))));
    }
    expect(played.sort()).toEqual(seeds);
    for (const each of [...workers, queue]) await each.close();
  });
});

function cellOf(seed: number): Cell {
  const hash = String(seed).repeat(64);
  return { hash, variant: null, settings: {}, seed, config: {} };
}

function done(cell: Cell): PlayedCell {
  const nothing = { configHash: null, adapterHash: null, rows: [], shares: null, clients: [] };
  return { result: { ...cell, ...nothing, status: "completed", failure: null }, seconds: 1 };
}
