import { digest, memoryBlobs } from "@fedtune/core";
import { expectSameBits } from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import { simulate } from "./simulate.ts";
import { restlessModes, restlessRun } from "./test-support/restless-run.ts";
import { keptBlobs, updateMemory } from "./update-memory.ts";

const hash = (digit: string) => digest(digit.repeat(64));

describe("memory of updates", () => {
  it("is given out again when nobody keeps it any more, and not before", () => {
    const memory = updateMemory();
    const first = memory.take(100);
    memory.keep(first);
    memory.drop(first);
    expect(memory.take(100)).not.toBe(first);
    memory.drop(first);
    expect(memory.take(50)).not.toBe(first);
    expect(memory.take(100)).toBe(first);
  });

  it("leaves other bytes alone", () => {
    const memory = updateMemory();
    const other = new Uint8Array(8);
    memory.keep(other);
    memory.drop(other);
    memory.drop(other);
    expect(memory.take(8)).not.toBe(other);
  });

  it("is kept by blobs until they are deleted; the same bytes put twice are kept once", async () => {
    const memory = updateMemory();
    const blobs = keptBlobs(memoryBlobs(), memory);
    const [first, same] = [memory.take(8), memory.take(8)];
    await blobs.put(first, hash("a"));
    await blobs.put(same, hash("a"));
    memory.drop(same);
    expect(memory.take(8)).toBe(same);
    memory.drop(first);
    expect(memory.take(8)).not.toBe(first);
    expect(await blobs.get(hash("a"))).toBe(first);
    await blobs.delete(hash("a"));
    expect(await blobs.has(hash("a"))).toBe(false);
    expect(memory.take(8)).toBe(first);
  });
});

it.each(restlessModes)(
  "%s: a run that reuses memory is that of one that does not, while clients leave and come back",
  async (mode) => {
    const play = (blobs: object) => {
      const run = restlessRun(mode, { verify: true, ...blobs });
      return simulate(run.config, run.options);
    };
    const [reused, fresh] = [await play({}), await play({ blobs: memoryBlobs() })];
    expect(fresh.end.status).toBe("completed");
    expectSameBits(reused.adapter, fresh.adapter);
    expect(JSON.stringify(reused.history)).toBe(JSON.stringify(fresh.history));
  },
);
