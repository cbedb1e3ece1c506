/** Laws over several rounds: what stays, what survives, what is published, who can follow. */
import {
  codecNames,
  codecs,
  encodeSparseBlob,
  encodeVectorBlob,
  factorRoles,
  gatherRoles,
  isFedtuneError,
  layoutHash,
  selectRoles,
} from "@fedtune/core";
import type { BroadcastPart, FactorRole, Layout, Sparsify } from "@fedtune/core";
import { expect } from "vitest";
import { expectSameBits } from "../compare.ts";
import { nodeHash } from "../hash.ts";
import { tierIn } from "./bench.ts";
import type { MethodBench } from "./bench.ts";
import { expectCanonicalPair } from "./canonical.ts";
import { caughtUp, newClient, partsFor, planOf } from "./client.ts";
import { closeRound, openServer, restarted } from "./server.ts";
import type { ClosedRound } from "./server.ts";
import { openFederation, playRound } from "./federation.ts";
import type { Federation, PlayedRound } from "./federation.ts";
import { globalBits, vectorsOf } from "./global.ts";
import { randomRound } from "./law.ts";
import type { LawSetting } from "./law.ts";

/** Rounds from `from` on, one after the other. */
function play(bench: MethodBench, from: Federation, rounds: readonly number[]): PlayedRound[] {
  const played: PlayedRound[] = [];
  for (const round of rounds) {
    const before = played.at(-1) ?? from;
    played.push(playRound(bench, before, randomRound(bench, `round ${String(round)}`)));
  }
  return played;
}

