/** Buffered-asynchronous runs with clients of different speeds. */
import { methods } from "@fedtune/aggregators";
import { adapterKinds, resolveRun, rngFromSeed } from "@fedtune/core";
import type { Digest, UpdateRow } from "@fedtune/core";
import { privacyRules } from "@fedtune/dp";
import { expectClose, nodeHash } from "@fedtune/testkit";
import type { CallPoint, Verdict } from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import { liveThrough, mortalWorld } from "./test-support/mortal-world.ts";
import type { MortalWorld } from "./test-support/mortal-world.ts";
import { headerBytes, playedRounds, valuesOf } from "./test-support/played-rounds.ts";

const buffer = { size: 3, maxStaleness: 6 };
const rounds = { mode: "buffered", numRounds: 12, minAvailableClients: 5, minFitClients: 1 };

/** Six clients, the slowest of which takes ten times as long as the fastest. */
function speedy(change: object = {}, more: Parameters<typeof mortalWorld>[0] = {}): MortalWorld {
  return mortalWorld({
    clients: 6,
    config: { rounds: { ...rounds, buffer, ...change } },
    trainingMs: (index) => [1, 1.5, 2, 3, 5, 10][index]! * 10_000,
    ...more,
  });
}

const stalenessOf = ({ round, base = round - 1 }: UpdateRow): number => round - 1 - base;

/** Each adapter is the last one and the mean of the changes, weighed by hand. */
async function checkArithmetic(world: MortalWorld): Promise<void> {
  let adapter = world.setup.context.initial(2);
  for (const { row, updates } of await playedRounds(world)) {
    const weights = updates.map((update) => 1 / Math.sqrt(1 + stalenessOf(update)));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const next = Float64Array.from(adapter);
    for (const [k, { blob }] of updates.entries()) {
      const change = await valuesOf(world, blob.hash, headerBytes);
      change.forEach((value, i) => (next[i] = next[i]! + (weights[k]! / total) * value));
    }
    adapter = await valuesOf(world, row.adapters[0]!.model);
    expectClose(adapter, Float32Array.from(next), 1e-6);
  }
}

describe("a buffered run", () => {
  it("[RE29] closes each round with its buffer, and weighs its updates by their staleness", async () => {
    const world = speedy();
    const { end } = await liveThrough(world);
    expect(end).toEqual({ status: "completed", failure: null });
    const played = await playedRounds(world);
    expect(played.map(({ updates }) => updates.length)).toEqual(Array(12).fill(3));
    const ages = new Set(played.flatMap(({ updates }) => updates.map(stalenessOf)));
    expect(Math.max(...ages)).toBeGreaterThan(2);
    expect(Math.max(...ages)).toBeLessThanOrEqual(6);
    expect(ages).toContain(0);
    await checkArithmetic(world);
  });

  it("[RE29] makes more rounds in an hour than one that waits for its slowest client", async () => {
    const asynchronous = speedy();
    const waiting = speedy({ mode: "synchronous" });
    await liveThrough(asynchronous);
    await liveThrough(waiting);
    const perHour = ({ clock }: MortalWorld) => (12 * 3_600_000) / clock.now();
    expect(perHour(asynchronous)).toBeGreaterThan(3 * perHour(waiting));
  });

  it("[RE29] nobody older than the limit is in a buffer; the slowest start anew", async () => {
    const world = speedy({ buffer: { size: 3, maxStaleness: 1 }, numRounds: 20 });
    expect((await liveThrough(world)).end?.status).toBe("completed");
    const played = await playedRounds(world);
    const ages = played.flatMap(({ updates }) => updates.map(stalenessOf));
    expect(Math.max(...ages)).toBe(1);
    const cancelled = world.heard.filter(({ message }) => message.includes('"type":"cancel"'));
    expect(cancelled.length).toBeGreaterThan(0);
  });

  it("[RE29] [RE13] the same arrivals give the same bytes", async () => {
    expect(await liveThrough(speedy())).toEqual(await liveThrough(speedy()));
  });

  it("[RE29] with a buffer of all and nobody stale it is the synchronous run, bit for bit", async () => {
    const all = { clients: 3, trainingMs: () => 1000 };
    const change = { minAvailableClients: 3, buffer: { size: 3 } };
    const one = await liveThrough(
      speedy(change, { ...all, config: { rounds: { ...rounds, ...change } } }),
    );
    const synchronous = { ...rounds, ...change, mode: "synchronous" };
    const two = await liveThrough(speedy({}, { ...all, config: { rounds: synchronous } }));
    expect(one).toEqual(two);
  });
});

