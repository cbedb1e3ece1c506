/** Laws of one round: what goes in, in which order, with which weight. */
import {
  checkUpdate,
  encodeSparseBlob,
  encodeVectorBlob,
  isFedtuneError,
  keptCount,
  layoutHash,
  rngFromSeed,
  selectRoles,
} from "@fedtune/core";
import type { ErrorCode, MethodUpdate, Tier } from "@fedtune/core";
import * as fc from "fast-check";
import { expect } from "vitest";
import { updates as arbitraryUpdates } from "../arbitraries.ts";
import { expectClose, expectSameBits } from "../compare.ts";
import { nodeHash } from "../hash.ts";
import {
  ignoresZeroWeight,
  orderOnlyRounds,
  permutationInvariant,
  pure,
  scaleInvariant,
} from "../laws.ts";
import type { MethodBench } from "./bench.ts";
import { tierIn } from "./bench.ts";
import { poisonedAround } from "./client.ts";
import { closeRound, closeUnsorted } from "./server.ts";
import type { MethodServer } from "./server.ts";
import { globalBits, globalEffect } from "./global.ts";
import type { LawSetting } from "./law.ts";

const runs = { numRuns: 8 };

export function aggregationLaws({ bench, name, test, underway }: LawSetting): void {
  const { method, context } = bench;

  /** Any cohort for the round under way. */
  function cohorts(): { server: MethodServer; cohort: fc.Arbitrary<MethodUpdate[]> } {
    const { server, updates } = underway();
    return { server, cohort: arbitraryUpdates(updates as [MethodUpdate, ...MethodUpdate[]]) };
  }

  test(`[AG1] ${name} leaves its inputs as they were, and the same input gives the same bytes`, () => {
    const { server, updates } = underway();
    const client = { index: 0, rank: updates[0]!.rank, holds: null };
    pure(
      ({ state, sent }) => {
        const plan = method.plan(state, 3, client);
        const closed = closeRound(bench, { ...server, state }, sent);
        method.adapter(state, client.rank).fill(Number.NaN);
        return {
          plan,
          parts: closed.parts,
          metrics: closed.metrics,
          bytes: method.encode(closed.state),
        };
      },
      { state: server.state, sent: updates },
    );
  });

  test(`[AG2] ${name} gives the same bits whatever the order of arrival`, () => {
    const { server, cohort } = cohorts();
    const rng = rngFromSeed("arrival");
    fc.assert(
      fc.property(cohort, (sent) => {
        permutationInvariant(
          (some) => globalBits(bench, closeRound(bench, server, some)),
          sent,
          rng,
        );
        orderOnlyRounds(
          (some) => globalEffect(bench, closeUnsorted(bench, server, some)),
          sent,
          rng,
        );
      }),
      runs,
    );
  });

  test(`[AG3] ${name} depends on the proportions of the weights only`, () => {
    const { server, cohort } = cohorts();
    const constants = fc.constantFrom(1e-4, 0.3, 7, 1e6);
    fc.assert(
      fc.property(cohort, constants, (sent, constant) => {
        scaleInvariant(
          (some) => globalEffect(bench, closeRound(bench, server, some)),
          sent,
          constant,
        );
      }),
      runs,
    );
  });

  test(`[AG6] ${name} ignores an update of weight zero, even one full of NaN`, () => {
    const { server, updates } = underway();
    const aggregation = (some: readonly MethodUpdate[]) =>
      globalBits(bench, closeRound(bench, server, some));
    const [first] = updates as [MethodUpdate];
    for (const index of [-1, updates.length]) {
      const wild = first.delta.map((value) => 1e6 * value + 1);
      ignoresZeroWeight(aggregation, updates, { ...first, index, delta: wild });
      ignoresZeroWeight(aggregation, updates, { ...first, index, delta: wild.fill(Number.NaN) });
    }
  });

  test(`[AG7] ${name} refuses a round without updates and one without weight`, () => {
    const { server, updates } = underway();
    expectCode("no-updates", () => closeRound(bench, server, []));
    const idle = updates.map((update) => ({ ...update, weight: 0 }));
    expectCode("zero-weight", () => closeRound(bench, server, idle));
  });

  test(`[AG8] ${name} refuses an update of another length, and the check before it a NaN or an infinity`, () => {
    const { server, updates } = underway();
    for (const update of updates) {
      for (const length of [update.delta.length - 1, update.delta.length + 1]) {
        const wrong = { ...update, delta: new Float32Array(length) };
        expectCode("shape-mismatch", () => closeRound(bench, server, [wrong]));
      }
      for (const bad of [Number.NaN, Infinity, -Infinity]) {
        expectCode("not-finite", () => checkUpdate(...blobWith(bench, update, bad)));
      }
    }
  });

  if (method.claims.meanOnly) {
    test(`[AG27] ${name} gets the same adapters from the mean of each tier's updates as from all of them`, () => {
      const { server, updates } = underway();
      const alike = updates.map((update) => ({ ...update, weight: 1 }));
      const means = context.tiers.map((tier, index) => ({ ...meanOf(tier, alike), index }));
      expectClose(
        globalEffect(bench, closeRound(bench, server, means)),
        globalEffect(bench, closeRound(bench, server, alike)),
        1e-5,
      );
    });
  }

  test(`[AG10] ${name} reads nothing but what its plan uploads`, () => {
    const { server, updates } = underway();
    const copies = updates.map((update) => ({ ...update, delta: update.delta.slice() }));
    const poisoned = updates.map((update) => ({ ...update, delta: poisonedAround(update.delta) }));
    const bits = globalBits(bench, closeRound(bench, server, poisoned));
    expect(bits.every(Number.isFinite)).toBe(true);
    expectSameBits(bits, globalBits(bench, closeRound(bench, server, copies)));
    for (const { index, rank, roles, delta, support } of updates) {
      const plan = method.plan(server.state, 3, { index, rank, holds: 2 });
      expect(roles).toEqual(plan.upload);
      const packed = selectRoles(tierIn(bench.context.tiers, rank).layout, plan.upload);
      const { sparsify } = plan;
      expect(delta).toHaveLength(sparsify === null ? packed.size : keptCount(packed, sparsify));
      expect(support?.length).toBe(sparsify === null ? undefined : delta.length);
    }
  });
}

