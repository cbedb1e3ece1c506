import { FedtuneError } from "@fedtune/core";
import { describe, expect, it, vi } from "vitest";
import { retrying } from "./retry.ts";
import type { Waits } from "./retry.ts";

const lost = () => Object.assign(new Error("server closed"), { code: "08006" });

/** Time that passes only by waiting. */
function still(draw = 0.5) {
  const slept: number[] = [];
  const waits: Waits = {
    now: () => slept.reduce((sum, ms) => sum + ms, 0),
    sleep: async (ms) => void slept.push(ms),
    draw: () => draw,
  };
  return { waits, slept };
}

/** Fails so many times. */
const failing = (times: number, error: () => Error = lost) =>
  vi.fn(async () => {
    if (times-- > 0) throw error();
    return "done";
  });

describe("retrying", () => {
  it("[ST15] does it again until it succeeds, with longer and longer waits", async () => {
    const { waits, slept } = still();
    expect(await retrying(failing(10), { waits })).toBe("done");
    expect(slept.slice(0, 4)).toEqual([15, 30, 60, 120]);
    expect(Math.max(...slept)).toBe(1500);
  });

  it("[ST15] spreads the waits of many by their dice", async () => {
    const [low, high] = [still(0), still(0.999)];
    await retrying(failing(3), { waits: low.waits });
    await retrying(failing(3), { waits: high.waits });
    expect(low.slept).toEqual([10, 20, 40]);
    expect(high.slept[2]).toBeCloseTo(80, 0);
  });

  it("[ST15] gives up when the time is over, and says for how long it has tried", async () => {
    const { waits, slept } = still();
    const work = failing(Infinity);
    await expect(retrying(work, { waits, retryForMs: 5000 })).rejects.toMatchObject({
      ...{ code: "storage-failed", retryable: true, data: { reason: "08006" } },
      message: "Cannot reach the database for 5 s: server closed",
    });
    expect(waits.now()).toBeLessThanOrEqual(5000);
    expect(work).toHaveBeenCalledTimes(slept.length + 1);
  });

  it("[ST15] wakes the server before every further try, whether it can or not", async () => {
    const { waits } = still();
    const wake = vi.fn(() => Promise.reject(new Error("not yet")));
    await retrying(failing(3), { waits, wake });
    expect(wake).toHaveBeenCalledTimes(3);
  });

  it("[ST15] does nothing again that failed for good", async () => {
    const { waits, slept } = still();
    const broken = failing(1, () => Object.assign(new Error("no disk left"), { code: "53100" }));
    await expect(retrying(broken, { waits })).rejects.toMatchObject({
      code: "storage-failed",
      message: "Cannot use the database: no disk left",
    });
    const stale = failing(1, () => new FedtuneError("stale-epoch", "not yours"));
    await expect(retrying(stale, { waits })).rejects.toMatchObject({ code: "stale-epoch" });
    expect(slept).toEqual([]);
  });
});
