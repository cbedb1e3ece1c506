import { adapterKind, gatherRoles } from "@fedtune/core";
import type { Method } from "@fedtune/core";
import {
  effectiveUpdate,
  expectClose,
  expectSameBits,
  methodBench,
  openFederation,
  playRound,
  randomRound,
  tierIn,
  toyProblem,
} from "@fedtune/testkit";
import type { MethodBench, PlayedRound } from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import { pairPlaces, readPair, writePair } from "../module-pairs.ts";
import { refactorise } from "../refactorise.ts";
import { fedsvd } from "./fedsvd.ts";
import { ffaLora } from "./ffa-lora.ts";

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

function productAfter(some: MethodBench, { server }: PlayedRound): Float64Array {
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

  it("is FFA-LoRA with an orthonormal A when clients use plain gradient descent: the basis does not matter", () => {
    const orthonormal = (): Float32Array => {
      const values = bench.context.initial(2);
      for (const place of pairPlaces(tier.layout)) {
        writePair(values, place, refactorise(readPair(values, place), "s-in-b"));
      }
      return values;
    };
    const startingThere = (method: Method): MethodBench => {
      const some = benchOf(method);
      return { ...some, context: { ...some.context, initial: orthonormal } };
    };
    const [turning, still] = [startingThere(fedsvd), startingThere(ffaLora)];
    const problem = toyProblem(turning);
    const train = (roles: readonly string[]) => problem.train(roles);
    let [one, other] = [openFederation(turning), openFederation(still)];
    for (let round = 1; round <= 4; round++) {
      const [a, b] = [playRound(turning, one, { train }), playRound(still, other, { train })];
      expectClose(productAfter(turning, a), productAfter(still, b), 1e-6);
      [one, other] = [a, b];
    }
  });

  it("[AG17] with a period turns A in its last round only, and names the parts of the last turn and the newest B", () => {
    const slow = benchOf(fedsvd, fedsvd.config.parse({ period: 3 }));
    const played = rounds(slow, 5);
    const roles = played.map(({ server }) =>
      server.parts.flatMap((part) => (part.kind === "factors" ? part.roles : [])),
    );
    expect(roles).toEqual([["up"], ["up"], ["down", "up"], ["up"], ["up"]]);
    const A = played.map(({ server }) =>
      gatherRoles(tier.layout, slow.method.adapter(server.state, 2), ["down"]),
    );
    expectSameBits(A[1]!, gatherRoles(tier.layout, slow.context.initial(2), ["down"]));
    expectSameBits(A[4]!, A[2]!);
    expect(A[2]).not.toEqual(A[1]);
    const named = (holds: number | null) =>
      slow.method.download(played[4]!.server.state, { index: 0, rank: 2, holds });
    expect(named(4)).toEqual(["round-5/rank-2"]);
    expect(named(3)).toEqual(["round-5/rank-2"]);
    for (const holds of [2, 0, null])
      expect(named(holds)).toEqual(["round-3/rank-2", "round-5/rank-2"]);
    expect(played.map(({ server }) => "rowSpaceDrift" in server.metrics)).toEqual([
      false,
      false,
      true,
      false,
      false,
    ]);
  });

  it("refuses a period of no rounds", () => {
    expect(fedsvd.config.safeParse({ period: 0 }).success).toBe(false);
  });
});
