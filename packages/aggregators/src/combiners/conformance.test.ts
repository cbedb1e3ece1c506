/** What every combiner must do, whatever its rule. */
import { FedtuneError, isFedtuneError, rngFromSeed } from "@fedtune/core";
import type { Combiner, ErrorCode, MethodUpdate } from "@fedtune/core";
import { expectSameBits, loadGolden } from "@fedtune/testkit";
import type { Provenance } from "@fedtune/testkit";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { combined, honestClients, updateOf } from "../test-support/combined.ts";
import { combiners } from "./registry.ts";

const all: readonly Combiner[] = combiners;
const named = all.map((combiner) => [combiner.name, combiner] as const);
const runs = { numRuns: 40 };

/** Seven clients of any finite values, each with its own weight; some values tie. */
const cohorts = fc
  .array(
    fc.record({
      weight: fc.double({ min: 0.5, max: 1000, noNaN: true }),
      values: fc.array(
        fc.oneof(fc.constantFrom(0, 1, -1), fc.float({ min: -1e6, max: 1e6, noNaN: true })),
        { minLength: 5, maxLength: 5 },
      ),
    }),
    { minLength: 7, maxLength: 12 },
  )
  .map((clients) => clients.map(({ values, weight }, index) => updateOf(index, values, weight)));

/** The updates that the method gets, by participantIndex: what the engine's order makes of them. */
async function seen(combiner: Combiner, updates: readonly MethodUpdate[]) {
  const { updates: given, metrics, closed } = await combined(combiner, updates);
  const inOrder = given.toSorted((a, b) => a.index - b.index);
  const values = Float32Array.from(inOrder.flatMap(({ index, delta }) => [index, ...delta]));
  const facts = { accepted: closed.accepted, weights: inOrder.map(({ weight }) => weight) };
  return { values, facts, metrics };
}

async function codeOf(work: Promise<unknown>): Promise<ErrorCode | null> {
  const error: unknown = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  return error instanceof FedtuneError ? error.code : null;
}

describe.each(named)("%s", (_name, combiner) => {
  it("[FW5] gives the same bits whatever the order of the updates", async () => {
    const rng = rngFromSeed("order");
    await fc.assert(
      fc.asyncProperty(cohorts, async (updates) => {
        const wanted = await seen(combiner, updates);
        const got = await seen(combiner, rng.shuffle([...updates]));
        expectSameBits(got.values, wanted.values);
        expect(got.facts).toEqual(wanted.facts);
        expect(got.metrics).toEqual(wanted.metrics);
      }),
      runs,
    );
  });

  it("changes no update, and gives every pass the same ones", async () => {
    const updates = honestClients(7).map((values, index) => updateOf(index, values));
    const before = structuredClone(updates);
    const { closed, updates: first } = await combined(combiner, updates);
    const again: MethodUpdate[] = [];
    for await (const update of closed.updates()) again.push(update);
    expect(again).toEqual(first);
    expect(updates).toEqual(before);
    expect(closed.accepted).toBe(first.length);
    expect(closed.totalWeight).toBeCloseTo(
      first.reduce((sum, { weight }) => sum + weight, 0),
      9,
    );
  });

  it("does not read an update of weight zero, not even one full of NaN", async () => {
    const updates = honestClients(7).map((values, index) => updateOf(index + 1, values));
    const wanted = await combined(combiner, updates);
    for (const index of [0, 9]) {
      const idle = updateOf(index, new Float32Array(24).fill(Number.NaN), 0);
      const { updates: given } = await combined(combiner, [...updates, idle]);
      const heard = given.filter(({ weight }) => weight > 0);
      expect(heard.map(({ delta }) => delta)).toEqual(wanted.updates.map(({ delta }) => delta));
    }
  });

  it("is defined for the fewest updates that it claims to do with, and refuses one less", async () => {
    const least = combiner.leastUpdates(combiner.config.parse({}));
    const updates = honestClients(least).map((values, index) => updateOf(index, values));
    await expect(combined(combiner, updates)).resolves.toBeDefined();
    if (least === 1) return;
    expect(await codeOf(combined(combiner, updates.slice(1)))).toBe("not-enough-clients");
    const idle = updates.map((update, k) => (k === 0 ? { ...update, weight: 0 } : update));
    expect(await codeOf(combined(combiner, idle))).toBe("not-enough-clients");
  });

  it("claims no liar below its least number of updates, and fewer than half at any", () => {
    const options = combiner.config.parse({});
    for (let clients = 1; clients <= 40; clients++) {
      const liars = combiner.liars(options, clients);
      expect(2 * liars).toBeLessThan(clients);
      if (clients < combiner.leastUpdates(options)) expect(liars).toBe(0);
      else if (combiner.claims.compares) expect(liars).toBeGreaterThan(0);
    }
  });
});

