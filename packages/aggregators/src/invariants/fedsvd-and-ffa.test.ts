/** FedSVD against FFA-LoRA from an orthonormal A: one method in two gauges under plain SGD, two methods under Adam. */
import {
  combine,
  frobeniusNorm,
  matrixFrom,
  multiply,
  multiplyTransposedRight,
  rngFromSeed,
  subtract,
} from "@fedtune/core";
import type { LowRank, Matrix, MethodUpdate } from "@fedtune/core";
import { openFederation, tierIn } from "@fedtune/testkit";
import type { MethodBench } from "@fedtune/testkit";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fedsvd } from "../methods/fedsvd.ts";
import { ffaLora } from "../methods/ffa-lora.ts";
import { pairPlaces, readPair } from "../module-pairs.ts";
import { benchOf, closedWith } from "../test-support/cohort.ts";

const turning = benchOf(fedsvd);
const still = benchOf(ffaLora, { config: { orthonormalInit: true } });
const { layout, scaling } = tierIn(still.context.tiers, 2);
const places = pairPlaces(layout);
const weights = [3, 1, 2];
const examples = 9;

function random(rows: number, cols: number, name: string): Matrix {
  const rng = rngFromSeed(name);
  return matrixFrom(
    Float64Array.from({ length: rows * cols }, () => rng.normal()),
    [rows, cols],
  );
}

/** A client's quadratic loss of one module: ||(s B A - target) X||^2 / (2 examples), and its gradient by B. */
function gradient(
  { up, down }: LowRank,
  data: { readonly target: Matrix; readonly X: Matrix },
): Matrix {
  const error = combine(scaling, multiply(up, down), { beta: -1, B: data.target });
  const seen = multiplyTransposedRight(multiply(error, data.X), data.X);
  const slope = multiplyTransposedRight(seen, down);
  return combine(scaling / examples, slope, { beta: 0, B: slope });
}

/** How clients train: `noise` is of the gradient, drawn in the basis of the first A, `clip` its norm's bound. */
interface Training {
  readonly optimizer: "sgd" | "adam";
  readonly noise: number;
  readonly clip: number;
  readonly seed: number;
}

/** B after a few steps with A still. `first`: the orthonormal A_0; A = T A_0 with T = A A_0^T turns noise along. */
function trained(pair: LowRank, first: Matrix, how: Training & { readonly name: string }): Matrix {
  const [out, width] = [pair.up.rows, pair.down.cols];
  const data = {
    target: random(out, width, `target ${how.name}`),
    X: random(width, examples, `X ${how.name}`),
  };
  const T = multiplyTransposedRight(pair.down, first);
  let { up } = pair;
  let [mean, square] = [new Float64Array(up.data.length), new Float64Array(up.data.length)];
  for (let step = 1; step <= 3; step++) {
    const own = gradient({ up, down: pair.down }, data);
    const shrink = Math.min(1, how.clip / frobeniusNorm(own));
    const noise = random(out, up.cols, `noise ${String(how.seed)} ${how.name} ${String(step)}`);
    const g = combine(shrink, own, { beta: how.noise, B: multiplyTransposedRight(noise, T) });
    mean = mean.map((value, i) => 0.9 * value + 0.1 * g.data[i]!);
    square = square.map((value, i) => 0.999 * value + 0.001 * g.data[i]! ** 2);
    const adam = mean.map(
      (value, i) =>
        value / (1 - 0.9 ** step) / (Math.sqrt(square[i]! / (1 - 0.999 ** step)) + 1e-8),
    );
    const move = how.optimizer === "sgd" ? g : { ...g, data: adam };
    up = combine(1, up, { beta: -0.05, B: move });
  }
  return up;
}

/** All modules' products after each of a few rounds. */
function trajectory(bench: MethodBench, how: Training): Matrix[][] {
  const firsts = places.map(
    (place) => readPair(still.method.adapter(openFederation(still).server.state, 2), place).down,
  );
  let { server } = openFederation(bench);
  const rounds: Matrix[][] = [];
  for (let round = 1; round <= 5; round++) {
    const values = bench.method.adapter(server.state, 2);
    const updates = weights.map((weight, index): MethodUpdate => {
      const deltas = places.flatMap((place, m) => {
        const pair = readPair(values, place);
        const name = `module ${String(m)}, client ${String(index)}`;
        const seed = how.seed + 1000 * round;
        return [...subtract(trained(pair, firsts[m]!, { ...how, seed, name }), pair.up).data];
      });
      return { index, rank: 2, weight, roles: ["up"], delta: Float32Array.from(deltas) };
    });
    server = closedWith(bench, server, updates);
    const reached = bench.method.adapter(server.state, 2);
    rounds.push(places.map((place) => product(readPair(reached, place))));
  }
  return rounds;
}

const product = ({ up, down }: LowRank): Matrix => multiply(up, down);

/** Largest relative distance of two trajectories. */
function distance(one: readonly Matrix[][], other: readonly Matrix[][]): number {
  const all = one.flatMap((modules, round) =>
    modules.map((P, m) => frobeniusNorm(subtract(P, other[round]![m]!)) / frobeniusNorm(P)),
  );
  return Math.max(...all);
}

describe("fedsvd and ffa-lora from an orthonormal A", () => {
  const both = (how: Training) => {
    const start = still.method.adapter(openFederation(still).server.state, 2);
    const same = { ...turning, context: { ...turning.context, initial: () => start.slice() } };
    return distance(trajectory(same, how), trajectory(still, how));
  };

  it("have the same products under plain SGD, clipped and with noise that turns along", () => {
    fc.assert(
      fc.property(
        fc.record({
          optimizer: fc.constant("sgd" as const),
          noise: fc.constantFrom(0, 0.5, 2),
          clip: fc.constantFrom(0.5, 5, Infinity),
          seed: fc.nat(1_000_000),
        }),
        (how) => {
          expect(both(how)).toBeLessThan(1e-6);
        },
      ),
      { numRuns: 12 },
    );
  });

  it("have different products under Adam, which sees single coordinates", () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), (seed) => {
        expect(both({ optimizer: "adam", noise: 0.5, clip: Infinity, seed })).toBeGreaterThan(0.01);
      }),
      { numRuns: 5 },
    );
  });
});
