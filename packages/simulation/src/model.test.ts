/** Random histories of clients, operators, crashes and faults against a model of sets and counters. */
import type { Digest, RoundRow } from "@fedtune/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openRawRun } from "./test-support/raw-run.ts";
import type { RawClient, RawRun } from "./test-support/raw-run.ts";

/** What must be so, told by sets and counters alone. */
interface Model {
  /** By `round/index`: what its client was told is accepted. */
  readonly acknowledged: Map<string, Digest>;
  /** Answers that were looked at. */
  answers: number;
  /** Committed rounds as they were when they were first seen. */
  readonly rounds: RoundRow[];
  paused: boolean;
  /** Attempts that were there when the run was paused. */
  attempts: number;
}

type Command = fc.AsyncCommand<Model, RawRun>;

/** By what a round was made of: what it came to, over all histories. */
const published = new Map<string, Digest>();

function command(
  name: string,
  run: (model: Model, real: RawRun) => Promise<void>,
  check: (model: Readonly<Model>) => boolean = () => true,
): Command {
  return {
    check,
    toString: () => name,
    async run(model, real) {
      await run(model, real);
      await real.settle();
      await checkInvariants(model, real);
    },
  };
}

const clientOf = (real: RawRun, index: number): RawClient => {
  const client = real.clients[index];
  if (client === undefined) throw new RangeError(`Cannot find client ${String(index)}`);
  return client;
};

/** Whether the coordinator that was opened last still has its run. */
function serves(real: RawRun): boolean {
  const { ports, coordinator } = real.life();
  const code = coordinator.state().failure?.code ?? null;
  return ports.isAlive() && code !== "stale-epoch" && code !== "storage-failed";
}

/** Every update that reaches a coordinator in good order is answered, whatever the answer. */
async function deliver(
  real: RawRun,
  index: number,
  update: { readonly ahead: number; readonly variant: number },
): Promise<void> {
  const client = clientOf(real, index);
  const { round } = real.life().coordinator.state();
  const before = real.answers.length;
  const isBetween = real.life().coordinator.state().phase === "waiting";
  const isHeard =
    !isBetween && client.at?.life === real.life() && serves(real) && real.fault === null;
  const to = Math.max(1, (client.order?.round ?? round) + update.ahead);
  const hash = await real.deliver(client, { round: to, variant: update.variant });
  if (!isHeard) return;
  const mine = real.answers.slice(before).filter((one) => one.index === index);
  expect(mine.map((one) => [one.round, one.hash])).toContainEqual([to, hash]);
  if (update.ahead > 0) expect(mine.at(-1)?.type).toBe("refused");
}

const index = fc.nat(3);
const variant = fc.constantFrom(0, 0, 0, 1);

const commands: fc.Arbitrary<Command>[] = [
  ...[1, 2, 3].map(() =>
    index.map((k) => command(`join ${k}`, (_, real) => real.join(clientOf(real, k)))),
  ),
  fc.tuple(index, fc.boolean()).map(([k, forGood]) =>
    command(`leave ${k}${forGood ? " for good" : ""}`, async (_, real) => {
      const client = clientOf(real, k);
      const { at } = client;
      if (forGood) await real.say(client, { type: "leave", run: real.setup.id });
      client.at = null;
      client.order = null;
      at?.life.events.closed(at.connection);
    }),
  ),
  ...[1, 2, 3].map(() =>
    fc
      .tuple(index, variant)
      .map(([k, v]) =>
        command(`deliver ${k}.${v}`, (_, real) => deliver(real, k, { ahead: 0, variant: v })),
      ),
  ),
  ...[1, 2, 3].map(() =>
    fc.constant(
      command("all join", async (_, real) => {
        for (const client of real.clients) await real.join(client);
      }),
    ),
  ),
  ...[1, 2, 3].map(() =>
    fc.constant(
      command("all that are asked deliver", async (_, real) => {
        for (const { index: k, order } of real.clients) {
          if (order !== null) await deliver(real, k, { ahead: 0, variant: 0 });
        }
      }),
    ),
  ),
  fc
    .tuple(index, variant, fc.constantFrom(-1, 1))
    .map(([k, v, ahead]) =>
      command(`deliver ${k}.${v} of ${ahead > 0 ? "the next" : "the last"} round`, (_, real) =>
        deliver(real, k, { ahead, variant: v }),
      ),
    ),
  index.map((k) =>
    command(`begin an upload ${k}`, (_, real) => {
      const { at, order } = clientOf(real, k);
      const slot = { run: real.setup.id, round: order?.round ?? 1, client: `c${k}` as never };
      if (at !== null) at.life.events.uploading?.(at.connection, slot);
      return Promise.resolve();
    }),
  ),
  fc.integer({ min: 1, max: 3 }).map((times) =>
    command(`time passes ${times}`, async (_, real) => {
      for (let k = 0; k < times; k++) {
        real.clock.advance();
        await real.settle();
      }
    }),
  ),
  ...[true, true, false].map((kills) =>
    fc.constant(
      command(kills ? "crash and restart" : "another coordinator takes over", async (_, real) => {
        real.fault = null;
        if (kills) {
          real.life().ports.kill();
          for (const client of real.clients) client.at = null;
        }
        await real.open();
      }),
    ),
  ),
  fc.constant(
    command("pause", async (model, real) => {
      real.life().coordinator.pause();
      await real.settle();
      if (!serves(real) || real.fault !== null) return;
      model.paused = real.life().coordinator.state().paused;
      model.attempts = await attempts(real);
    }),
  ),
  fc.constant(
    command("resume", async (model, real) => {
      model.paused = false;
      real.life().coordinator.resume();
      await real.settle();
    }),
  ),
  fc
    .tuple(
      fc.constantFrom("fail" as const, "die" as const),
      fc.constantFrom("before" as const, "after" as const),
    )
    .map(([verdict, moment]) =>
      command(`the next write will ${verdict} ${moment} it is done`, (_, real) => {
        real.fault = { verdict, moment };
        return Promise.resolve();
      }),
    ),
];