describe.each(named.filter(([, { claims }]) => claims.compares))("%s", (_name, combiner) => {
  const updates = honestClients(7).map((values, index) => updateOf(index, values));

  it("has one vote per client, whatever it says of itself", async () => {
    const loud = updates.map((update, k) => ({ ...update, weight: k === 2 ? 1e9 : 1 + k }));
    const { updates: given } = await combined(combiner, loud);
    expect(given).toEqual((await combined(combiner, updates)).updates);
  });

  it("refuses nothing but zero weights, no updates, sparse ones, and other lengths", async () => {
    expect(await codeOf(combined(combiner, []))).toBe("no-updates");
    const idle = updates.map((update) => ({ ...update, weight: 0 }));
    expect(await codeOf(combined(combiner, idle))).toBe("zero-weight");
    const sparse = updates.map((update) => ({ ...update, support: new Uint32Array(24) }));
    expect(await codeOf(combined(combiner, sparse))).toBe("config-conflict");
    const uneven = [...updates.slice(1), updateOf(0, [1, 2])];
    expect(await codeOf(combined(combiner, uneven))).toBe("shape-mismatch");
  });

  it("refuses more values than the server may hold, and says how many there are", async () => {
    const most = { maxRobustValues: 7 * 24 - 1 };
    const refused = combined(combiner, updates, most);
    await expect(refused).rejects.toThrow("168 values at once");
    await expect(refused).rejects.toSatisfy((error) => isFedtuneError(error, "config-conflict"));
    await expect(combined(combiner, updates, { maxRobustValues: 168 })).resolves.toBeDefined();
  });
});

/** Updates by rows, what the definition makes of them, and for Krum who is kept. */
interface CombinerGolden {
  readonly provenance: Provenance;
  readonly tolerance: number;
  readonly cases: readonly {
    readonly combiner: string;
    readonly options: Readonly<Record<string, unknown>>;
    readonly updates: readonly (readonly number[])[];
    readonly kept?: readonly number[];
    readonly combined: readonly (readonly number[])[];
  }[];
}

describe("golden vectors of the definitions", () => {
  const golden = loadGolden<CombinerGolden>(
    new URL("../../golden/combiners.json", import.meta.url),
  );
  it.each(golden.cases.map((one) => [one.combiner, one.updates.length, one] as const))(
    "%s of %d updates",
    async (name, _clients, { options, updates, kept, combined: wanted }) => {
      const combiner = all.find((one) => one.name === name)!;
      const given = updates.map((values, index) => updateOf(index, values));
      const { updates: got } = await combined(combiner, given, options);
      if (kept !== undefined) expect(got.map(({ index }) => index)).toEqual(kept);
      expect(got).toHaveLength(wanted.length);
      for (const [k, { delta }] of got.entries()) {
        for (const [i, value] of delta.entries()) {
          const difference = Math.abs(value - wanted[k]![i]!);
          expect(difference).toBeLessThanOrEqual(golden.tolerance * (1 + Math.abs(value)));
        }
      }
    },
  );

  it("has a case for every rule", () => {
    const rules = new Set(golden.cases.map(({ combiner }) => combiner));
    expect([...rules].sort()).toEqual(
      all
        .map(({ name }) => name)
        .filter((name) => name !== "mean")
        .sort(),
    );
  });
});