/** One whole update that stands for all of a tier, which weigh the same. */
function meanOf({ rank, layout }: Tier, updates: readonly MethodUpdate[]): MethodUpdate {
  const own = updates.filter((update) => update.rank === rank);
  const [first] = own as [MethodUpdate];
  const sum = new Float64Array(selectRoles(layout, first.roles).size);
  for (const { delta, support } of own) {
    delta.forEach((value, i) => (sum[support?.[i] ?? i]! += value));
  }
  const delta = Float32Array.from(sum, (value) => value / own.length);
  return { index: 0, rank, weight: own.length, roles: first.roles, delta };
}

function expectCode(code: ErrorCode, work: () => unknown): void {
  let thrown: unknown = null;
  try {
    work();
  } catch (error) {
    thrown = error;
  }
  expect(isFedtuneError(thrown, code), `wanted ${code}, got ${String(thrown)}`).toBe(true);
}

/** An update as bytes, its first value replaced after encoding, and what the engine expects of it. */
function blobWith(
  bench: MethodBench,
  update: MethodUpdate,
  bad: number,
): Parameters<typeof checkUpdate> {
  const { layout } = tierIn(bench.context.tiers, update.rank);
  const { delta, support, roles } = update;
  const { size: length } = selectRoles(layout, roles);
  const header = { round: 3, codec: "f32" as const, layoutHash: layoutHash(layout, nodeHash) };
  const blob = { ...header, kind: "update" as const, values: delta };
  const bytes =
    support === undefined
      ? encodeVectorBlob(blob)
      : encodeSparseBlob({ ...blob, support, size: length });
  const first = bytes.length - 4 * delta.length;
  new DataView(bytes.buffer, bytes.byteOffset).setFloat32(first, bad, true);
  return [bytes, { ...header, length, kept: support?.length ?? null }];
}