export function stateLaws({ bench, name, test, underway }: LawSetting): void {
  const { method, context } = bench;
  const { claims } = method;

  test(`[AG11] ${name} never trains, sends or changes what it freezes, nor sends what is personal`, () => {
    const rounds = play(bench, openFederation(bench), [1, 2, 3]);
    const last = rounds.at(-1)!;
    const parts = rounds.flatMap(({ server }) => server.parts);
    const published = parts.flatMap((part) => (part.kind === "factors" ? part.roles : []));
    const plans = rounds.flatMap(({ server, clients }) =>
      clients.map((c) => planOf(bench, c, server)),
    );
    const headRoles = { freeze: null, share: "upload", personal: "personal" } as const;
    for (const { train, upload, personal } of plans) {
      expect([...train].sort()).toEqual([...upload, ...personal].sort());
      expect(train.filter((role) => claims.freezes.includes(role))).toEqual([]);
      expect(upload.filter((role) => claims.personal.includes(role))).toEqual([]);
      for (const place of ["upload", "personal"] as const) {
        const lists = place === "upload" ? upload : personal;
        expect(lists.includes("head")).toBe(headRoles[context.head] === place);
      }
    }
    const untouched = factorRoles.filter((role) => !published.includes(role));
    expect(untouched).toEqual(expect.arrayContaining([...claims.freezes, ...claims.personal]));
    for (const tier of context.tiers) {
      const now = gatherRoles(tier.layout, method.adapter(last.server.state, tier.rank), untouched);
      expectSameBits(now, gatherRoles(tier.layout, context.initial(tier.rank), untouched));
    }
  });

  test(`[AG12] ${name} continues bit for bit after a restart`, () => {
    const whole = play(bench, openFederation(bench), [1, 2, 3, 4, 5]);
    const half = whole[1]!;
    const restart = { ...half, server: restarted(bench, half.server) };
    const resumed = play(bench, restart, [3, 4, 5]);
    for (const [i, { server }] of resumed.entries()) {
      const expected = whole[i + 2]!.server;
      expect(method.encode(server.state)).toEqual(method.encode(expected.state));
      expect(server.parts.map(({ id }) => id)).toEqual(expected.parts.map(({ id }) => id));
      expect(server.metrics).toEqual(expected.metrics);
      expectSameBits(globalBits(bench, server), globalBits(bench, expected));
    }
    const fresh = restarted(bench, openServer(bench));
    expect(method.encode(fresh.state)).toEqual(method.encode(openServer(bench).state));
  });

  test(`[AG13] ${name} broadcasts parts in a fixed order and form`, () => {
    const { server, updates } = underway();
    const again = closeRound(bench, server, updates);
    const ids = again.parts.map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)]);
    const shuffled = closeRound(bench, server, updates.toReversed());
    expect(shuffled.parts.map(({ id }) => id)).toEqual(again.parts.map(({ id }) => id));
    for (const part of again.parts) expectCanonicalPart(bench, part);
  });

  test(`[AG14] ${name} sends as many bytes as its plan says`, () => {
    for (const codec of codecNames) {
      const setup = { ...bench, context: { ...context, uploadCodec: codec } };
      const start = openFederation(setup);
      const { updates } = playRound(setup, start, randomRound(setup, codec));
      for (const { index, rank, delta, support } of updates) {
        const { layout } = tierIn(context.tiers, rank);
        const plan = method.plan(start.server.state, 1, { index, rank, holds: 0 });
        expect(plan.codec).toBe(codec);
        const { size } = selectRoles(layout, plan.upload);
        const sent = plan.sparsify === null ? size : keptByHand(plan.sparsify, layout, plan.upload);
        const payload = { f32: 4 * sent, f16: 2 * sent, int8: codecs.int8.encodedBytes(sent) };
        const hash = layoutHash(layout, nodeHash);
        const header = { kind: "update", codec, round: 1, layoutHash: hash } as const;
        const values = delta.slice();
        if (plan.sparsify === null) {
          expect(encodeVectorBlob({ ...header, values })).toHaveLength(48 + payload[codec]);
          continue;
        }
        const blob = encodeSparseBlob({ ...header, values, support: support!, size });
        // Behind the header stand 8 bytes about the positions, then at most one bit for each of them.
        const positions = blob.length - 56 - payload[codec];
        expect(positions).toBeGreaterThan(0);
        expect(positions).toBeLessThanOrEqual(4 * Math.ceil(size / 32));
      }
    }
  });

  test(`[AG17] ${name} brings a client that skipped three rounds to the current adapter`, () => {
    const first = playRound(bench, openFederation(bench), randomRound(bench, "round 1"));
    const absentee = first.clients[0]!;
    let now = first;
    for (const round of [2, 3, 4]) {
      const options = randomRound(bench, `round ${String(round)}`);
      now = playRound(bench, now, { ...options, absent: [absentee.index] });
    }
    const { layout } = tierIn(context.tiers, absentee.rank);
    const faithful = now.clients.find(
      ({ index, rank }) => index !== absentee.index && rank === absentee.rank,
    )!;
    const wanted = caughtUp(bench, faithful, now.server);
    const late = caughtUp(bench, absentee, now.server);
    const anew = caughtUp(bench, { ...absentee, holds: null }, now.server);
    const { state } = now.server;
    const shared =
      method.clientAdapter?.(state, absentee.rank) ?? method.adapter(state, absentee.rank);
    for (const { values, residuals } of [late, anew]) {
      expectSameBits(values, wanted.values, "values of a client that skipped rounds");
      expect(residuals).toEqual(wanted.residuals);
    }
    expectSameBits(
      gatherRoles(layout, late.values, factorRoles),
      gatherRoles(layout, shared, factorRoles),
    );
    expect(method.download(now.server.state, wanted)).toEqual([]);
    const start = openServer(bench);
    for (const holds of [0, null]) {
      expect(method.download(start.state, { ...absentee, holds })).toEqual([]);
    }
  });

  test(`${name} names as live exactly the parts that some client could be told to download`, () => {
    let now: Federation = openFederation(bench);
    for (const round of [1, 2, 3, 4, 5]) {
      const absent = round === 3 ? [now.clients[0]!.index] : [];
      now = playRound(bench, now, { ...randomRound(bench, `round ${String(round)}`), absent });
      const { state } = now.server;
      const held = [null, ...Array.from({ length: round + 1 }, (_, at) => at)];
      const asked = context.tiers.flatMap(({ rank }) =>
        held.flatMap((holds) => method.download(state, { index: 0, rank, holds })),
      );
      expect(new Set(method.live(state))).toEqual(new Set(asked));
    }
    expect(method.live(openServer(bench).state)).toEqual([]);
  });

  test(`[FW4] ${name} shares a gauge exactly where at most one factor of a product leaves its clients`, () => {
    const { server } = underway();
    const ofProducts: readonly FactorRole[] = ["down", "up", "core"];
    const apart = [1, 2, 3, 4].map((round) => {
      const { rank } = context.tiers[0];
      const { upload, personal } = method.plan(server.state, round, {
        index: 0,
        rank,
        holds: null,
      });
      const moves = (roles: readonly FactorRole[]) =>
        ofProducts.filter((role) => roles.includes(role)).length;
      return moves(upload) > 1 || moves(personal) > 0;
    });
    expect(method.claims.sharedGauge ?? false).toBe(!apart.some(Boolean));
  });

  if (context.tiers.length > 1) {
    test(`[AG18] ${name} gives every rank tier an adapter of its own layout`, () => {
      const { server, updates } = underway();
      for (const { rank, layout } of context.tiers) {
        const client = newClient(bench, { index: 9, rank, weight: 1 });
        const factors = partsFor(bench, client, server).filter((part) => part.kind === "factors");
        expect(factors.map((part) => part.rank)).toEqual(factors.map(() => rank));
        expect(method.adapter(server.state, rank)).toHaveLength(layout.size);
        expect(caughtUp(bench, client, server).values).toHaveLength(layout.size);
      }
      const unknown = {
        ...updates[0]!,
        rank: 1 + Math.max(...context.tiers.map(({ rank }) => rank)),
      };
      expect(refusal(() => closeRound(bench, server, [unknown]))).toBe("layout-mismatch");
    });
  }
}