describe("a buffered run whose coordinators die", () => {
  it.each([0, 1, 2, 3, 4, 5, 6, 7])(
    "[RE26] [RE27] [RE10] loses no acknowledged update, and each round is what its updates make it (seed %i)",
    async (seed) => {
      const dice = rngFromSeed(seed);
      const life = ({ port }: CallPoint): Verdict => {
        const value = dice.uniform();
        if (port === "transport") return value < 0.005 ? "die" : "go";
        return value < 0.01 ? "die" : value < 0.02 ? "fail" : "go";
      };
      const world = speedy();
      const { end } = await liveThrough(
        world,
        Array.from({ length: 10 }, () => life),
      );
      expect(end?.status).toBe("completed");
      const played = await playedRounds(world);
      expect(played.map(({ row }) => row.round)).toEqual(played.map((_, k) => k + 1));
      expect(played.every(({ updates }) => updates.length === 3)).toBe(true);
      await checkArithmetic(world);
      const used = played.flatMap(({ updates }) => updates);
      for (const { name, hash } of world.acknowledged()) {
        const index = world.names.indexOf(name);
        const mine = used.filter((update) => update.index === index && update.blob.hash === hash);
        expect(mine.length).toBeLessThanOrEqual(1);
        expect(mine.length === 1 || (await isInNextBuffer(world, index, hash))).toBe(true);
      }
    },
  );
});

/** Accepted, and its round was not finished before the run ended. */
async function isInNextBuffer(
  { store, setup }: MortalWorld,
  index: number,
  hash: Digest,
): Promise<boolean> {
  const row = await store.getUpdate(setup.id, 13, index);
  return row?.blob.hash === hash;
}

describe("a config of a buffered run", () => {
  const base = {
    name: "toy",
    task: { kind: "sequence-classification", labels: ["no", "yes"] },
    adapter: { rank: 2 },
  };
  const registries = { methods, kinds: adapterKinds, privacy: privacyRules };
  const resolve = (more: object) => resolveRun({ ...base, ...more }, registries, nodeHash);
  const mode = "buffered";

  it.each([
    "fedsvd",
    "rolora",
    "flora",
    "fedex-lora",
    "fedsa-lora",
    "lora-fair",
    "hetlora",
    "cellm",
  ])("[CF3] refuses %s: its changes belong to one round's adapter", (name) => {
    expect(() => resolve({ method: { name }, rounds: { mode } })).toThrow(/rounds.mode/);
  });

  it.each(["fedavg", "ffa-lora"])("[RE29] takes %s", (name) => {
    expect(resolve({ method: { name }, rounds: { mode } }).config.rounds.mode).toBe(mode);
  });

  it.each([
    ["rounds.sampling", { rounds: { mode, sampling: "poisson" } }],
    ["rounds.fractionFit", { rounds: { mode, fractionFit: 0.5 } }],
    ["rounds.overSelection", { rounds: { mode, overSelection: 1.2 } }],
    ["rounds.buffer.size", { rounds: { mode, buffer: { size: 9 } } }],
    ["evaluation.where", { rounds: { mode }, evaluation: { where: "federated" } }],
    ["user-level", { rounds: { mode, weightedBy: "uniform" }, privacy: userLevel() }],
  ])("[CF3] refuses %s that contradicts it", (field, config) => {
    expect(() => resolve(config)).toThrow(field);
  });
});

function userLevel() {
  return { mode: "user-level", noiseMultiplier: 1, expectedCohort: 4, clipNorm: 1 };
}
