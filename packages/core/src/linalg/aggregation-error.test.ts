import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rngFromSeed, type Rng } from "../rng.ts";
import { aggregationError, type WeightedProduct } from "./aggregation-error.ts";
import {
  combine,
  frobeniusNorm,
  matrixFrom,
  multiply,
  subtract,
  zeros,
  type LowRank,
  type Matrix,
} from "./matrix.ts";

const OUT = 9;
const IN = 12;

function randomMatrix(rng: Rng, rows: number, cols: number): Matrix {
  return matrixFrom(
    Array.from({ length: rows * cols }, () => rng.normal()),
    [rows, cols],
  );
}

function randomProduct(rng: Rng, rank: number): LowRank {
  return { up: randomMatrix(rng, OUT, rank), down: randomMatrix(rng, rank, IN) };
}

function mean(clients: readonly WeightedProduct[], of: (client: LowRank) => Matrix): Matrix {
  const total = clients.reduce((sum, { weight }) => sum + weight, 0);
  const first = of(clients[0]!);
  return clients.reduce(
    (sum, client) => combine(1, sum, { beta: client.weight / total, B: of(client) }),
    zeros(first.rows, first.cols),
  );
}

const product = ({ up, down }: LowRank): Matrix => multiply(up, down);
const factorMeans = (clients: readonly WeightedProduct[]): LowRank => ({
  up: mean(clients, ({ up }) => up),
  down: mean(clients, ({ down }) => down),
});

/** The definition, with [out, in] formed. */
function slowError(clients: readonly WeightedProduct[], broadcast: LowRank): number {
  const ideal = mean(clients, product);
  return frobeniusNorm(subtract(ideal, product(broadcast))) / frobeniusNorm(ideal);
}

const cohort = fc
  .tuple(
    fc.integer(),
    fc.array(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.nat(9)), { minLength: 1, maxLength: 4 }),
  )
  .filter(([, parts]) => parts.some(([, weight]) => weight > 0))
  .map(([seed, parts]) => {
    const rng = rngFromSeed(seed);
    const clients = parts.map(([rank, weight]) => ({ ...randomProduct(rng, rank), weight }));
    return { rng, clients };
  });

describe("aggregation error", () => {
  it("[NU10] equals the definition for any ranks, weights and broadcast", () => {
    fc.assert(
      fc.property(cohort, fc.integer({ min: 1, max: 6 }), ({ rng, clients }, rank) => {
        const broadcast = randomProduct(rng, rank);
        const slow = slowError(clients, broadcast);
        expect(aggregationError(clients, broadcast) / slow).toBeCloseTo(1, 9);
      }),
    );
  });

  it("[NU10] is zero for one client, for equal clients and where all share A or B", () => {
    const rng = rngFromSeed(2);
    const one = { ...randomProduct(rng, 3), weight: 2 };
    expect(aggregationError([one], one)).toBeLessThan(1e-15);
    expect(aggregationError([one, { ...one, weight: 5 }], one)).toBeLessThan(1e-15);
    const shared = [1, 2, 3].map((weight) => ({
      up: one.up,
      down: randomMatrix(rng, 3, IN),
      weight,
    }));
    expect(aggregationError(shared, factorMeans(shared))).toBeLessThan(1e-15);
    const zero = { up: zeros(OUT, 3), down: one.down, weight: 1 };
    expect(aggregationError([zero], zero)).toBe(0);
    expect(aggregationError([zero], one)).toBe(Infinity);
  });

  it("[NU10] is zero for an exact broadcast in other factors, and unchanged by turning both sides", () => {
    const rng = rngFromSeed(3);
    const one = { ...randomProduct(rng, 2), weight: 1 };
    const turn = matrixFrom([2, 1, 1, 1], [2, 2]);
    const back = matrixFrom([1, -1, -1, 2], [2, 2]);
    const turned = { up: multiply(one.up, turn), down: multiply(back, one.down), weight: 1 };
    // In another basis nothing cancels term by term: sums of squares resolve the root of float64's precision.
    expect(aggregationError([one], turned)).toBeLessThan(1e-7);
    const clients = [one, { ...randomProduct(rng, 2), weight: 3 }];
    const both = clients.map(({ up, down, weight }) => ({
      up: multiply(up, turn),
      down: multiply(back, down),
      weight,
    }));
    const error = aggregationError(clients, factorMeans(clients));
    expect(aggregationError(both, factorMeans(both)) / error).toBeCloseTo(1, 12);
  });

  it("[NU10] of the factor means is that of the centred sum, to all digits, for nearly equal clients", () => {
    const rng = rngFromSeed(4);
    const base = randomProduct(rng, 4);
    const near = (A: Matrix): Matrix =>
      combine(1, A, { beta: 1e-6, B: randomMatrix(rng, A.rows, A.cols) });
    const clients = [1, 1, 2].map((weight) => ({
      up: near(base.up),
      down: near(base.down),
      weight,
    }));
    const means = factorMeans(clients);
    const centred = mean(
      clients.map(({ up, down, weight }) => ({
        up: subtract(up, means.up),
        down: subtract(down, means.down),
        weight,
      })),
      product,
    );
    const wanted = frobeniusNorm(centred) / frobeniusNorm(mean(clients, product));
    const error = aggregationError(clients, means);
    expect(wanted).toBeLessThan(1e-11);
    // The means themselves carry rounding of 1e-16, and so does the error.
    expect(Math.abs(error / wanted - 1)).toBeLessThan(1e-3);
  });

  it("[NU10] refuses no clients and weights that sum to zero", () => {
    const one = randomProduct(rngFromSeed(5), 2);
    expect(() => aggregationError([], one)).toThrow(RangeError);
    expect(() => aggregationError([{ ...one, weight: 0 }], one)).toThrow(RangeError);
  });
});