/** Roles in the order of the role list, vectors of the tier's size, modules in layout order, no NaN; pairs fixed if claimed. */
function expectCanonicalPart(bench: MethodBench, part: BroadcastPart): void {
  const { context, method } = bench;
  for (const vector of vectorsOf(part)) expect(vector.every(Number.isFinite)).toBe(true);
  if (part.kind === "residual") {
    const order = part.modules.map(({ module }) =>
      bench.modules.findIndex(({ name }) => name === module),
    );
    expect(order).toEqual([...new Set(order)].sort((a, b) => a - b));
    return;
  }
  if (part.kind === "rotation") return;
  const roles: readonly FactorRole[] = factorRoles.filter((role) => part.roles.includes(role));
  expect(part.roles).toEqual(roles);
  const packed = selectRoles(tierIn(context.tiers, part.rank).layout, part.roles);
  const { support } = part;
  expect(part.values).toHaveLength(support?.length ?? packed.size);
  if (support !== undefined) {
    expect([...support]).toEqual([...new Set(support)].sort((a, b) => a - b));
    expect(support.every((position) => position < packed.size)).toBe(true);
  }
  if (method.claims.canonical) expectCanonicalPair(packed, part.values);
}

/** The values that a sparse plan lets travel, counted once more. */
function keptByHand(
  { density, mask, dense }: Sparsify,
  layout: Layout,
  upload: readonly FactorRole[],
): number {
  const sizes = new Map<string, number>();
  let kept = 0;
  for (const { name, role, size } of layout.factors) {
    if (!upload.includes(role)) continue;
    const group = { global: "all", role, tensor: name }[mask];
    if (dense.includes(role)) kept += size;
    else sizes.set(group, (sizes.get(group) ?? 0) + size);
  }
  for (const size of sizes.values()) kept += Math.max(1, Math.floor(density * size));
  return kept;
}

function refusal(work: () => ClosedRound): unknown {
  try {
    work();
  } catch (error) {
    return isFedtuneError(error) ? error.code : error;
  }
  return null;
}
