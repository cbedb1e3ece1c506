import { FedtuneError, memoryBlobs, virtualClock } from "@fedtune/core";
import { nodeEntropy, nodeHash } from "@fedtune/node-ports";
import { describe, expect, it } from "vitest";
import {
  blobsWritable,
  databaseAnswers,
  migrationsApplied,
  notDraining,
  readiness,
} from "./health.ts";

const clock = () => virtualClock(() => new Promise((resolve) => setImmediate(resolve)));
const ports = { hash: nodeHash, entropy: nodeEntropy };

describe("readiness", () => {
  it("[OP1] is there when all checks pass, and says of each how long it took", async () => {
    const pool = { query: async () => ({ rows: [{ name: "one" }, { name: "two" }] }) };
    const checks = {
      database: databaseAnswers(pool),
      migrations: migrationsApplied(pool, ["one"]),
      blobs: blobsWritable(memoryBlobs(), ports),
      drain: notDraining({ draining: false }),
    };
    const { status, checks: found } = await readiness({ checks, clock: clock() })();
    expect(status).toBe("ready");
    expect(Object.keys(found)).toEqual(Object.keys(checks));
    expect(found["blobs"]).toEqual({ ok: true, ms: 0, problem: null });
  });

  it("[OP1] names what does not work, and gives nothing away", async () => {
    const secret = new Error("password authentication failed for user root at 10.0.0.1");
    const checks = {
      database: databaseAnswers({ query: () => Promise.reject(secret) }),
      migrations: migrationsApplied({ query: async () => ({ rows: [] }) }, ["one"]),
      blobs: blobsWritable(
        {
          ...memoryBlobs(),
          put: () => Promise.reject(new FedtuneError("storage-failed", "the disk is full")),
        },
        ports,
      ),
      drain: notDraining({ draining: true }),
    };
    const found = await readiness({ checks, clock: clock() })();
    expect(found.status).toBe("unavailable");
    expect(Object.values(found.checks).map(({ problem }) => problem)).toEqual([
      "it failed",
      "Cannot use the database: it lacks 1 of 1 migrations",
      "the disk is full",
      "Cannot take new work: the server is leaving",
    ]);
    expect(JSON.stringify(found)).not.toContain("10.0.0.1");
  });

  it("[OP1] does not wait for a check that hangs, and asks once for all who ask at a time", async () => {
    const time = clock();
    let asked = 0;
    const look = readiness({
      checks: { database: () => ((asked += 1), new Promise<void>(() => undefined)) },
      clock: time,
    });
    const [first, second] = await time.runUntil(Promise.all([look(), look()]));
    expect(first).toEqual(second);
    expect(first.checks["database"]).toEqual({
      ...{ ok: false, ms: 1_000, problem: "Cannot wait longer: 1000 ms are over" },
    });
    expect(asked).toBe(1);
    void look();
    expect(asked).toBe(2);
  });

  it("[OP1] leaves nothing in the blob store", async () => {
    const stored: string[] = [];
    const blobs = memoryBlobs();
    const watched = {
      ...blobs,
      put: (bytes: Uint8Array, hash: Parameters<typeof blobs.put>[1]) => (
        stored.push(hash),
        blobs.put(bytes, hash)
      ),
    };
    await blobsWritable(watched, ports)();
    await blobsWritable(watched, ports)();
    expect(new Set(stored).size).toBe(2);
    for (const hash of stored) expect(await blobs.has(hash as never)).toBe(false);
  });
});
