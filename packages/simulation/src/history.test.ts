/** What clients said and heard while everything failed around them, held against what the store has in the end. */
import { rngFromSeed } from "@fedtune/core";
import type { Digest, Rng, RunHistory, UpdateRow } from "@fedtune/core";
import type { CallPoint, Verdict } from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import { liveThrough, mortalWorld } from "./test-support/mortal-world.ts";
import type {
  Acknowledged,
  Heard,
  MortalOptions,
  MortalWorld,
} from "./test-support/mortal-world.ts";

/** One thing said about an update, in the order of time. */
interface Said {
  readonly at: number;
  readonly index: number;
  readonly type: string;
  readonly round: number;
  readonly hash: Digest;
}

/** A network that loses, doubles and delays, and coordinators that die or lose their store at any call. */
function troubled(
  seed: number,
  change: Pick<MortalOptions, "config" | "trainingMs"> = {},
): { world: MortalWorld; lives: ((point: CallPoint) => Verdict)[] } {
  const rng = rngFromSeed(seed);
  const [dice, fates] = [rng.fork("lives"), rng.fork("fates")];
  const least = { minFitClients: 1, minAvailableClients: 2 };
  const rounds = { ...least, numRounds: 4, maxAttempts: 100, roundTimeoutMs: 20_000 };
  const world = mortalWorld({
    ...change,
    config: { rounds: { ...rounds, ...change.config, reconnectGraceMs: 500 } },
    fate: () => fateOf(fates),
  });
  const life = (point: CallPoint): Verdict => {
    const value = dice.uniform();
    if (point.port === "transport") return value < 0.005 ? "die" : "go";
    return value < 0.01 ? "die" : value < 0.02 ? "fail" : value < 0.025 ? "hang" : "go";
  };
  return { world, lives: Array.from({ length: 12 }, () => life) };
}

function fateOf(rng: Rng): readonly number[] {
  const value = rng.uniform();
  const late = (): number => Math.floor(rng.uniform() * 3000);
  if (value < 0.08) return [];
  return value < 0.16 ? [late(), late()] : [late()];
}

function saidIn({ heard, names }: MortalWorld): Said[] {
  return heard.flatMap(({ at, name, message }: Heard) => {
    if (message === "") return [];
    const { type, round, hash, blob } = JSON.parse(message) as Said & { blob?: { hash: Digest } };
    const said = { at, index: names.indexOf(name), type, round };
    if (type === "update") return [{ ...said, hash: blob?.hash ?? hash }];
    return type === "accepted" || type === "refused" ? [{ ...said, hash }] : [];
  });
}

const keyOf = ({ index, round, hash }: Said): string => `${index}/${round}/${hash}`;

/** Nothing is in a round that its client did not announce before. */
function checkNoPhantom(said: readonly Said[], updates: readonly string[]): void {
  const announced = new Set(said.filter(({ type }) => type === "update").map(keyOf));
  for (const update of updates) expect(announced).toContain(update);
}

/** The first answer to an update is its only one. */
function checkAnswers(said: readonly Said[]): void {
  const answers = new Map<string, string>();
  for (const one of said) {
    if (one.type === "update") continue;
    expect(answers.get(keyOf(one)) ?? one.type).toBe(one.type);
    answers.set(keyOf(one), one.type);
  }
}

/** Round numbers never go back, and an update is acknowledged only while its round is the next one, or has it. */
function checkOrders({ heard }: MortalWorld): void {
  let last = 0;
  for (const { message } of heard) {
    const { type, round } = JSON.parse(message || "{}") as Partial<Said>;
    if (type !== "order" || round === undefined) continue;
    expect(round).toBeGreaterThanOrEqual(last);
    last = round;
  }
}

/** Where the store has an acknowledged update: in the slot of its round, or in buffered mode of a later one. */
async function slotOf(
  { store, setup, names }: MortalWorld,
  { name, round, hash }: Acknowledged,
): Promise<UpdateRow | null> {
  const index = names.indexOf(name);
  const { mode, buffer } = setup.resolved.config.rounds;
  const last = mode === "buffered" ? round + buffer.maxStaleness : round;
  for (let at = round; at <= last; at++) {
    const row = await store.getUpdate(setup.id, at, index);
    if (row?.blob.hash === hash) return row;
  }
  return null;
}

async function checkAcknowledged(world: MortalWorld, history: RunHistory): Promise<void> {
  for (const one of world.acknowledged()) {
    const row = await slotOf(world, one);
    expect(row?.blob.hash).toBe(one.hash);
    const committed = history.rounds.find(({ round }) => round === row?.round);
    // Not in the round: an attempt that was given up had accepted it, and its client was not drawn again.
    if (committed !== undefined && !committed.accepted.includes(row!.index))
      expect(row?.attempt).toBeLessThan(committed.attempt);
  }
}

async function checkHistory(
  world: MortalWorld,
  lives: readonly ((point: CallPoint) => Verdict)[],
): Promise<void> {
  const { end } = await liveThrough(world, lives);
  expect(end?.status).toBe("completed");
  const history = (await world.store.getHistory(world.setup.id))!;
  expect(history.rounds.map(({ round }) => round)).toEqual([1, 2, 3, 4]);
  const said = saidIn(world);
  expect(said.length).toBeGreaterThan(12);
  const rows = history.rounds.map(({ round, accepted }) =>
    world.store.getUpdates(world.setup.id, round, accepted),
  );
  const used = (await Promise.all(rows)).flat();
  const keys = used.map(
    ({ round, base = round - 1, index, blob }) => `${index}/${base + 1}/${blob.hash}`,
  );
  expect(new Set(keys).size).toBe(keys.length);
  checkNoPhantom(said, keys);
  checkAnswers(said);
  checkOrders(world);
  await checkAcknowledged(world, history);
}

const seeds = Array.from({ length: 11 }, (_, seed) => seed);

describe("a history of faults", () => {
  it.each([...seeds, 189])(
    "[RE27] [RE26] [ST6] every answer stands, nothing is made up, and rounds follow one another (seed %i)",
    async (seed) => {
      const { world, lives } = troubled(seed);
      await checkHistory(world, lives);
    },
  );

  it.each(seeds)(
    "[RE27] [RE29] the same of a buffered run, each update in one buffer at most (seed %i)",
    async (seed) => {
      const rounds = { mode: "buffered", buffer: { size: 2, maxStaleness: 2 } };
      const trainingMs = (index: number): number => [1000, 4000, 20_000][index] ?? 0;
      const { world, lives } = troubled(seed, { config: rounds, trainingMs });
      await checkHistory(world, lives);
    },
  );
});
