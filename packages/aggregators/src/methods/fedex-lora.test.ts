import {
  adapterKind,
  applyParts,
  decodePart,
  digest,
  encodePart,
  frobeniusNorm,
  matrixFrom,
  multiply,
  subtract,
  svd,
} from "@fedtune/core";
import type { BroadcastPart } from "@fedtune/core";
import {
  expectSameBits,
  methodBench,
  openFederation,
  playRound,
  randomRound,
  tierIn,
} from "@fedtune/testkit";
import type { PlayedRound } from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import { fedavg } from "./fedavg.ts";
import { fedexLora } from "./fedex-lora.ts";

const setting = { kind: adapterKind("lora"), head: "share", ranks: [2] } as const;
const bench = methodBench(fedexLora, setting);
const { layout } = tierIn(bench.context.tiers, 2);

function roundOf(absent: readonly number[] = [], some = bench): PlayedRound {
  return playRound(some, openFederation(some), { ...randomRound(some, "round"), absent });
}

function baseOf({ server }: PlayedRound): Extract<BroadcastPart, { kind: "residual" }> {
  return server.parts.find((part) => part.kind === "residual")!;
}

describe("fedex-lora", () => {
  it("broadcasts fedavg's means bit for bit, and a residual of rank (K - 1) r", () => {
    const played = roundOf();
    const control = methodBench(fedavg, setting);
    const plain = roundOf([], control);
    expectSameBits(
      bench.method.adapter(played.server.state, 2),
      control.method.adapter(plain.server.state, 2),
    );
    expect(baseOf(played).modules.map(({ rank }) => rank)).toEqual([4, 4]);
    expect(played.server.metrics["residualRank"]).toBe(4);
    for (const [i, { left, right }] of baseOf(played).modules.entries()) {
      const module = bench.modules[i]!;
      expect([left.length, right.length]).toEqual([4 * module.out, 4 * module.in]);
    }
  });

  it("sends an empty residual when one client took part: its own product is exact", () => {
    const played = roundOf([1, 2]);
    expect(baseOf(played).modules).toEqual([]);
    expect(played.server.metrics["residualRank"]).toBe(0);
  });

  it.each([[[] as number[]], [[1, 2]]])("travels as bytes (absent: %j)", (absent) => {
    const base = baseOf(roundOf(absent));
    const layoutHash = digest("0".repeat(64));
    const hashes = { layoutHash, modulesHash: digest("1".repeat(64)) };
    const bytes = encodePart(base, 1, { layout, ...hashes });
    const ref = { kind: "residual", round: 1, hash: layoutHash, bytes: bytes.length } as const;
    const { modules } = bench;
    const read = decodePart(bytes, ref, { rank: 2, layout, modules, ...hashes });
    expect(applyParts(layout, bench.context.initial(2), [read]).residuals).toEqual(base.modules);
  });

  it.each([1, 2, 3])("cuts the residual to rank %i: the closest of that rank, reported", (rank) => {
    const cut = { ...bench, config: fedexLora.config.parse({ residualRank: rank }) };
    const [whole, own] = [baseOf(roundOf()), baseOf(roundOf([], cut))];
    let least = 1;
    for (const [m, { module, rank: inner, left, right }] of whole.modules.entries()) {
      const full = multiply(
        matrixFrom(left, [left.length / inner, inner]),
        matrixFrom(right, [inner, right.length / inner]),
      );
      const part = own.modules[m]!;
      expect([part.module, part.rank]).toEqual([module, rank]);
      const kept = multiply(
        matrixFrom(part.left, [full.rows, rank]),
        matrixFrom(part.right, [rank, full.cols]),
      );
      const { S } = svd(full);
      const missed = Math.hypot(...S.subarray(rank));
      expect(frobeniusNorm(subtract(full, kept))).toBeCloseTo(missed, 5);
      least = Math.min(least, 1 - (missed / Math.hypot(...S)) ** 2);
    }
    const { metrics } = roundOf([], cut).server;
    expect(metrics["retained"]).toBeCloseTo(least, 6);
    expect(metrics["residualRank"]).toBe(rank);
  });

  it("is exact, bit for bit, with a residualRank that no residual reaches", () => {
    const wide = { ...bench, config: fedexLora.config.parse({ residualRank: 4 }) };
    expect(baseOf(roundOf([], wide))).toEqual(baseOf(roundOf()));
    expect(roundOf([], wide).server.metrics["retained"]).toBe(1);
    expect(roundOf().server.metrics).not.toHaveProperty("retained");
  });
});
