/** Clients that leave, or are slow, at the worst moments. */
import { describe, expect, it } from "vitest";
import { openRawRun } from "./test-support/raw-run.ts";
import type { RawRun } from "./test-support/raw-run.ts";

async function begun(rounds: object, present: number): Promise<RawRun> {
  const real = await openRawRun({ numRounds: 3, ...rounds });
  for (const client of real.clients.slice(0, present)) await real.join(client);
  return real;
}

/** Lets time pass until so many rounds are committed. */
async function untilRound(real: RawRun, count: number): Promise<void> {
  for (let k = 0; k < 50; k++) {
    await real.settle();
    if ((await committed(real)).length >= count) return;
    real.clock.advance();
  }
}

const committed = async ({ store, setup }: RawRun) =>
  (await store.getHistory(setup.id))?.rounds.map(({ accepted }) => accepted) ?? [];

describe("a client that leaves after the others have submitted", () => {
  const rounds = { minAvailableClients: 3, reconnectGraceMs: 10_000 };

  it.each([
    ["for good", true],
    ["and is not seen again", false],
  ])(
    "[RE12] %s: the round finishes, and those that submitted have their answers",
    async (_how, forGood) => {
      const real = await begun(rounds, 3);
      const [first, second, third] = real.clients;
      await real.deliver(first!, { round: 1, variant: 0 });
      await real.deliver(second!, { round: 1, variant: 0 });
      const { at } = third!;
      if (forGood) await real.say(third!, { type: "leave", run: real.setup.id });
      at?.life.events.closed(at.connection);
      third!.at = null;
      await untilRound(real, 1);
      expect(real.clock.now()).toBe(forGood ? 0 : 10_000);
      expect(await committed(real)).toEqual([[0, 1]]);
      expect(real.answers.map(({ index, type }) => [index, type])).toEqual([
        [0, "accepted"],
        [1, "accepted"],
      ]);
    },
  );
});

describe("a slow client of a cohort that is larger than its target", () => {
  it("[RE4] [RE6] is told that it is late, and takes part in the next round", async () => {
    const real = await begun({ minAvailableClients: 4, fractionFit: 0.5, overSelection: 1.5 }, 4);
    const asked = real.clients.filter(({ order }) => order !== null);
    expect(asked).toHaveLength(3);
    const [slow, ...fast] = asked;
    for (const client of fast) await real.deliver(client, { round: 1, variant: 0 });
    await untilRound(real, 1);
    await real.deliver(slow!, { round: 1, variant: 0 });
    expect(real.answers.at(-1)).toMatchObject({ index: slow!.index, code: "late-update" });
    expect(await committed(real)).toEqual([fast.map(({ index }) => index)]);
    for (let round = 2; round <= 3; round++) {
      for (const client of real.clients)
        if (client.order?.round === round) await real.deliver(client, { round, variant: 0 });
      await untilRound(real, round);
    }
    const took = (await committed(real)).slice(1);
    expect(took.map(({ length }) => length)).toEqual([2, 2]);
    expect(took.flat()).toContain(slow!.index);
    expect(real.life().coordinator.state().phase).toBe("completed");
  });
});
