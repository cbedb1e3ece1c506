/** Cells over a queue at a real Redis: the commands, as people start them. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  hasRedis,
  redisTitle,
  startRedis,
} from "../../../server/src/cluster/test-support/redis-server.ts";
import type { RedisServer } from "../../../server/src/cluster/test-support/redis-server.ts";
import { queuedExperiment } from "./test-support/queued-experiment.ts";

describe.skipIf(!hasRedis)(`workers at ${redisTitle}`, () => {
  const { simulate, cells, worker, close } = queuedExperiment(1);
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(async () => {
    close();
    await redis.stop();
  });

  it("[SI11] two of them finish an experiment together", async () => {
    const workers = await Promise.all([worker(redis.url), worker(redis.url)]);
    const queued = simulate("queued", "--queue", redis.url);
    expect([await queued.ended, queued.said()]).toEqual([0, expect.any(String)]);
    expect(cells("queued")).toHaveLength(2);
    const played = workers.flatMap(({ said }) => said().match(/^Played (\w+)/gm) ?? []);
    expect(new Set(played).size).toBe(2);
    for (const { child, ended } of workers) {
      child.kill("SIGTERM");
      expect(await ended).toBe(0);
    }
  });
});
