/** Runs whose slow clients deliver into the round after their own. */
import { methods } from "@fedtune/aggregators";
import { adapterKinds, resolveRun, rngFromSeed } from "@fedtune/core";
import type { Method, UpdateRow } from "@fedtune/core";
import { privacyRules } from "@fedtune/dp";
import { expectClose, nodeHash } from "@fedtune/testkit";
import type { CallPoint, Verdict } from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import { liveThrough, mortalWorld } from "./test-support/mortal-world.ts";
import type { MortalOptions, MortalWorld } from "./test-support/mortal-world.ts";
import { headerBytes, playedRounds, valuesOf } from "./test-support/played-rounds.ts";
import type { Played } from "./test-support/played-rounds.ts";
import { openRawRun } from "./test-support/raw-run.ts";
import type { RawRun } from "./test-support/raw-run.ts";

const MINUTE = 60_000;
/** Three clients take a minute, the last one two and a half: rounds that end after two minutes miss it. */
const rounds = {
  ...{ lateUpdates: "next-round", numRounds: 4, minAvailableClients: 4, minFitClients: 2 },
  ...{ roundTimeoutMs: 2 * MINUTE, uploadGraceMs: 0 },
};

function slowed(change: object = {}, more: MortalOptions = {}): MortalWorld {
  return mortalWorld({
    clients: 4,
    config: { rounds: { ...rounds, ...change } },
    trainingMs: (index) => (index === 3 ? 2.5 : 1) * MINUTE,
    ...more,
  });
}

const lateOnes = (played: readonly Played[]): UpdateRow[] =>
  played.flatMap(({ updates }) => updates.filter(({ base }) => base !== undefined));

