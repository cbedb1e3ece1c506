import { digest, memoryBlobs, selectRoles, vectorBlobBytes } from "@fedtune/core";
import type { Hash } from "@fedtune/core";
import { expectSameBits, nodeHash } from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import { simulate } from "./simulate.ts";
import { restlessModes, restlessRun } from "./test-support/restless-run.ts";
import { clients, config, layout, options } from "./test-support/toy-run.ts";
import { updateNames } from "./update-names.ts";

/** A hash that counts what it is given, by length. */
function countingHash() {
  const counts = new Map<number, number>();
  const hash: Hash = {
    sha256(bytes) {
      counts.set(bytes.length, (counts.get(bytes.length) ?? 0) + 1);
      return nodeHash.sha256(bytes);
    },
  };
  return { hash, counts };
}

const bytesOf = (...values: number[]): Uint8Array =>
  new Uint8Array(Float32Array.from(values).buffer);

describe("names of updates", () => {
  it("are equal for the same bytes of one client, and for nothing else", () => {
    const names = updateNames(nodeHash);
    const update = { bytes: bytesOf(3, 4), norm: 5 };
    const first = names.name("a", update);
    expect(names.name("a", { bytes: bytesOf(3, 4), norm: 5 })).toBe(first);
    expect(names.name("a", { bytes: bytesOf(3, -4), norm: 5 })).not.toBe(first);
    expect(names.name("a", { bytes: bytesOf(4, 3), norm: 5 })).not.toBe(first);
    expect(names.name("b", { bytes: bytesOf(3, 4), norm: 5 })).not.toBe(first);
    expect(names.normOf(update.bytes)).toBe(5);
    expect(names.normOf(bytesOf(3, 4))).toBeNull();
  });

  it("are over with the last memory that has the bytes", () => {
    const names = updateNames(nodeHash);
    const [one, same, again] = [bytesOf(3, 4), bytesOf(3, 4), bytesOf(3, 4)];
    const name = names.name("a", { bytes: one, norm: 5 });
    names.name("a", { bytes: same, norm: 5 });
    names.forget(one);
    expect(names.normOf(one)).toBeNull();
    expect(names.name("a", { bytes: again, norm: 5 })).toBe(name);
    names.forget(same);
    names.forget(again);
    expect(names.name("a", { bytes: one, norm: 5 })).not.toBe(name);
  });

  it("lead to the hash of bytes that are there, or were overwritten before they were taken", () => {
    const { hash, counts } = countingHash();
    const names = updateNames(hash);
    const [kept, refused, taken] = [bytesOf(1, 0), bytesOf(2, 0), bytesOf(3, 0)];
    const wanted = [kept, refused].map((bytes) => nodeHash.sha256(bytes));
    const named = [kept, refused, taken].map((bytes, k) => names.name("a", { bytes, norm: k + 1 }));
    names.taken(named[2]!);
    for (const bytes of [refused, taken]) {
      names.forget(bytes);
      bytes.fill(0);
    }
    expect([names.hashOf(named[0]!), names.hashOf(named[1]!)]).toEqual(wanted);
    names.hashOf(named[0]!);
    expect([...counts.values()]).toEqual([2]);
    expect(() => names.hashOf(named[2]!)).toThrow(RangeError);
    const other = digest("a".repeat(64));
    expect(names.hashOf(other)).toBe(other);
  });
});

describe("a run in which updates are named", () => {
  const { size } = selectRoles(layout, ["down", "up", "head"]);
  const updateBytes = vectorBlobBytes("f32", size);

  it("hashes no update that is taken, and ends as one that hashes all of them", async () => {
    const [named, hashed] = [countingHash(), countingHash()];
    const one = await simulate(config, options({ hash: named.hash }));
    const other = await simulate(config, options({ hash: hashed.hash, retention: "all" }));
    // The published adapter of each round is a blob of the same length.
    const published = one.history.rounds.length;
    expect(named.counts.get(updateBytes)).toBe(published);
    expect(hashed.counts.get(updateBytes)).toBe(published * (1 + clients.length));
    expectSameBits(one.adapter, other.adapter);
    expect(one.history.rounds.map(({ state, adapters }) => [state, adapters])).toEqual(
      other.history.rounds.map(({ state, adapters }) => [state, adapters]),
    );
    expect(one.resolved.hash).toBe(other.resolved.hash);
  });

  it("hashes updates where somebody else may look at blobs or messages", async () => {
    const open = [
      { blobs: memoryBlobs() },
      { verify: true },
      { fate: () => [0] },
      { prepare: () => undefined },
    ];
    for (const overrides of open) {
      const { hash, counts } = countingHash();
      await simulate(config, options({ hash, ...overrides }));
      expect(counts.get(updateBytes)).toBeGreaterThanOrEqual(4 * (1 + clients.length));
    }
  });

  it.each(restlessModes)(
    "%s: has the hashes of what it refused in its history, while clients leave and come back",
    async (mode) => {
      for (const seed of [1, 2, 3]) {
        const play = (overrides: object) => {
          const run = restlessRun(mode, overrides);
          // The norms' bound refuses some, whose rows name their bytes.
          return simulate({ ...run.config, seed, firewall: { maxNorm: 0.8 } }, run.options);
        };
        const [named, hashed] = [await play({}), await play({ blobs: memoryBlobs() })];
        expect(JSON.stringify(named.history)).toBe(JSON.stringify(hashed.history));
        expect(named.history.refusals.some(({ hash }) => hash !== null)).toBe(true);
        expectSameBits(named.adapter, hashed.adapter);
      }
    },
  );
});
