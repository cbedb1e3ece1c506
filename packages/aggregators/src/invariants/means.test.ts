import { matrixFrom, multiply, multiplyTransposedRight, rngFromSeed } from "@fedtune/core";
import type { LowRank, Matrix, Method } from "@fedtune/core";
import { expectSameBits, relativeDistance, tierIn } from "@fedtune/testkit";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fedavg } from "../methods/fedavg.ts";
import { pairPlaces, readPair, writePair } from "../module-pairs.ts";
import { methods } from "../registry.ts";
import { benchOf, cohorts, roundOf, warmedUp } from "../test-support/cohort.ts";
import type { Cohort, Outcome } from "../test-support/cohort.ts";

const runs = { numRuns: 30 };
const bench = benchOf(fedavg);
const { layout, scaling } = tierIn(bench.context.tiers, 2);
const before = warmedUp(bench);

/** Shares of a cohort's weights. */
function sharesOf({ clients }: Cohort): number[] {
  const total = clients.reduce((sum, { weight }) => sum + weight, 0);
  return clients.map(({ weight }) => weight / total);
}

/** Ideal minus reached, all modules. */
const errorOf = ({ ideal, reached: [own] }: Outcome): Float64Array =>
  ideal.map((value, i) => value - own![i]!);

/** s sum of p_k (B_k - B)(A_k - A), module by module, with means taken here. */
function centredSum(cohort: Cohort, { trained }: Outcome): Float64Array {
  const shares = sharesOf(cohort);
  const all = pairPlaces(layout).flatMap((place) => {
    const pairs = trained.map((values) => readPair(values, place));
    const mean = (side: keyof LowRank): number[] =>
      Array.from(pairs[0]![side].data, (_, i) =>
        pairs.reduce((sum, pair, k) => sum + shares[k]! * pair[side].data[i]!, 0),
      );
    const [B, A] = [mean("up"), mean("down")];
    const minus = (M: Matrix, by: readonly number[], factor: number): Matrix => ({
      ...M,
      data: M.data.map((value, i) => factor * (value - by[i]!)),
    });
    const products = pairs.map(({ up, down }, k) =>
      multiply(minus(up, B, scaling * shares[k]!), minus(down, A, 1)),
    );
    return Array.from(products[0]!.data, (_, i) =>
      products.reduce((sum, { data }) => sum + data[i]!, 0),
    );
  });
  return Float64Array.from(all);
}

/** A turn by an angle; B becomes B T^T and A becomes T A, the products unchanged. */
function turned(values: Float32Array, angle: number): Float32Array {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  const T = matrixFrom([c, -s, s, c], [2, 2]);
  const next = values.slice();
  for (const place of pairPlaces(layout)) {
    const { up, down } = readPair(values, place);
    writePair(next, place, { up: multiplyTransposedRight(up, T), down: multiply(T, down) });
  }
  return next;
}

describe("means of factors", () => {
  it("miss the mean of the products by the centred sum", () => {
    fc.assert(
      fc.property(cohorts([2]), (cohort) => {
        const outcome = roundOf(bench, before, cohort);
        expect(relativeDistance(errorOf(outcome), centredSum(cohort, outcome))).toBeLessThan(1e-6);
      }),
      runs,
    );
  });

  it.each(["down", "up"])("miss nothing when all clients have the same %s", (same) => {
    fc.assert(
      fc.property(cohorts([2]), (cohort) => {
        const outcome = roundOf(bench, before, cohort, (rng, start) => {
          const common = rngFromSeed(cohort.seed);
          const values = start.slice();
          for (const { role, offset, size } of layout.factors) {
            const source = role === same ? common : rng;
            for (let i = offset; i < offset + size; i++) values[i]! += 0.3 * source.normal();
          }
          return values;
        });
        expect(Math.max(...errorOf(outcome).map(Math.abs))).toBeLessThan(2e-6);
      }),
      runs,
    );
  });

  it("miss the same however all clients turn their factors alike", () => {
    fc.assert(
      fc.property(cohorts([2]), fc.double({ min: 0, max: 6.3, noNaN: true }), (cohort, angle) => {
        const change = (values: Float32Array, seed: number, index: number): Float32Array => {
          const rng = rngFromSeed(`${String(seed)} at ${String(index)}`);
          return values.map((value) => value + 0.3 * rng.normal());
        };
        const [plain, other] = [0, angle].map((by) =>
          roundOf(bench, before, cohort, (_rng, start, { index }) =>
            turned(change(start, cohort.seed, index), by),
          ),
        );
        expect(relativeDistance(errorOf(other!), errorOf(plain!))).toBeLessThan(2e-6);
      }),
      runs,
    );
  });
});

describe("weights", () => {
  it.each((methods as readonly Method[]).map((method) => [method.name, method] as const))(
    "[AG3] of %s count by their shares, which sum to 1: equal updates give the update back",
    (_name, method) => {
      const some = benchOf(method);
      const start = warmedUp(some);
      fc.assert(
        fc.property(cohorts([2]), (cohort) => {
          const alike = (_: unknown, values: Float32Array): Float32Array =>
            values.map((value, i) => value + 0.2 * Math.sin(i + cohort.seed));
          const alone = { ...cohort, clients: [{ rank: 2, weight: 1 }] };
          const [many, one] = [cohort, alone].map((c) => roundOf(some, start, c, alike));
          expect(relativeDistance(many!.reached[0]!, one!.reached[0]!)).toBeLessThan(2e-6);
        }),
        { numRuns: 10 },
      );
    },
  );

  it("[AG2] give the same bits for the same order, and only rounding for another", () => {
    fc.assert(
      fc.property(cohorts([2]), (cohort) => {
        const back = { ...cohort, clients: cohort.clients.toReversed() };
        const count = cohort.clients.length;
        const noise = (index: number, values: Float32Array): Float32Array => {
          const rng = rngFromSeed(`${String(cohort.seed)} at ${String(index)}`);
          return values.map((value) => value + rng.normal());
        };
        const [one, again, other] = [
          roundOf(bench, before, cohort, (_r, start, { index }) => noise(index, start)),
          roundOf(bench, before, cohort, (_r, start, { index }) => noise(index, start)),
          roundOf(bench, before, back, (_r, start, { index }) => noise(count - 1 - index, start)),
        ].map(({ state }) => bench.method.adapter(state, 2));
        expectSameBits(one!, again!);
        expect(relativeDistance(other!, one!)).toBeLessThan(1e-6);
      }),
      runs,
    );
  });
});
