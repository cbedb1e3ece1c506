/** A coordinator killed at every call of every port: its successor reaches what nobody's death would have changed. */
import type { CallPoint, Verdict } from "@fedtune/testkit";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { liveThrough, mortalWorld } from "./test-support/mortal-world.ts";
import type { MortalOptions, MortalWorld } from "./test-support/mortal-world.ts";

const recordLevel = { mode: "record-level", noiseMultiplier: 1, samplingRate: 0.1, delta: 1e-5 };

/** Small, since every call of every port is a run of its own. */
const small = { clients: 2 } as const;
const rounds = { numRounds: 2 };

const runs: readonly (readonly [string, object])[] = [
  ["fedavg", {}],
  ["fedsvd", { method: { name: "fedsvd" } }],
  ["cellm, sparse both ways", { method: { name: "cellm", densityUp: 0.3 } }],
  ["fedavg under record-level privacy", { privacy: recordLevel }],
  ["fedsa-lora, evaluated by its clients", { method: { name: "fedsa-lora" } }],
];

/** Dies at the point of that number, counted from 0. */
function deathAt(number: number): (point: CallPoint) => Verdict {
  let count = 0;
  return () => (count++ === number ? "die" : "go");
}

/** Every acknowledged update is in the store, unchanged and in its round. */
async function checkAcknowledged(world: MortalWorld): Promise<void> {
  const { store, setup, blobs, names } = world;
  const all = world.acknowledged();
  expect(all.length).toBeGreaterThan(0);
  for (const { name, round, hash } of all) {
    const index = names.indexOf(name);
    expect((await store.getUpdate(setup.id, round, index))?.blob.hash).toBe(hash);
    expect(await blobs.has(hash)).toBe(true);
    expect((await store.getRound(setup.id, round))?.accepted).toContain(index);
  }
}

describe("a coordinator that is killed", () => {
  it.each(runs)(
    "[RE26] [RE27] [RE10] at any call ends with the same bytes: %s",
    async (_name, config) => {
      const options: MortalOptions = { ...small, config: { ...config, rounds } };
      const points: CallPoint[] = [];
      const undisturbed = await liveThrough(mortalWorld(options), [
        (point) => (points.push(point), "go"),
      ]);
      expect(undisturbed.end).toEqual({ status: "completed", failure: null });
      expect(new Set(points.map(({ port }) => port))).toEqual(
        new Set(["store", "blobs", "transport"]),
      );
      for (const [number, point] of points.entries()) {
        const world = mortalWorld(options);
        const outcome = await liveThrough(world, [deathAt(number)]);
        expect(outcome, JSON.stringify({ number, ...point })).toEqual(undisturbed);
        await checkAcknowledged(world);
      }
    },
    120_000,
  );

  it("[RE26] again and again, it still comes to the same end", async () => {
    const undisturbed = await liveThrough(mortalWorld());
    const deaths = fc.array(fc.nat(120), { minLength: 2, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(deaths, async (numbers) => {
        const world = mortalWorld();
        expect(await liveThrough(world, numbers.map(deathAt))).toEqual(undisturbed);
        await checkAcknowledged(world);
      }),
      { numRuns: 25 },
    );
  });
});
