import { digest, memoryBlobs } from "@fedtune/core";
import { nodeClock } from "@fedtune/node-ports";
import { Worker } from "node:worker_threads";
import { afterEach, describe, expect, it } from "vitest";
import type { Task } from "./messages.ts";
import { threadPool } from "./thread-pool.ts";
import type { PoolOptions, ThreadPool } from "./thread-pool.ts";

const open: ThreadPool[] = [];
afterEach(async () => {
  for (const pool of open.splice(0)) await pool.close();
});

/** Threads that answer as the scripts say, one script per thread in order of their start. */
function scripted(scripts: readonly string[], options: Partial<PoolOptions> = {}) {
  const started: string[] = [];
  const start = (): Worker => {
    const script = scripts[Math.min(started.length, scripts.length - 1)]!;
    started.push(script);
    const code = `const { parentPort } = require("node:worker_threads");
      const done = (norm) => parentPort.postMessage({ type: "done", result: { norm, bytes: 0 } });
      ${script}`;
    return new Worker(code, { eval: true });
  };
  const pool = threadPool({ clock: nodeClock, threads: 1, start, ...options });
  open.push(pool);
  return { pool, started };
}

const expected = { round: 1, codec: "f32" as const, layoutHash: digest("a".repeat(64)) };
/** A check whose length tells tasks apart. */
function checkOf(length: number): Task & { readonly type: "check" } {
  const task = { hash: digest("b".repeat(64)), expected: { ...expected, length, kept: null } };
  return { type: "check", source: { kind: "asked" }, task };
}
const round = { ...checkOf(0), type: "combine" } as unknown as Task & { readonly type: "combine" };

const obedient = `parentPort.on("message", ({ task }) => done(task.expected.length));`;
const crashing = `parentPort.on("message", () => { throw new Error("out of luck"); });`;
const leaving = `parentPort.on("message", () => process.exit(3));`;
const silent = `parentPort.on("message", () => undefined);`;

describe("a pool of threads", () => {
  it("starts no thread before the first task, and no more than it may", async () => {
    const { pool, started } = scripted([obedient], { threads: 2 });
    expect(started).toHaveLength(0);
    const answers = await Promise.all(
      [1, 2, 3, 4, 5].map((n) => pool.run(checkOf(n), memoryBlobs())),
    );
    expect(answers.map(({ norm }) => norm)).toEqual([1, 2, 3, 4, 5]);
    expect(started.length).toBeLessThanOrEqual(2);
  });

  it.each([
    ["throws", crashing],
    ["exits", leaving],
  ])("gives the task of a thread that %s to another one, once", async (_what, script) => {
    const recovers = scripted([script, obedient]);
    await expect(recovers.pool.run(checkOf(7), memoryBlobs())).resolves.toMatchObject({ norm: 7 });
    expect(recovers.started).toEqual([script, obedient]);
    const broken = scripted([script]);
    await expect(broken.pool.run(checkOf(7), memoryBlobs())).rejects.toMatchObject({
      code: "backend-broken",
    });
    expect(broken.started).toHaveLength(2);
  });

  it("goes on with other tasks after a crash", async () => {
    const { pool } = scripted([crashing, crashing, obedient]);
    const first = pool.run(checkOf(1), memoryBlobs());
    const second = pool.run(checkOf(2), memoryBlobs());
    await expect(first).rejects.toMatchObject({ code: "backend-broken" });
    await expect(second).resolves.toMatchObject({ norm: 2 });
  });

  it("ends a thread that takes too long, and works on with another one", async () => {
    const deadlines: (() => void)[] = [];
    const clock = {
      after: (_ms: number, late: () => void) => {
        deadlines.push(late);
        return () => undefined;
      },
    };
    const options = { clock, deadlines: { check: 50 } };
    const { pool, started } = scripted([silent, obedient], options);
    const first = pool.run(checkOf(1), memoryBlobs());
    const second = pool.run(checkOf(2), memoryBlobs());
    deadlines[0]!();
    await expect(first).rejects.toMatchObject({ code: "timeout", data: { task: "check", ms: 50 } });
    await expect(second).resolves.toMatchObject({ norm: 2 });
    expect(started).toEqual([silent, obedient]);
  });

  it("leaves one thread to checks while rounds are combined", async () => {
    const slow = `parentPort.on("message", ({ type, task }) => {
      if (type === "check") done(task.expected.length);
    });`;
    const { pool, started } = scripted([slow], { threads: 2 });
    const rounds = [1, 2, 3].map(() =>
      pool.run(round, memoryBlobs()).catch((error: unknown) => error),
    );
    await expect(pool.run(checkOf(4), memoryBlobs())).resolves.toMatchObject({ norm: 4 });
    await expect(pool.run(checkOf(5), memoryBlobs())).resolves.toMatchObject({ norm: 5 });
    expect(started).toHaveLength(2);
    await pool.close();
    for (const ended of await Promise.all(rounds))
      expect(ended).toMatchObject({ code: "draining" });
  });

  it("hands blobs to a thread that asks, and tells it of those that are not there", async () => {
    const asking = `parentPort.on("message", (message) => {
      if (message.type === "check") parentPort.postMessage({ type: "need", hash: message.task.hash });
      else if (message.type === "blob") done(message.bytes[0] + 1000 * message.bytes.buffer.byteLength);
      else parentPort.postMessage({ type: "failed", error: message.error });
    });`;
    const { pool } = scripted([asking]);
    const blobs = memoryBlobs();
    const missing = pool.run(checkOf(1), blobs);
    await expect(missing).rejects.toMatchObject({ code: "blob-missing" });
    // A view of two bytes in a larger buffer travels as two bytes.
    await blobs.put(new Uint8Array(64).fill(9).subarray(3, 5), checkOf(1).task.hash);
    await expect(pool.run(checkOf(1), blobs)).resolves.toMatchObject({ norm: 2009 });
  });

  it("rejects what runs and waits when it closes, and all that comes later", async () => {
    const { pool } = scripted([silent]);
    const ended = [1, 2].map((n) =>
      pool.run(checkOf(n), memoryBlobs()).catch((error: unknown) => error),
    );
    await pool.close();
    ended.push(pool.run(checkOf(3), memoryBlobs()).catch((error: unknown) => error));
    for (const error of await Promise.all(ended)) expect(error).toMatchObject({ code: "draining" });
  });
});