const stop = command("stop", async (_, real) => {
  real.life().coordinator.stop();
  await real.settle();
});

async function attempts({ store, setup }: RawRun): Promise<number> {
  return (await store.getHistory(setup.id))?.attempts.length ?? 0;
}

async function checkInvariants(model: Model, real: RawRun): Promise<void> {
  checkAnswers(model, real);
  await checkAcknowledged(model, real);
  await checkRounds(model, real);
  checkWaits(real);
  if (model.paused) expect(await attempts(real)).toBe(model.attempts);
}

/** What was accepted is never refused, and nothing else is accepted in its place. */
function checkAnswers(model: Model, { answers }: RawRun): void {
  for (const { index: who, type, round, hash } of answers.slice(model.answers)) {
    const key = `${round}/${who}`;
    const before = model.acknowledged.get(key);
    if (type === "accepted") {
      expect(before ?? hash).toBe(hash);
      model.acknowledged.set(key, hash);
    } else expect(before).not.toBe(hash);
  }
  model.answers = answers.length;
}

/** Every acknowledged update is there, with its bytes. */
async function checkAcknowledged(model: Model, { store, blobs, setup }: RawRun): Promise<void> {
  for (const [key, hash] of model.acknowledged) {
    const [round, who] = key.split("/").map(Number);
    const row = await store.getUpdate(setup.id, round!, who!);
    expect(row?.blob.hash).toBe(hash);
    expect(await blobs.has(hash)).toBe(true);
  }
}

/** Rounds go up by one, do not change, and come to what their updates make of them. */
async function checkRounds(model: Model, { store, setup }: RawRun): Promise<void> {
  const { rounds = [] } = (await store.getHistory(setup.id)) ?? {};
  expect(rounds.length).toBeGreaterThanOrEqual(model.rounds.length);
  expect(rounds.slice(0, model.rounds.length)).toEqual(model.rounds);
  for (const row of rounds.slice(model.rounds.length)) {
    const { round, accepted, adapters } = row;
    expect(round).toBe(model.rounds.length + 1);
    const updates = await store.getUpdates(setup.id, round, accepted);
    expect(updates.map(({ index: who }) => who)).toEqual(accepted);
    const before = model.rounds.at(-1)?.adapters[0]?.hash ?? "the first";
    const made = [before, ...updates.map(({ blob }) => blob.hash)].join();
    const hash = adapters[0]!.hash;
    expect(published.get(made) ?? hash).toBe(hash);
    published.set(made, hash);
    model.rounds.push(row);
  }
}

/** A coordinator that has its run waits for something that comes, or for an operator. */
function checkWaits(real: RawRun): void {
  const { coordinator } = real.life();
  if (!serves(real)) return;
  const { phase, paused } = coordinator.state();
  const hasEnded = phase === "completed" || phase === "failed" || phase === "stopped";
  const waits = coordinator.waits();
  if (hasEnded || (paused && phase === "waiting")) expect(waits).toEqual([]);
  else expect(waits.length).toBeGreaterThan(0);
  for (const wait of waits) {
    // Between modules the measurement of a round lets others have their turn.
    if (wait.timer === null) expect(wait.for).toBe("aggregation");
    else expect(wait.due).toBeGreaterThanOrEqual(real.clock.now());
  }
}

const policies = fc.record({
  numRounds: fc.constant(3),
  minAvailableClients: fc.constantFrom(2, 3),
  fractionFit: fc.constantFrom(0.6, 1),
  overSelection: fc.constantFrom(1, 1.5),
  reconnectGraceMs: fc.constantFrom(0, 10_000),
  maxAttempts: fc.constant(20),
});

describe("any history", () => {
  it("[RE27] [RE28] [RE7] [ST9] [ST10] keeps what was acknowledged, freezes what was closed, and waits with an end", async () => {
    const all = [...commands, fc.constantFrom(stop, stop)];
    const histories = fc.commands(all.slice(0, -1), { maxCommands: 60, size: "max" });
    await fc.assert(
      fc.asyncProperty(policies, histories, fc.boolean(), async (policy, history, stops) => {
        const setup = async () => {
          const real = await openRawRun(policy);
          const acknowledged = new Map<string, Digest>();
          const model: Model = { acknowledged, answers: 0, rounds: [], paused: false, attempts: 0 };
          return { model, real };
        };
        const { model, real } = await setup();
        await fc.asyncModelRun(() => ({ model, real }), history);
        if (stops) await stop.run(model, real);
        await endsByItself(model, real);
      }),
      { numRuns: 80 },
    );
  });
});

/** Nobody says anything any more: a successor comes to an end by time alone, and all that was acknowledged is still there. */
async function endsByItself(model: Model, real: RawRun): Promise<void> {
  real.fault = null;
  real.life().ports.kill();
  for (const client of real.clients) client.at = null;
  const { coordinator } = await real.open();
  coordinator.resume();
  model.paused = false;
  for (let k = 0; k < 300 && coordinator.waits().length > 0; k++) {
    await real.settle();
    real.clock.advance();
  }
  await real.settle();
  expect(["completed", "failed", "stopped"]).toContain(coordinator.state().phase);
  await checkInvariants(model, real);
}
