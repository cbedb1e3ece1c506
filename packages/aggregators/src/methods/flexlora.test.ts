import {
  adapterKind,
  identity,
  matrixFrom,
  multiply,
  multiplyTransposedRight,
  svd,
} from "@fedtune/core";
import type { Matrix } from "@fedtune/core";
import {
  expectClose,
  methodBench,
  openFederation,
  playRound,
  randomRound,
  tierIn,
} from "@fedtune/testkit";
import type { PlayedRound } from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import { pairPlaces, readPair } from "../module-pairs.ts";
import { flexlora } from "./flexlora.ts";

const bench = methodBench(flexlora, { kind: adapterKind("lora"), head: "freeze", ranks: [2, 3] });
const { tiers } = bench.context;

function roundOf(absent: readonly number[] = []): PlayedRound {
  const warm = playRound(bench, openFederation(bench), randomRound(bench, "warm up"));
  return playRound(bench, warm, { ...randomRound(bench, "round"), absent });
}

/** Per module the mean of the scaled products of those who took part, as a full matrix. */
function idealsOf({ clients }: PlayedRound, absent: readonly number[]): Matrix[] {
  const present = clients.filter(({ index }) => !absent.includes(index));
  const total = present.reduce((sum, { weight }) => sum + weight, 0);
  return bench.modules.map((module, m) => {
    const ideal = new Float64Array(module.out * module.in);
    for (const { rank, weight, trained } of present) {
      const { layout, scaling } = tierIn(tiers, rank);
      const { up, down } = readPair(trained!, pairPlaces(layout)[m]!);
      multiply(up, down).data.forEach((x, i) => (ideal[i]! += (weight / total) * scaling * x));
    }
    return matrixFrom(ideal, [module.out, module.in]);
  });
}

/** One module of a tier's new adapter. */
function pairAfter({ server }: PlayedRound, rank: number, m: number) {
  const { layout } = tierIn(tiers, rank);
  return readPair(bench.method.adapter(server.state, rank), pairPlaces(layout)[m]!);
}

describe("flexlora", () => {
  it("gives every tier the best product of its rank, as the SVD of the full matrix has it", () => {
    const played = roundOf();
    let least = 1;
    for (const [m, ideal] of idealsOf(played, []).entries()) {
      const { U, S, Vt } = svd(ideal);
      const energy = (count: number): number =>
        S.subarray(0, count).reduce((sum, s) => sum + s * s, 0);
      for (const { rank, scaling } of tiers) {
        const best = new Float64Array(ideal.data.length);
        for (let i = 0; i < rank; i++) {
          best.forEach((_, at) => {
            const [row, column] = [Math.floor(at / ideal.cols), at % ideal.cols];
            best[at]! += U.data[row * U.cols + i]! * S[i]! * Vt.data[i * Vt.cols + column]!;
          });
        }
        const { up, down } = pairAfter(played, rank, m);
        expectClose(
          multiply(up, down).data.map((x) => scaling * x),
          best,
          1e-6,
        );
        least = Math.min(least, energy(rank) / energy(S.length));
      }
    }
    expect(played.server.metrics["retained"]).toBeCloseTo(least, 7);
    expect(least).toBeLessThan(0.999);
  });

  it("loses nothing when the mean product fits the rank, and leaves the rows beyond it able to learn", () => {
    const absent = [1, 2, 3];
    const played = roundOf(absent);
    expect(played.server.metrics["retained"]).toBeCloseTo(1, 12);
    for (const [m, ideal] of idealsOf(played, absent).entries()) {
      for (const { rank, scaling } of tiers) {
        const { up, down } = pairAfter(played, rank, m);
        expectClose(
          multiply(up, down).data.map((x) => scaling * x),
          ideal.data,
          1e-6,
        );
        expectClose(multiplyTransposedRight(down, down).data, identity(rank).data, 1e-6);
      }
    }
  });
});
