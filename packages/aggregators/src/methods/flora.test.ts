import { adapterKind, factorView, gatherRoles } from "@fedtune/core";
import {
  expectSameBits,
  methodBench,
  openFederation,
  playRound,
  randomRound,
} from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import { flora } from "./flora.ts";

const bench = methodBench(flora, { kind: adapterKind("lora"), head: "share", ranks: [2, 3] });
const first = playRound(bench, openFederation(bench), randomRound(bench, "1"));
const second = playRound(bench, first, randomRound(bench, "2"));

describe("flora", () => {
  it("stacks the ranks of all clients into one residual per module", () => {
    const base = first.server.parts.find((part) => part.kind === "residual")!;
    expect(base.modules.map(({ rank }) => rank)).toEqual([10, 10]);
    expect(first.server.metrics["stackedRank"]).toBe(10);
  });

  it("starts every tier anew after each round: B zero, A within LoRA's first bounds and never the same", () => {
    for (const { rank, layout } of bench.context.tiers) {
      const [one, two] = [first, second].map(({ server }) =>
        bench.method.adapter(server.state, rank),
      );
      for (const factor of layout.factors.filter(({ role }) => role === "down")) {
        const bound = 1 / Math.sqrt(factor.shape[1]!);
        const values = factorView(one!, factor);
        expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(bound);
        expect(Math.max(...values)).toBeGreaterThan(0.3 * bound);
        expect(values).not.toEqual(factorView(two!, factor));
        expect(values).not.toEqual(factorView(bench.context.initial(rank), factor));
      }
      const zeros = new Float32Array(gatherRoles(layout, one!, ["up"]).length);
      expectSameBits(gatherRoles(layout, one!, ["up"]), zeros);
    }
  });

  it("[AG17] names every residual since the client's round, then its own tier's factors", () => {
    const named = (holds: number | null) =>
      bench.method.download(second.server.state, { index: 0, rank: 3, holds });
    expect(named(null)).toEqual(["round-1/base", "round-2/base", "round-2/rank-3"]);
    expect(named(1)).toEqual(["round-2/base", "round-2/rank-3"]);
    expect(named(2)).toEqual([]);
  });
});
