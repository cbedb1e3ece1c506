import {
  adapterKind,
  decodePart,
  digest,
  encodePart,
  gatherRoles,
  rngFromSeed,
} from "@fedtune/core";
import type { BroadcastPart, Method, MethodUpdate, PublishedBlob } from "@fedtune/core";
import {
  caughtUp,
  effectiveUpdate,
  expectSameBits,
  methodBench,
  openFederation,
  playRound,
  randomRound,
  relativeDistance,
  tierIn,
} from "@fedtune/testkit";
import type { Federation, MethodBench, PlayedRound, ToyClient } from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import { fedsvd } from "./fedsvd.ts";
import type { FedSvdState } from "./fedsvd.ts";

const setting = { kind: adapterKind("lora"), head: "freeze", ranks: [2] } as const;

function benchOf(method: Method, config: unknown = method.config.parse({})): MethodBench {
  return { ...methodBench(method, setting), config };
}

const bench = benchOf(fedsvd);
const tier = tierIn(bench.context.tiers, 2);

function rounds(some: MethodBench, count: number): PlayedRound[] {
  const played: PlayedRound[] = [];
  for (let round = 1; round <= count; round++) {
    const before = played.at(-1) ?? openFederation(some);
    played.push(playRound(some, before, randomRound(some, `round ${String(round)}`)));
  }
  return played;
}

function closedWith(
  some: MethodBench,
  server: Federation["server"],
  updates: readonly MethodUpdate[],
) {
  const facts = { round: server.round + 1, sampled: 3, accepted: 3, totalWeight: 1 };
  const sums = some.method.begin(server.state, facts, { index: 0, previous: null });
  for (const update of updates) some.method.accumulate(sums, update);
  const result = some.method.finish(server.state, sums, rngFromSeed("finish"));
  return { ...server, ...result, round: facts.round };
}

function productAfter(
  some: MethodBench,
  { server }: { readonly server: { readonly state: unknown } },
): Float64Array {
  const values = some.method.adapter(server.state, 2);
  return effectiveUpdate(some.modules, tier, { values, residuals: [] });
}

