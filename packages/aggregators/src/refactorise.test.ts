import {
  frobeniusNorm,
  identity,
  matrixFrom,
  multiply,
  multiplyTransposedRight,
  rngFromSeed,
  subtract,
  svd,
  zeros,
} from "@fedtune/core";
import type { LowRank, Matrix } from "@fedtune/core";
import { expectClose } from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import { refactorise as rightFactor } from "./refactorise.ts";
import type { SingularSplit } from "./refactorise.ts";
import { fittedUp } from "./turn.ts";

const rng = rngFromSeed("refactorise");

function random(rows: number, cols: number): Matrix {
  return matrixFrom(
    Float64Array.from({ length: rows * cols }, () => rng.normal()),
    [rows, cols],
  );
}

/** A pair with r rows of A. */
function pair(out: number, rank: number, width: number): LowRank {
  return { up: random(out, rank), down: random(rank, width) };
}

/** Both factors of the refactorised product. */
function refactorise(before: LowRank, split: SingularSplit): LowRank {
  const { down } = rightFactor(before, split);
  return { down, up: fittedUp(before, { down, gram: multiplyTransposedRight(down, down) }) };
}

const product = ({ up, down }: LowRank): Matrix => multiply(up, down);
const rowDistance = ({ down }: LowRank): number =>
  frobeniusNorm(subtract(multiplyTransposedRight(down, down), identity(down.rows)));

describe("refactorise", () => {
  it.each([
    [5, 2, 6],
    [9, 3, 4],
    [3, 3, 3],
    [2, 4, 7],
    [1, 1, 1],
  ])(
    "keeps the product of out %i, r %i, in %i and makes A's rows orthonormal",
    (out, rank, width) => {
      const before = pair(out, rank, width);
      const after = refactorise(before, "s-in-b");
      expectClose(product(after).data, product(before).data, 1e-11);
      expect(rowDistance(after)).toBeLessThan(1e-13);
      const { S } = svd(product(before));
      for (let i = 0; i < Math.min(out, rank); i++) {
        const column = Array.from({ length: out }, (_, j) => after.up.data[j * rank + i]!);
        expect(Math.hypot(...column)).toBeCloseTo(S[i]!, 10);
      }
    },
  );

  it("splits evenly with sqrt", () => {
    const before = pair(6, 3, 5);
    const { up, down } = refactorise(before, "sqrt");
    expectClose(product({ up, down }).data, product(before).data, 1e-11);
    const { S } = svd(product(before));
    const lengths = [0, 1, 2].map((i) => Math.hypot(...down.data.subarray(i * 5, (i + 1) * 5)));
    expectClose(lengths, [...S.subarray(0, 3)].map(Math.sqrt), 1e-12);
  });

  it.each(["s-in-b", "sqrt"] as const)(
    "stays inside A's rows where B is rank-deficient or zero (%s)",
    (split) => {
      const { up, down } = pair(7, 3, 9);
      const flat = multiply(random(7, 1), random(1, 3));
      for (const B of [flat, zeros(7, 3)]) {
        const after = refactorise({ up: B, down }, split);
        expectClose(product(after).data, multiply(B, down).data, 1e-11);
        const rows = split === "s-in-b" ? [0, 1, 2] : [1, 2];
        for (const i of rows) {
          const row = matrixFrom(after.down.data.slice(i * 9, (i + 1) * 9), [1, 9]);
          expect(frobeniusNorm(row)).toBeCloseTo(1, 12);
          // Adding the row to A adds nothing to its span: the fourth singular value stays zero.
          const stacked = { rows: 4, cols: 9, data: Float64Array.of(...down.data, ...row.data) };
          expect(svd(stacked).S[3]).toBeLessThan(1e-12);
        }
      }
      expect(up.rows).toBe(7);
    },
  );

  it("leaves rows beyond in at zero when r is larger", () => {
    const before = pair(6, 5, 3);
    const after = refactorise(before, "s-in-b");
    expectClose(product(after).data, product(before).data, 1e-11);
    expect([...after.down.data.subarray(9)]).toEqual([0, 0, 0, 0, 0, 0]);
  });
});
