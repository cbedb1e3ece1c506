/**
 * The correction D of one factor X `[m, r]` so that (X + D) F comes close to an ideal product W `[m, n]` that is never
 * formed, F `[r, n]` the other factor. All that is known of W is `misfit` = (W - X F) F^T `[m, r]`.
 */
import {
  columns,
  combine,
  concatColumns,
  concatRows,
  identity,
  innerProduct,
  multiply,
  multiplyTransposedLeft,
  subtract,
  transpose,
  zeros,
} from "@fedtune/core";
import type { Matrix } from "@fedtune/core";

/** One side of a fit; `gram` = F F^T `[r, r]`. */
export interface FitProblem {
  readonly factor: Matrix;
  readonly gram: Matrix;
  readonly misfit: Matrix;
}

/** How far and how gently to descend. */
export interface DescentSettings {
  readonly lambda: number;
  readonly steps: number;
  readonly learningRate: number;
}

/** Smallest ridge: keeps the solve possible when rows of F depend on each other. */
const LEAST_RIDGE = 1e-12;

/**
 * The D that minimises ||W - (X + D) F||^2 + mu ||D||^2 with mu = lambda tr(F F^T) / r: D (F F^T + mu I) = misfit.
 *
 * lambda has no unit: scaling F scales mu with it. Zero where F is zero.
 */
export function ridgeFit(
  { gram, misfit }: Pick<FitProblem, "gram" | "misfit">,
  lambda: number,
): Matrix {
  const mean = meanDiagonal(gram);
  if (mean === 0) return zeros(misfit.rows, misfit.cols);
  const mu = Math.max(lambda, LEAST_RIDGE) * mean;
  return solveRight(combine(1, gram, { beta: mu, B: identity(gram.rows) }), misfit);
}

/**
 * Gradient descent from D = 0 on 1 - cos(P, (X + D) F) + lambda ||D||^2 / u, P the part of W in F's row space and
 * u = ||X F||^2 r / tr(F F^T), which is ||X||^2 when F's rows are orthogonal and of equal length.
 *
 * Steps are `learningRate` u times the gradient, so that neither they nor lambda have a unit: the gradient of a cosine
 * shrinks with 1 / ||X||. Zero where X F, or what of W lies in F's row space, is zero. D is a combination of the
 * columns of X and C = W F^T at every step, so a step costs O(r^3).
 */
export function cosineFit(problem: FitProblem, settings: DescentSettings): Matrix {
  const { factor: X, gram: G, misfit } = problem;
  const r = G.rows;
  const C = combine(1, multiply(X, G), { beta: 1, B: misfit });
  const mean = meanDiagonal(G);
  const start = innerProduct(multiply(X, G), X);
  const reachable = mean === 0 ? 0 : innerProduct(ridgeFit({ ...problem, misfit: C }, 0), C);
  if (!(start > 0 && reachable > 0)) return zeros(X.rows, r);
  const unit = start / mean;
  const basis = concatColumns([X, C]);
  const inner = multiplyTransposedLeft(basis, basis);
  const onlyX = concatRows([identity(r), zeros(r, r)]);
  const onlyC = concatRows([zeros(r, r), identity(r)]);
  const weigh = columns(inner, r, 2 * r);
  let Z = onlyX;
  for (let step = 0; step < settings.steps; step++) {
    const ZG = multiply(Z, G);
    const square = innerProduct(multiply(inner, Z), ZG);
    const length = Math.sqrt(square);
    const cosine = innerProduct(weigh, Z) / (Math.sqrt(reachable) * length);
    const uphill = combine(1 / (Math.sqrt(reachable) * length), onlyC, {
      beta: -cosine / square,
      B: ZG,
    });
    const pull = combine(unit, uphill, { beta: -2 * settings.lambda, B: subtract(Z, onlyX) });
    Z = combine(1, Z, { beta: settings.learningRate, B: pull });
  }
  return multiply(basis, subtract(Z, onlyX));
}

function meanDiagonal({ rows, data }: Matrix): number {
  let sum = 0;
  for (let i = 0; i < rows; i++) sum += data[i * rows + i] ?? 0;
  return sum / rows;
}

/** Y with Y M = N, M symmetric and positive definite `[r, r]`, N `[m, r]`, by Cholesky. */
function solveRight(M: Matrix, N: Matrix): Matrix {
  const r = M.rows;
  const L = cholesky(M);
  const at = (i: number, j: number): number => L.data[i * r + j] ?? 0;
  // One right-hand side per column of Y^T.
  const Y = transpose(N);
  const m = Y.cols;
  const eliminate = (i: number, j: number, factor: number): void => {
    for (let k = 0; k < m; k++) {
      Y.data[i * m + k] = (Y.data[i * m + k] ?? 0) - factor * (Y.data[j * m + k] ?? 0);
    }
  };
  const divide = (i: number, by: number): void => {
    for (let k = 0; k < m; k++) Y.data[i * m + k] = (Y.data[i * m + k] ?? 0) / by;
  };
  for (let i = 0; i < r; i++) {
    for (let j = 0; j < i; j++) eliminate(i, j, at(i, j));
    divide(i, at(i, i));
  }
  for (let i = r - 1; i >= 0; i--) {
    for (let j = i + 1; j < r; j++) eliminate(i, j, at(j, i));
    divide(i, at(i, i));
  }
  return transpose(Y);
}

/** Lower triangular L with L L^T = M. */
function cholesky(M: Matrix): Matrix {
  const r = M.rows;
  const L = zeros(r, r);
  for (let i = 0; i < r; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = M.data[i * r + j] ?? 0;
      for (let k = 0; k < j; k++) sum -= (L.data[i * r + k] ?? 0) * (L.data[j * r + k] ?? 0);
      // Rounding may take a pivot of a singular matrix below the ridge that was added.
      const floor = LEAST_RIDGE * 1e-2 * (M.data[i * r + i] ?? 0);
      L.data[i * r + j] =
        i === j ? Math.sqrt(Math.max(sum, floor)) : sum / (L.data[j * r + j] ?? 1);
    }
  }
  return L;
}
