/** What every method does with updates that no honest round brings: a code of the table, or numbers that are finite. */
import { isFedtuneError } from "@fedtune/core";
import type { ErrorCode, FactorRole, Method, MethodUpdate } from "@fedtune/core";
import { caughtUp, openFederation, playRound, randomRound, tierIn } from "@fedtune/testkit";
import type { Federation, MethodBench } from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import { methods } from "./registry.ts";
import { benchOf, closedWith } from "./test-support/cohort.ts";

type Updates = readonly MethodUpdate[];
type Change = (updates: Updates, bench: MethodBench) => Updates;

/** The first update otherwise, the rest as it was. */
const first =
  (change: (update: MethodUpdate) => Partial<MethodUpdate>): Change =>
  ([head, ...rest]) => [{ ...head!, ...change(head!) }, ...rest];
/** All updates otherwise. */
const all =
  (change: (update: MethodUpdate, k: number) => Partial<MethodUpdate>): Change =>
  (updates) =>
    updates.map((update, k) => ({ ...update, ...change(update, k) }));
const weighing = (weight: number) => first(() => ({ weight }));
const values =
  (change: (value: number, i: number) => number) =>
  ({ delta }: MethodUpdate) => ({ delta: delta.map(change) });

/** Rows of every factor equal to its first: factors of rank 1. */
const flat: Change = (updates, bench) =>
  updates.map((update) => {
    const { layout } = tierIn(bench.context.tiers, update.rank);
    const delta = update.delta.slice();
    if (update.support !== undefined) return { ...update, delta: delta.fill(1) };
    let at = 0;
    for (const { role, shape, size } of layout.factors) {
      if (!update.roles.includes(role)) continue;
      const [rows = 1, cols = 1] = shape;
      for (let i = 1; shape.length === 2 && i < rows; i++)
        delta.copyWithin(at + i * cols, at, at + cols);
      at += size;
    }
    return { ...update, delta };
  });

/** Ends well: everything that clients then hold is finite. */
const defined: readonly (readonly [string, Change])[] = [
  ["a single client", ([head]) => [head!]],
  [
    "a hundred copies of one update",
    ([head]) => Array.from({ length: 100 }, (_, index) => ({ ...head!, index })),
  ],
  ["updates that change nothing", all(values(() => 0))],
  ["updates of zeros but one value", all(values((value, i) => (i === 0 ? value : 0)))],
  ["factors of rank 1", flat],
  ["changes as small as float32 has them", all(values(() => 2 ** -149))],
  ["changes near 1e15", all(values((value) => 1e15 * value))],
  ["one client of weight zero", weighing(0)],
  ["weights near 1e300", all(({ weight }) => ({ weight: 1e300 * weight }))],
  ["weights near 1e-300", all(({ weight }) => ({ weight: 1e-300 * weight }))],
  ["one client outweighs the others", weighing(1e18)],
];

const refused: readonly (readonly [string, ErrorCode, Change])[] = [
  ["no update", "no-updates", () => []],
  ["weights of zero alone", "zero-weight", all(() => ({ weight: 0 }))],
  ["an update too short", "shape-mismatch", first(({ delta }) => ({ delta: delta.slice(1) }))],
  [
    "an update too long",
    "shape-mismatch",
    first(({ delta }) => ({ delta: Float32Array.of(...delta, 0) })),
  ],
  ["a rank that no tier has", "layout-mismatch", first(({ rank }) => ({ rank: rank + 1 }))],
  ["weights whose sum is no number", "not-finite", all(() => ({ weight: Number.MAX_VALUE }))],
];

/** Ends well, or is refused. */
const either: readonly (readonly [string, Change])[] = [
  ["changes near the end of float32", all(values((value) => Math.sign(value) * 3e38))],
  ["a NaN that slipped through", first(values((value, i) => (i === 0 ? Number.NaN : value)))],
  ["an infinity that slipped through", first(values((value, i) => (i === 0 ? -Infinity : value)))],
];

/** What a method has no reason to refuse. */
const harmless: Readonly<Record<string, readonly string[]>> = {
  // It weighs all clients alike.
  cellm: ["weights whose sum is no number"],
};

