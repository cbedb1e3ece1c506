import {
  combine,
  frobeniusNorm,
  identity,
  innerProduct,
  matrixFrom,
  multiply,
  multiplyTransposedRight,
  rngFromSeed,
  subtract,
  zeros,
} from "@fedtune/core";
import type { Matrix } from "@fedtune/core";
import { expectClose } from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import { cosineFit, ridgeFit } from "./residual-fit.ts";
import type { FitProblem } from "./residual-fit.ts";

const rng = rngFromSeed("residual fit");
const [m, n, r] = [6, 5, 3];

function random(rows: number, cols: number, size = 1): Matrix {
  const data = Float64Array.from({ length: rows * cols }, () => size * rng.normal());
  return matrixFrom(data, [rows, cols]);
}

/** The problem of an ideal product, near X F unless it is given. */
function problemOf(
  X: Matrix,
  F: Matrix,
  ideal = combine(1, multiply(X, F), { beta: 0.3 * frobeniusNorm(X), B: random(m, n, 0.3) }),
): FitProblem & { readonly ideal: Matrix } {
  const misfit = multiplyTransposedRight(subtract(ideal, multiply(X, F)), F);
  return { factor: X, gram: multiplyTransposedRight(F, F), misfit, ideal };
}

function cosine(P: Matrix, Q: Matrix): number {
  return innerProduct(P, Q) / (frobeniusNorm(P) * frobeniusNorm(Q));
}

const sum = (A: Matrix, B: Matrix): Matrix => combine(1, A, { beta: 1, B });
const scaled = (by: number, A: Matrix): Matrix => combine(by, A, { beta: 0, B: A });

describe("ridgeFit", () => {
  it("solves the normal equations", () => {
    const { gram, misfit } = problemOf(random(m, r), random(r, n));
    const D = ridgeFit({ gram, misfit }, 0.2);
    const mu = (0.2 * (gram.data[0]! + gram.data[4]! + gram.data[8]!)) / 3;
    const left = multiply(D, combine(1, gram, { beta: mu, B: identity(r) }));
    expectClose(left.data, misfit.data, 1e-12);
  });

  it("does not depend on the unit of either factor", () => {
    const [X, F, W] = [random(m, r), random(r, n), random(m, n)];
    const D = ridgeFit(problemOf(X, F, W), 0.2);
    const other = ridgeFit(problemOf(scaled(10, X), scaled(3, F), scaled(30, W)), 0.2);
    expectClose(other.data, scaled(10, D).data, 1e-12);
  });

  it("stays finite when rows of the other factor are equal or all zero", () => {
    const row = random(1, n).data;
    const F = matrixFrom(Float64Array.of(...row, ...row, ...row), [r, n]);
    const twin = problemOf(random(m, r), F);
    const D = ridgeFit(twin, 0);
    expect(D.data.every(Number.isFinite)).toBe(true);
    expectClose(multiply(D, twin.gram).data, twin.misfit.data, 1e-5);
    const nothing = problemOf(random(m, r), zeros(r, n));
    expect(ridgeFit(nothing, 0).data).toEqual(new Float64Array(m * r));
  });
});

describe("cosineFit", () => {
  it("steps down the gradient, as finite differences see it", () => {
    const [X, F] = [random(m, r), random(r, n)];
    const problem = problemOf(X, F);
    const u = (frobeniusNorm(multiply(X, F)) ** 2 * r) / frobeniusNorm(F) ** 2;
    const reachable = multiply(sum(X, ridgeFit(problem, 0)), F);
    const lambda = 0.3;
    const loss = (D: Matrix): number =>
      1 - cosine(reachable, multiply(sum(X, D), F)) + (lambda * frobeniusNorm(D) ** 2) / u;
    // From the second step on the penalty has a gradient too.
    const first = cosineFit(problem, { lambda, steps: 1, learningRate: 0.1 });
    const second = cosineFit(problem, { lambda, steps: 2, learningRate: 0.1 });
    const h = 1e-5;
    const gradient = first.data.map((_, i) => {
      const moved = (by: number): Matrix => ({
        ...first,
        data: first.data.map((value, j) => (j === i ? value + by : value)),
      });
      return (loss(moved(h)) - loss(moved(-h))) / (2 * h);
    });
    const step = subtract(second, first).data;
    expectClose(
      step,
      gradient.map((value) => -0.1 * u * value),
      1e-8,
    );
  });

  it.each([1, 10, 1e-3])("reaches the best cosine for factors of size %f alike", (size) => {
    const [X, F] = [random(m, r, size), random(r, n)];
    const problem = problemOf(X, F);
    const best = cosine(problem.ideal, multiply(sum(X, ridgeFit(problem, 0)), F));
    const before = cosine(problem.ideal, multiply(X, F));
    const D = cosineFit(problem, { lambda: 0, steps: 2000, learningRate: 0.05 });
    const after = cosine(problem.ideal, multiply(sum(X, D), F));
    expect(before).toBeLessThan(best - 1e-3);
    expect(after).toBeGreaterThan(best - 1e-4);
  });

  it("is zero where a cosine has no meaning", () => {
    const settings = { lambda: 0, steps: 5, learningRate: 0.1 };
    for (const [X, F] of [
      [zeros(m, r), random(r, n)],
      [random(m, r), zeros(r, n)],
    ] as const) {
      expect(cosineFit(problemOf(X, F), settings).data).toEqual(new Float64Array(m * r));
    }
  });
});
