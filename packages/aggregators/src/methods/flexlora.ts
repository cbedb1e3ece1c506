import {
  concatColumns,
  concatRows,
  gatherRoles,
  multiply,
  multiplyTransposedRight,
  noOptions,
  qr,
  svd,
  transpose,
  zeros,
} from "@fedtune/core";
import type { LowRank, Matrix, Method, MethodResult, NoOptions } from "@fedtune/core";
import { addToStack, openStack, stackPlaces, trainedModules } from "../client-stack.ts";
import type { ClientStack, TrainedModule } from "../client-stack.ts";
import { tierFunctions } from "../mean-of-roles.ts";
import { readPair, writePair } from "../module-pairs.ts";
import { largestSign } from "../refactorise.ts";
import { lengthOf, meanDeltas, movedBy } from "../tier-sums.ts";
import { publishFactors } from "../tiers.ts";
import type { TierState } from "../tiers.ts";

/**
 * The best adapter of every rank for the mean of the clients' products, whatever ranks they come from.
 *
 * Per module dW = sum of p_k s_k B_k A_k over the clients of all tiers, A_k `[r_k, in]`, B_k `[out, r_k]`, s_k the
 * tier's scaling; with dW = U S V^T a tier of rank r gets B = U_r S_r / s and A = V_r^T. By thin QR of the stacked
 * factors and the SVD of a core of at most min(R, out) x min(R, in), R the sum of ranks: dW is never formed. The part of
 * dW beyond rank r is lost; `retained` reports the least share of ||dW||^2 that a tier keeps of a module.
 *
 * Departs from the paper's code: every product has its own client's scaling, where the code has a constant 16 / rank;
 * signs are fixed; where dW has a lower rank than the tier, A's rows go on inside the clients' and the largest tier's former
 * row space. Head and DoRA's magnitude, whose shapes do not depend on the rank, are averaged over all clients.
 */
export const flexlora = {
  name: "flexlora",
  summary: "SVD of the mean product, cut to each client's rank: any mix of ranks",
  paper: {
    title:
      "Federated Fine-tuning of Large Language Models under Heterogeneous Tasks and Client Resources",
    id: "arXiv:2402.11505",
    equations: "the weighted sum of s_k B_k A_k, its SVD, and the redistribution U_r S_r, V_r^T",
  },
  config: noOptions,
  claims: {
    exactProduct: false,
    linear: false,
    freezes: [],
    personal: [],
    products: ["BA"],
    memory: "clients",
    canonical: true,
    ranks: "joint",
  },
  defaultHead: "share",
  passes: 1,
  ...tierFunctions<NoOptions>(() => [{ share: ["down", "up", "magnitude"], keep: [] }]),
  begin: (state, { round }): ClientStack => openStack(state, round),
  accumulate: (stack, update) => {
    addToStack(stack as ClientStack, update);
  },
  finish: (state, stack) => finish(state, stack as ClientStack),
} as const satisfies Method<NoOptions, TierState>;

function finish(state: TierState, stack: ClientStack): MethodResult<TierState> {
  const { sums } = stack;
  const deltas = meanDeltas(sums, ["head", "magnitude"]);
  const updateNorm = lengthOf(deltas);
  const starts = state.tiers.map(({ layout, values }) => gatherRoles(layout, values, sums.roles));
  const widest = starts.length - 1;
  let retained = 1;
  for (const [m, module] of trainedModules(stack, state.tiers).entries()) {
    const places = state.tiers.map(({ rank }) => stackPlaces(stack, rank)[m]);
    const [start, place] = [starts[widest], places[widest]];
    if (start === undefined || place === undefined) continue;
    const spectrum = spectrumOf(module, readPair(start, place));
    for (const [t, { rank, scaling }] of state.tiers.entries()) {
      const [delta, from, own] = [deltas[t], starts[t], places[t]];
      if (delta === undefined || from === undefined || own === undefined) continue;
      const pair = cutTo(spectrum, rank, scaling);
      const before = readPair(from, own);
      // The next state is start plus delta, in float64: put the difference there.
      writePair(delta, own, { up: minus(pair.up, before.up), down: minus(pair.down, before.down) });
      retained = Math.min(retained, energyShare(spectrum.S, rank));
    }
  }
  const next = movedBy(state, sums, deltas);
  return { state: next, parts: publishFactors(next), metrics: { updateNorm, retained } };
}

/** dW = left diag(S) right: orthonormal columns and rows, signs by the largest entry of each row. */
interface Spectrum {
  readonly left: Matrix;
  readonly S: Float64Array;
  readonly right: Matrix;
}

/** The SVD of a module's mean product; `former` adds rows without weight, so that there are at least its r of them. */
function spectrumOf({ pairs }: TrainedModule, former: LowRank): Spectrum {
  const columns = pairs.map(({ up, share, scaling }) => ({
    ...up,
    data: up.data.map((value) => share * scaling * value),
  }));
  const { up, down } = former;
  const left = qr(concatColumns([...columns, zeros(up.rows, up.cols)]));
  const right = qr(transpose(concatRows([...pairs.map((pair) => pair.down), down])));
  const { U, S, Vt } = svd(multiplyTransposedRight(left.R, right.R));
  return { left: multiply(left.Q, U), S, right: multiplyTransposedRight(Vt, right.Q) };
}

/** B = U_r S_r / scaling and A = V_r^T; zero beyond what there is. */
function cutTo({ left, S, right }: Spectrum, rank: number, scaling: number): LowRank {
  const up = zeros(left.rows, rank);
  const down = zeros(rank, right.cols);
  for (let i = 0; i < Math.min(rank, S.length); i++) {
    const row = right.data.subarray(i * right.cols, (i + 1) * right.cols);
    const sign = largestSign(row);
    down.data.set(
      row.map((value) => sign * value),
      i * right.cols,
    );
    const factor = (sign * (S[i] ?? 0)) / scaling;
    for (let j = 0; j < left.rows; j++) {
      up.data[j * rank + i] = factor * (left.data[j * left.cols + i] ?? 0);
    }
  }
  return { up, down };
}

function energyShare(S: Float64Array, rank: number): number {
  const energy = (values: Float64Array): number => values.reduce((sum, s) => sum + s * s, 0);
  const all = energy(S);
  return all === 0 ? 1 : energy(S.subarray(0, rank)) / all;
}

function minus(A: Matrix, B: Matrix): Matrix {
  return { ...A, data: A.data.map((value, i) => value - (B.data[i] ?? 0)) };
}