describe.each((methods as readonly Method[]).map((method) => [method.name, method] as const))(
  "%s",
  (name, method) => {
    const bench = benchOf(method);
    const before = playRound(bench, openFederation(bench), randomRound(bench, "warm up"));
    const { updates } = playRound(bench, before, randomRound(bench, "round"));

    const expectFinite = (sent: Updates): void => {
      const after = closedWith(bench, before.server, sent);
      for (const held of heldAfter(bench, before, after))
        expect(held.every(Number.isFinite)).toBe(true);
      for (const value of Object.values(after.metrics)) expect(value).not.toBeNaN();
    };

    it.each(defined)("has finite numbers for %s", (_what, change) => {
      expectFinite(change(updates, bench));
    });

    it.each(either)("has finite numbers for %s, or throws", (_what, change) => {
      const thrown = errorOf(() => {
        expectFinite(change(updates, bench));
      });
      const typed = isFedtuneError(thrown, "not-finite") || thrown instanceof RangeError;
      expect(thrown === null || typed, String(thrown)).toBe(true);
    });

    it.each(refused.filter(([what]) => harmless[name]?.includes(what) !== true))(
      "[AG7] [AG8] refuses %s with %s",
      (_what, code, change) => {
        expectCode(code, () => closedWith(bench, before.server, change(updates, bench)));
      },
    );

    it.each([-1, -1e-300, Number.NaN, Infinity, -Infinity])(
      "throws on a weight of %f, which the engine never lets through",
      (weight) => {
        const wrong = weighing(weight)(updates, bench);
        expect(() => closedWith(bench, before.server, wrong)).toThrow(RangeError);
      },
    );

    it("[AG8] refuses an upload with a factor that stays with the client or is frozen", () => {
      const { layout } = tierIn(bench.context.tiers, 2);
      const roles = [...new Set(layout.factors.map(({ role }) => role))] as FactorRole[];
      const own = new Set(updates[0]!.roles);
      const [other] = roles.filter((role) => !own.has(role));
      if (other === undefined) return;
      const more = first(({ roles: sent }) => ({ roles: [...sent, other] }));
      const instead = first(() => ({ roles: [other] }));
      for (const change of [more, instead]) {
        expectCode("shape-mismatch", () =>
          closedWith(bench, before.server, change(updates, bench)),
        );
      }
    });

    it("[AG17] leaves no gap in downloads where a round had no client", () => {
      const gap = { ...before.server, round: before.server.round + 1 };
      const played = playRound(bench, { ...before, server: gap }, randomRound(bench, "late"));
      const after = played.server;
      for (const holds of [null, 0, 1, 2, 3]) {
        const client = { index: 0, rank: 2, holds };
        const named = method.download(after.state, client);
        expect(named.filter((id) => !after.published.has(id))).toEqual([]);
        if (holds === 3) expect(named).toEqual([]);
      }
      const [late, steady] = [before.clients[0]!, caughtUp(bench, before.clients[1]!, gap)];
      const [one, other] = [late, steady].map((client) => caughtUp(bench, client, after));
      expect(one!.values).toEqual(other!.values);
      const bytes = method.encode(after.state);
      const again = method.decode(bytes, bench.config, bench.context);
      expect(method.encode(again)).toEqual(bytes);
      const client = { index: 0, rank: 2, holds: 0 };
      expect(method.download(again, client)).toEqual(method.download(after.state, client));
    });
  },
);

/** What a client holds that was there before the round, and one that comes after it. */
function heldAfter(
  bench: MethodBench,
  before: Federation,
  server: Federation["server"],
): number[][] {
  const [known] = before.clients;
  return [known!, { ...known!, holds: null }].map((client) => {
    const { values: held, residuals } = caughtUp(bench, client, server);
    return [...held, ...residuals.flatMap(({ left, right }) => [...left, ...right])];
  });
}

function expectCode(code: ErrorCode, work: () => unknown): void {
  const thrown = errorOf(work);
  expect(isFedtuneError(thrown, code), `wanted ${code}, got ${String(thrown)}`).toBe(true);
}

function errorOf(work: () => unknown): unknown {
  try {
    work();
    return null;
  } catch (error) {
    return error;
  }
}
