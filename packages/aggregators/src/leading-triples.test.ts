import {
  frobeniusNorm,
  identity,
  matrixFrom,
  multiply,
  multiplyTransposedLeft,
  multiplyTransposedRight,
  rngFromSeed,
  subtract,
  zeros,
} from "@fedtune/core";
import type { Matrix, Rng } from "@fedtune/core";
import { expectClose } from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import {
  allTriples,
  energyOf,
  firstRows,
  leadingTriples,
  retainedShare,
  scaledRows,
} from "./leading-triples.ts";
import type { FactoredSum, Triples } from "./leading-triples.ts";

const [terms, out, width] = [140, 110, 125];

function random(rows: number, cols: number, rng: Rng): Matrix {
  return matrixFrom(
    Float64Array.from({ length: rows * cols }, () => rng.normal()),
    [rows, cols],
  );
}

/** Terms whose sizes fall as `sizeOf` says. */
function sumOf(sizeOf: (i: number) => number, rng = rngFromSeed("terms")): FactoredSum {
  const sizes = Float64Array.from({ length: terms }, (_, i) => sizeOf(i));
  return { left: scaledRows(random(terms, out, rng), sizes), right: random(terms, width, rng) };
}

/** Terms of clients side by side: no two have an entry in common. */
function apart(): FactoredSum {
  const sum = sumOf(() => 1);
  const share = (M: Matrix): Matrix => ({
    ...M,
    data: M.data.map((value, at) =>
      (at % M.cols) % 4 === Math.floor(at / M.cols) % 4 ? value : 0,
    ),
  });
  return { left: share(sum.left), right: share(sum.right) };
}

/** Singular values 5, 5, 5, ... of an orthonormal pair. */
function equal(): FactoredSum {
  const { left, right } = allTriples(sumOf(() => 1));
  return { left: scaledRows(left, new Float64Array(left.rows).fill(5)), right };
}

const sums: readonly (readonly [string, FactoredSum])[] = [
  ["terms alike in size", sumOf(() => 1)],
  ["terms that fall off", sumOf((i) => 0.8 ** i)],
  ["three terms, the others zero", sumOf((i) => (i < 3 ? 1 : 0))],
  ["terms from 1e-12 to 1e12", sumOf((i) => 10 ** (12 - (i * 24) / terms))],
  ["terms of clients that have nothing in common", apart()],
  ["equal singular values", equal()],
  ["nothing", { left: zeros(terms, out), right: zeros(terms, width) }],
];

const product = ({ left, S, right }: Triples, count: number): Matrix =>
  multiplyTransposedLeft(scaledRows(firstRows(left, count), S), firstRows(right, count));

describe("leadingTriples", () => {
  it.each(sums)("has the largest singular values and their vectors: %s", (_what, sum) => {
    const [some, all] = [leadingTriples(sum, 6, rngFromSeed("start")), allTriples(sum)];
    const scale = all.S[0] === 0 ? 1 : 1 / all.S[0]!;
    const scaled = (S: Float64Array) => S.subarray(0, 6).map((s) => s * scale);
    expectClose(scaled(some.S), scaled(all.S), 1e-12);
    for (const rows of [firstRows(some.left, 6), firstRows(some.right, 6)]) {
      expectClose(multiplyTransposedRight(rows, rows).data, identity(6).data, 1e-12);
    }
    const X = multiplyTransposedLeft(sum.left, sum.right);
    const images = multiply(firstRows(some.left, 6), X);
    const wanted = scaledRows(firstRows(some.right, 6), some.S);
    expect(frobeniusNorm(subtract(images, wanted)) * scale).toBeLessThan(1e-9);
  });

  it("cuts to the best product of a rank, whatever the start", () => {
    const [, sum] = sums[1]!;
    const best = product(allTriples(sum), 6);
    for (const seed of ["one", "two"]) {
      const own = product(leadingTriples(sum, 6, rngFromSeed(seed)), 6);
      expect(frobeniusNorm(subtract(own, best)) / frobeniusNorm(best)).toBeLessThan(1e-9);
    }
  });

  it("[AG8] refuses terms that are not finite", () => {
    const sum = sumOf(() => 1);
    sum.left.data[77] = Number.NaN;
    expect(() => leadingTriples(sum, 6, rngFromSeed("start"))).toThrow(
      expect.objectContaining({ code: "not-finite" }),
    );
  });
});

describe("energyOf", () => {
  it.each(sums)("is the squared norm of the sum: %s", (_what, sum) => {
    const X = multiplyTransposedLeft(sum.left, sum.right);
    const wanted = frobeniusNorm(X) ** 2;
    expect(Math.abs(energyOf(sum) - wanted)).toBeLessThanOrEqual(1e-12 * wanted);
    const { S } = allTriples(sum);
    const shares = [1, 2, 6, 200].map((count) => retainedShare(S, count, energyOf(sum)));
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
    expect(shares.at(-1)).toBeCloseTo(1, 12);
  });
});
