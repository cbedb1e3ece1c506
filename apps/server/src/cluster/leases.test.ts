import { FedtuneError, runId, virtualClock } from "@fedtune/core";
import type { RunId, VirtualClock } from "@fedtune/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { leaseKeeper } from "./leases.ts";
import type { Lease } from "./leases.ts";
import { memoryLeases } from "./test-support/memory-leases.ts";
import type { MemoryLeases } from "./test-support/memory-leases.ts";

const leaseMs = 900;
const run = runId("r");
const clockOf = (): VirtualClock =>
  virtualClock(() => new Promise((resolve) => setImmediate(resolve)));
const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Moves a clock on, letting everything happen in between. */
async function pass(clock: VirtualClock, ms: number): Promise<void> {
  let isOver = false;
  clock.after(ms, () => (isOver = true));
  while (!isOver) {
    clock.advance();
    await tick();
  }
}

function keeperOf(table: ReturnType<MemoryLeases["table"]>, clock: VirtualClock) {
  const errors: unknown[] = [];
  const keeper = leaseKeeper({ table, clock, leaseMs, failed: (error) => errors.push(error) });
  return { keeper, errors };
}

async function take(
  keeper: ReturnType<typeof keeperOf>["keeper"],
  of: RunId = run,
): Promise<Lease> {
  const lease = await keeper.acquire(of);
  if (lease === null) throw new Error("not free");
  return lease;
}

describe("leases", () => {
  it("[OP5] only one process gets a run, as long as it renews", async () => {
    const clock = clockOf();
    const leases = memoryLeases(clock, [run]);
    const { keeper: ada } = keeperOf(leases.table("ada"), clock);
    const { keeper: bob } = keeperOf(leases.table("bob"), clock);
    const lease = await take(ada);
    await pass(clock, 20 * leaseMs);
    expect(await bob.acquire(run)).toBeNull();
    expect(lease.lost.aborted).toBe(false);
    await lease.release();
    expect(ada.held().size).toBe(0);
    expect(await bob.acquire(run)).not.toBeNull();
    expect(lease.lost.aborted).toBe(false);
    await Promise.all([ada.close(), bob.close()]);
  });

  it("[OP5] a process that cannot renew lets go before another can take the run", async () => {
    const clock = clockOf();
    const leases = memoryLeases(clock, [run]);
    const ada = leases.table("ada");
    const { keeper, errors } = keeperOf(ada, clock);
    const lease = await take(keeper);
    await pass(clock, 2 * leaseMs);
    ada.fault = new FedtuneError("storage-failed", "away");
    let lostAt = Infinity;
    lease.lost.addEventListener("abort", () => (lostAt = clock.now()));
    const bob = leases.table("bob");
    let takenAt = Infinity;
    while (takenAt === Infinity) {
      if (await bob.acquire(run, leaseMs)) takenAt = clock.now();
      else await pass(clock, 10);
    }
    expect(lostAt).toBeLessThan(takenAt);
    expect(errors.length).toBeGreaterThan(0);
    expect(lease.lost.reason).toMatchObject({ code: "stale-epoch" });
    await keeper.close();
  });

  it("[OP5] a renewal that finds another owner loses the lease at once", async () => {
    const clock = clockOf();
    const leases = memoryLeases(clock, [run]);
    const { keeper } = keeperOf(leases.table("ada"), clock);
    const lease = await take(keeper);
    leases.steal(run, "bob");
    await pass(clock, leaseMs / 2);
    expect(lease.lost.aborted).toBe(true);
    // Letting go of what is another's changes nothing.
    await lease.release();
    expect(leases.ownerOf(run)).toBe("bob");
    await keeper.close();
  });

  it("[OP5] whatever fails and however long: two processes never hold one run at a time", async () => {
    const faults = fc.array(
      fc.record({ who: fc.boolean(), works: fc.boolean(), ms: fc.integer({ min: 1, max: 2_000 }) }),
      { minLength: 1, maxLength: 20 },
    );
    await fc.assert(
      fc.asyncProperty(faults, async (steps) => {
        const clock = clockOf();
        const leases = memoryLeases(clock, [run]);
        const tables = [leases.table("ada"), leases.table("bob")] as const;
        const keepers = tables.map((table) => keeperOf(table, clock).keeper);
        for (const { who, works, ms } of steps) {
          const one = who ? 1 : 0;
          tables[one].fault = works ? null : new FedtuneError("storage-failed", "away");
          for (const keeper of keepers) {
            if (!keeper.held().has(run)) await keeper.acquire(run).catch(() => null);
          }
          for (let passed = 0; passed < ms; passed += 50) {
            await pass(clock, 50);
            expect(keepers.filter((keeper) => keeper.held().has(run)).length).toBeLessThan(2);
          }
        }
        for (const table of tables) table.fault = null;
        await Promise.all(keepers.map((keeper) => keeper.close()));
      }),
      { numRuns: 20, seed: Number(process.env["FC_SEED"]) },
    );
  });
});
