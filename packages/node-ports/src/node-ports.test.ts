import { afterEach, describe, expect, it, vi } from "vitest";
import { nodeClock } from "./clock.ts";
import { nodeEntropy } from "./entropy.ts";
import { nodeHash } from "./hash.ts";

describe("node ports", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it("hashes as FIPS 180-4 does", () => {
    expect(nodeHash.sha256(new TextEncoder().encode("abc"))).toBe(
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
  });

  it("draws as many bytes as asked for, different ones each time", () => {
    const first = nodeEntropy.bytes(32);
    expect(first).toHaveLength(32);
    expect(nodeEntropy.bytes(32)).not.toEqual(first);
  });

  it("waits longer than one timer can, and can be cancelled", () => {
    vi.useFakeTimers();
    const monthMs = 30 * 86_400_000;
    let fired = 0;
    nodeClock.after(monthMs, () => (fired += 1));
    const cancel = nodeClock.after(monthMs, () => (fired += 1));
    vi.advanceTimersByTime(monthMs - 1);
    expect(fired).toBe(0);
    cancel();
    vi.advanceTimersByTime(1);
    expect(fired).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});