/** Each adapter is the last one and the mean of the changes that the frozen attempt names, weighed by hand. */
async function checkArithmetic(world: MortalWorld): Promise<void> {
  let adapter = world.setup.context.initial(2);
  for (const { row, updates } of await playedRounds(world)) {
    const weights = updates.map(({ base }) => (base === undefined ? 1 : Math.SQRT1_2));
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

/** What was acknowledged is in the round of its order or in the one after it, once. */
async function checkAcknowledged(world: MortalWorld): Promise<void> {
  const used = (await playedRounds(world)).flatMap(({ updates }) => updates);
  for (const { name, round, hash } of world.acknowledged()) {
    const index = world.names.indexOf(name);
    const mine = used.filter((update) => update.index === index && update.blob.hash === hash);
    expect(mine.map(({ round: at }) => at - round)).toEqual([mine[0]?.base === undefined ? 0 : 1]);
  }
}

describe("a run with a slow client", () => {
  it("[RE30] counts in the next round what came late, for its examples times the discount", async () => {
    const world = slowed();
    const { end } = await liveThrough(world);
    expect(end).toEqual({ status: "completed", failure: null });
    const late = lateOnes(await playedRounds(world));
    expect(late.map(({ index, round, base }) => [index, round, base])).toEqual([
      [3, 2, 0],
      [3, 4, 2],
    ]);
    await checkArithmetic(world);
    await checkAcknowledged(world);
  });

  it("[RE30] trains nothing in vain, where a run that drops what is late loses all of it", async () => {
    const taking = slowed();
    const dropping = slowed({ lateUpdates: "drop" });
    await liveThrough(taking);
    await liveThrough(dropping);
    const acknowledged = (world: MortalWorld) =>
      world.acknowledged().filter(({ name }) => name === "c3").length;
    expect([acknowledged(taking), acknowledged(dropping)]).toEqual([2, 0]);
    expect(taking.trained.filter((one) => one.startsWith("c3"))).toEqual(["c3/1", "c3/3"]);
  });

  it("[RE30] [RE13] the same arrivals give the same bytes", async () => {
    expect(await liveThrough(slowed())).toEqual(await liveThrough(slowed()));
  });

  it("[RE30] who needs more than two rounds is called off, and starts anew", async () => {
    const trainingMs = (index: number) => (index === 3 ? 5 : 1) * MINUTE;
    const world = slowed({}, { trainingMs });
    await liveThrough(world);
    const played = await playedRounds(world);
    expect(played.map(({ row }) => row.accepted)).toEqual(Array(4).fill([0, 1, 2]));
    expect(world.acknowledged().filter(({ name }) => name === "c3")).toEqual([]);
    expect(world.trained.filter((one) => one.startsWith("c3"))).toEqual(["c3/1", "c3/3"]);
  });

  it("[RE30] the members of a round say who came late and counts", async () => {
    const world = slowed();
    await liveThrough(world);
    const details = await world.store.getRoundDetails(world.setup.id, 2);
    expect(details?.attempts[0]?.members?.at(-1)).toMatchObject({
      ...{ index: 3, status: "accepted", order: 1, acceptedMs: expect.any(Number) as number },
    });
    const first = await world.store.getRoundDetails(world.setup.id, 1);
    expect(first?.attempts[0]?.members?.at(-1)).toMatchObject({ index: 3, status: "training" });
  });
});

describe("a run that closes at its target, with the slowest on top", () => {
  /** Nobody is timed out: whoever comes first makes the round. */
  const over = {
    ...{ numRounds: 4, minAvailableClients: 4, fractionFit: 0.5, overSelection: 2 },
    ...{ lateUpdates: "next-round", minFitClients: 2 },
  };
  const trainingMs = (index: number) => [60, 61, 63, 80][index]! * 1000;
  const topped = () => mortalWorld({ clients: 4, config: { rounds: over }, trainingMs });

  it("[RE30] uses the work of those that it did not wait for", async () => {
    const world = topped();
    expect((await liveThrough(world)).end?.status).toBe("completed");
    expect(lateOnes(await playedRounds(world)).length).toBeGreaterThan(0);
    await checkArithmetic(world);
    await checkAcknowledged(world);
  });
});

/** Dies at the point of that number, counted from 0. */
function deathAt(number: number): (point: CallPoint) => Verdict {
  let count = 0;
  return () => (count++ === number ? "die" : "go");
}

describe("a coordinator that dies while clients are late", () => {
  /** Rounds end at their target, since a successor gives a round its whole time anew. */
  const rounds = {
    ...{ lateUpdates: "next-round", numRounds: 2, minAvailableClients: 3, minFitClients: 1 },
    ...{ fractionFit: 0.3, overSelection: 2 },
  };

  it.each([
    ["and are drawn again", 0, [1, 2], [2]],
    ["and are not drawn again", 1, [0, 1], [0, 2]],
  ])(
    "[RE26] [RE27] [RE30] %s: at any call, its successor reaches the same bytes",
    async (_how, seed, cohort, accepted) => {
      const options: MortalOptions = {
        ...{ clients: 3, trainingMs: (index) => (60 + 10 * index) * 1000 },
        config: { rounds, seed },
      };
      const points: CallPoint[] = [];
      const world = mortalWorld(options);
      const undisturbed = await liveThrough(world, [(point) => (points.push(point), "go")]);
      const second = await world.store.getRoundDetails(world.setup.id, 2);
      expect(second?.attempts).toMatchObject([{ cohort }]);
      expect(second?.row?.accepted).toEqual(accepted);
      const told = second?.attempts[0]?.members?.find(({ index }) => index === 2);
      expect(told).toMatchObject({ status: "accepted", order: 1, examples: 10 });
      expect(lateOnes(await playedRounds(world))).toMatchObject([{ index: 2, round: 2 }]);
      for (const [number, point] of points.entries()) {
        const disturbed = mortalWorld(options);
        const outcome = await liveThrough(disturbed, [deathAt(number)]);
        expect(outcome, JSON.stringify({ number, ...point })).toEqual(undisturbed);
        await checkAcknowledged(disturbed);
      }
    },
    120_000,
  );

  it.each([0, 1, 2, 3, 4, 5, 6, 7])(
    "[RE26] [RE27] [RE30] again and again: each round is what its frozen updates make it (seed %i)",
    async (seed) => {
      const dice = rngFromSeed(seed);
      const life = ({ port }: CallPoint): Verdict => {
        const value = dice.uniform();
        if (port === "transport") return value < 0.01 ? "die" : "go";
        return value < 0.02 ? "die" : value < 0.04 ? "fail" : "go";
      };
      const world = slowed({ numRounds: 6 });
      const lives = Array.from({ length: 10 }, () => life);
      expect((await liveThrough(world, lives)).end?.status).toBe("completed");
      await checkArithmetic(world);
      await checkAcknowledged(world);
    },
  );
});

describe("late updates by hand", () => {
  async function begun(): Promise<RawRun> {
    const over = { minAvailableClients: 4, fractionFit: 0.5, overSelection: 1.5, minFitClients: 2 };
    const real = await openRawRun({ numRounds: 4, lateUpdates: "next-round", ...over });
    for (const client of real.clients) await real.join(client);
    return real;
  }

  /** The cohort's members but one deliver. */
  async function without(real: RawRun, slow: number, round: number): Promise<void> {
    for (const client of real.clients)
      if (client.index !== slow && client.order?.round === round)
        await real.deliver(client, { round, variant: 0 });
    for (let k = 0; k < 5; k++) await real.settle();
  }

  const committed = async ({ store, setup }: RawRun) =>
    (await store.getHistory(setup.id))?.rounds.map(({ accepted }) => accepted) ?? [];

  it("[RE7] [RE30] are stored before they are acknowledged, once; two rounds later they are refused", async () => {
    const real = await begun();
    const slow = real.clients.find(({ order }) => order !== null)!;
    await without(real, slow.index, 1);
    const hash = await real.deliver(slow, { round: 1, variant: 0 });
    const row = await real.store.getUpdate(real.setup.id, 2, slow.index);
    expect(row).toMatchObject({ round: 2, base: 0, blob: { hash } });
    await real.deliver(slow, { round: 1, variant: 0 });
    await real.deliver(slow, { round: 1, variant: 3 });
    expect(real.answers.filter(({ index }) => index === slow.index)).toMatchObject([
      { type: "accepted", round: 1, hash },
      { type: "accepted", round: 1, hash },
      { type: "refused", round: 1, code: "update-conflict" },
    ]);
    await without(real, slow.index, 2);
    expect((await committed(real))[1]).toContain(slow.index);
    await real.deliver(slow, { round: 1, variant: 0 });
    expect(real.answers.at(-1)).toMatchObject({ type: "accepted", round: 1, hash });
  });

  it("[RE6] [RE30] that come after the next round as well are refused", async () => {
    const real = await begun();
    const slow = real.clients.find(({ order }) => order !== null)!;
    await without(real, slow.index, 1);
    await without(real, slow.index, 2);
    expect(await committed(real)).toHaveLength(2);
    await real.deliver(slow, { round: 1, variant: 0 });
    expect(real.answers.at(-1)).toMatchObject({ index: slow.index, code: "late-update" });
  });
});

describe("a config whose late updates count", () => {
  const base = {
    ...{ name: "toy", task: { kind: "sequence-classification", labels: ["no", "yes"] } },
    adapter: { rank: 2 },
  };
  const registries = { methods, kinds: adapterKinds, privacy: privacyRules };
  const resolve = (more: object) => resolveRun({ ...base, ...more }, registries, nodeHash);
  const lateUpdates = "next-round";

  it.each<Method>(methods)(
    "[CF3] [RE30] with $name counts them or is refused, as the method can add another round's change",
    ({ name, claims }) => {
      const kind = adapterKinds.find(({ product }) => claims.products.includes(product))?.name;
      const adapter = { ...base.adapter, kind };
      const resolved = () => resolve({ method: { name }, adapter, rounds: { lateUpdates } });
      if (claims.acceptsStale === true)
        expect(resolved().config.rounds.lateUpdates).toBe(lateUpdates);
      else expect(resolved).toThrow(/rounds\.lateUpdates.*drop with method/s);
    },
  );

  it.each([
    ["rounds.lateUpdates", { rounds: { lateUpdates, mode: "buffered" } }],
    ["rounds.sampling", { rounds: { lateUpdates, sampling: "poisson" } }],
    ["evaluation.where", { rounds: { lateUpdates }, evaluation: { where: "federated" } }],
    ["rounds.lateUpdates", { rounds: { lateUpdates, weightedBy: "uniform" }, privacy: userLevel }],
  ])("[CF3] refuses %s that contradicts it", (field, config) => {
    expect(() => resolve(config)).toThrow(field);
  });

  it("[RE30] takes record-level privacy: what is charged is what a client trains, whenever it counts", async () => {
    const privacy = { mode: "record-level", noiseMultiplier: 1, samplingRate: 0.1, delta: 1e-5 };
    const world = slowed({}, { config: { privacy, rounds } });
    expect((await liveThrough(world)).end?.status).toBe("completed");
    expect(lateOnes(await playedRounds(world))).toHaveLength(2);
    await checkAcknowledged(world);
  });
});

const userLevel = { mode: "user-level", noiseMultiplier: 1, expectedCohort: 4, clipNorm: 1 };