describe("fedsvd", () => {
  it("keeps A orthonormal and inside its first row space to float32 rounding, round after round", () => {
    for (const { server } of rounds(bench, 30)) {
      expect(server.metrics["orthogonality"]).toBeLessThan(1e-6);
      expect(server.metrics["rowSpaceDrift"]).toBeLessThan(1e-6);
    }
  });

  it("trains B alone and freezes A at the clients", () => {
    const [, second] = rounds(bench, 2);
    expect(second!.updates.map(({ roles }) => roles)).toEqual(second!.updates.map(() => ["up"]));
  });

  it("[AG17] names the rotation to those who hold the A that it turns, and A itself to the others", () => {
    const played = rounds(bench, 3);
    const { state } = played[2]!.server;
    const named = (holds: number | null) =>
      fedsvd.download(state as FedSvdState, { index: 0, rank: 2, holds });
    expect(named(3)).toEqual([]);
    expect(named(2)).toEqual(["round-3/rank-2/rotation", "round-3/rank-2"]);
    for (const holds of [1, 0, null]) {
      expect(named(holds)).toEqual(["round-3/rank-2/down", "round-3/rank-2"]);
    }
  });

  it("[AG26] [AG17] gives the same bits along the rotations, after a gap, and anew", () => {
    let [steady, late] = [openFederation(bench), openFederation(bench)].map(
      ({ clients }) => clients[0]!,
    ) as [ToyClient, ToyClient];
    for (const [i, { server }] of rounds(bench, 6).entries()) {
      steady = caughtUp(bench, steady, server);
      if (i !== 2 && i !== 3) late = caughtUp(bench, late, server);
      expect(server.metrics["rotated"]).toBe(1);
      const wanted = bench.method.adapter(server.state, 2);
      const anew = caughtUp(bench, { ...late, holds: null }, server);
      const held = late.holds === server.round ? [steady, late, anew] : [steady, anew];
      for (const { values } of held) expectSameBits(values, wanted);
    }
  });

  it("sends r x r values per module to turn A, as bytes", () => {
    const [, second] = rounds(bench, 2);
    const rotation = second!.server.parts.find(({ kind }) => kind === "rotation")!;
    const hashes = { layoutHash: digest("0".repeat(64)), modulesHash: digest("1".repeat(64)) };
    const { layout } = tier;
    const bytes = encodePart(rotation, 2, { layout, ...hashes });
    expect(bytes).toHaveLength(48 + 4 * 2 * 2 * bench.modules.length);
    const ref = { kind: "rotation", round: 2, hash: digest("2".repeat(64)), bytes: bytes.length };
    const context = { rank: 2, layout, modules: bench.modules, ...hashes };
    const read = decodePart(bytes, ref as PublishedBlob, context);
    expect(read).toMatchObject({
      kind: "rotation",
      values: (rotation as Extract<BroadcastPart, { kind: "rotation" }>).values,
    });
  });

  it.each(["s-in-b", "sqrt"])(
    "keeps the product to float32 rounding over 300 refactorisations (%s)",
    (split) => {
      const some = benchOf(fedsvd, fedsvd.config.parse({ split }));
      const start = rounds(some, 1)[0]!;
      const wanted = productAfter(some, start);
      let server: PlayedRound["server"] = start.server;
      for (let round = 2; round <= 301; round++) {
        const still = start.updates.map((update) => ({
          ...update,
          delta: new Float32Array(update.delta.length),
        }));
        server = closedWith(some, server, still);
        if (split === "s-in-b") expect(server.metrics["orthogonality"]).toBeLessThan(1e-6);
        expect(server.metrics["rotated"]).toBe(1);
      }
      expect(relativeDistance(productAfter(some, { server }), wanted)).toBeLessThan(3e-6);
    },
  );

  it("only makes A orthonormal while B is zero", () => {
    const { server, updates } = rounds(bench, 1)[0]!;
    expect(server.round).toBe(1);
    const still = updates.map((update) => ({
      ...update,
      delta: new Float32Array(update.delta.length),
    }));
    const closed = closedWith(bench, openFederation(bench).server, still);
    const values = bench.method.adapter(closed.state, 2);
    expect(gatherRoles(tier.layout, values, ["up"]).every((value) => value === 0)).toBe(true);
    expect(closed.metrics["orthogonality"]).toBeLessThan(1e-6);
    expect(closed.metrics["rowSpaceDrift"]).toBeLessThan(1e-6);
  });

  it("publishes A anew, without a rotation, where its rows depend on each other", () => {
    const twins = (): Float32Array => {
      const values = bench.context.initial(2);
      for (const { offset, size, role } of tier.layout.factors) {
        if (role === "down") values.copyWithin(offset + size / 2, offset, offset + size / 2);
      }
      return values;
    };
    const some = { ...bench, context: { ...bench.context, initial: twins } };
    const [first, second] = rounds(some, 2);
    expect(first!.server.parts.map(({ kind }) => kind)).toEqual(["factors", "factors"]);
    expect(first!.server.metrics["rotated"]).toBe(0);
    expect(first!.server.metrics["orthogonality"]).toBeLessThan(1e-6);
    const named = fedsvd.download(first!.server.state as FedSvdState, {
      index: 0,
      rank: 2,
      holds: 0,
    });
    expect(named).toEqual(["round-1/rank-2/down", "round-1/rank-2"]);
    expect(second!.server.metrics["rotated"]).toBe(1);
  });

  it("[AG17] with a period turns A when as many rounds have gone by, and names the last turn and the newest B", () => {
    const slow = benchOf(fedsvd, fedsvd.config.parse({ period: 3 }));
    const played = rounds(slow, 5);
    const kinds = played.map(({ server }) => server.parts.map(({ kind }) => kind));
    const still = ["factors"];
    expect(kinds).toEqual([still, still, ["factors", "factors", "rotation"], still, still]);
    const A = played.map(({ server }) =>
      gatherRoles(tier.layout, slow.method.adapter(server.state, 2), ["down"]),
    );
    expectSameBits(A[1]!, gatherRoles(tier.layout, slow.context.initial(2), ["down"]));
    expectSameBits(A[4]!, A[2]!);
    expect(A[2]).not.toEqual(A[1]);
    const named = (holds: number | null) =>
      slow.method.download(played[4]!.server.state, { index: 0, rank: 2, holds });
    for (const holds of [4, 3]) expect(named(holds)).toEqual(["round-5/rank-2"]);
    for (const holds of [2, 1, 0])
      expect(named(holds)).toEqual(["round-3/rank-2/rotation", "round-5/rank-2"]);
    expect(named(null)).toEqual(["round-3/rank-2/down", "round-5/rank-2"]);
    const reported = played.map(({ server }) => "rowSpaceDrift" in server.metrics);
    expect(reported).toEqual([false, false, true, false, false]);
  });

  it("refuses a period of no rounds", () => {
    expect(fedsvd.config.safeParse({ period: 0 }).success).toBe(false);
  });
});
