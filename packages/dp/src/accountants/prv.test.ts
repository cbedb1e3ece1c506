/** The tight accountant against integrals written out: one step in closed form, two by quadrature over the first. */
import { describe, expect, it } from "vitest";
import type { PrivacyEvent } from "../events.ts";
import { normalCdf } from "../special.ts";
import { prvAccountant } from "./prv.ts";

/** A mixture of normals of one deviation. */
interface Mixture {
  readonly deviation: number;
  readonly parts: readonly { readonly mean: number; readonly weight: number }[];
}

function density({ deviation, parts }: Mixture, x: number): number {
  const scale = 1 / (deviation * Math.sqrt(2 * Math.PI));
  return parts.reduce(
    (sum, { mean, weight }) =>
      sum + weight * scale * Math.exp(-(((x - mean) / deviation) ** 2) / 2),
    0,
  );
}

/** Mass above x. */
function above({ deviation, parts }: Mixture, x: number): number {
  return parts.reduce(
    (sum, { mean, weight }) => sum + weight * normalCdf((mean - x) / deviation),
    0,
  );
}

interface Pair {
  readonly p: Mixture;
  readonly q: Mixture;
}

/** The mass of p minus e^epsilon times that of q, where that is positive; the loss rises with x. */
function deltaOfOne({ p, q }: Pair, epsilon: number): number {
  let [low, high] = [-60, 60];
  for (let k = 0; k < 70; k++) {
    const middle = (low + high) / 2;
    const loss = Math.log(density(p, middle) / density(q, middle));
    // Far out both densities are zero: the loss is large above and small below.
    if (Number.isNaN(loss) ? middle > 0 : loss > epsilon) high = middle;
    else low = middle;
  }
  return above(p, high) - Math.exp(epsilon) * above(q, high);
}

/** Two steps: the first one's loss lowers what the second has to exceed. */
function deltaOfTwo(pair: Pair, epsilon: number): number {
  const { p, q } = pair;
  const step = p.deviation / 200;
  let sum = 0;
  for (let x = -2 - 8 * p.deviation; x < 2 + 8 * p.deviation; x += step) {
    const loss = Math.log(density(p, x) / density(q, x));
    sum += step * density(p, x) * deltaOfOne(pair, epsilon - loss);
  }
  return sum;
}

const idle = (deviation: number): Mixture => ({ deviation, parts: [{ mean: 0, weight: 1 }] });
const mixture = (deviation: number, rate: number, mean: number): Mixture => ({
  deviation,
  parts: [
    { mean: 0, weight: 1 - rate },
    { mean, weight: rate },
  ],
});

/** The pair of the direction that removes a unit; with replacement, of either direction. */
function pairOf(relation: "zero-out" | "replace-one", deviation: number, rate: number): Pair {
  const p = mixture(deviation, rate, 1);
  return { p, q: relation === "zero-out" ? idle(deviation) : mixture(deviation, rate, -1) };
}

const cases = (["zero-out", "replace-one"] as const).flatMap((relation) =>
  [
    [0.6, 0.1],
    [1, 0.2],
    [3, 0.7],
  ].map(([noise = 1, rate = 0]) => [relation, noise, rate] as const),
);

describe("privacy losses by Fourier transform", () => {
  it.each(cases)(
    "[DP6] %s, noise %d, rate %d: delta equals the integral",
    (relation, noise, rate) => {
      const event = (steps: number): PrivacyEvent => ({
        mechanism: "poisson-gaussian",
        ...{ samplingRate: rate, noiseMultiplier: noise, steps },
      });
      const [one, two] = [1, 2].map((steps) =>
        prvAccountant.compose({ relation, events: [event(steps)] }),
      );
      const pair = pairOf(relation, noise, rate);
      for (const epsilon of [0.01, 0.3, 1]) {
        for (const [composed, exact] of [
          [one!, deltaOfOne(pair, epsilon)],
          [two!, deltaOfTwo(pair, epsilon)],
        ] as const) {
          const { delta, lower, upper } = composed.delta(epsilon);
          expect(Math.abs(delta - exact)).toBeLessThan(1e-4 * exact);
          expect(upper).toBeGreaterThan(exact * (1 - 2e-6));
          expect(lower).toBeLessThan(exact);
        }
      }
    },
  );

  it("[DP2] rows of one mechanism in many pieces cost what one row costs", () => {
    const row = (steps: number): PrivacyEvent => ({
      mechanism: "poisson-gaussian",
      ...{ samplingRate: 0.05, noiseMultiplier: 1.3, steps },
    });
    const cost = (events: readonly PrivacyEvent[]) =>
      prvAccountant.compose({ relation: "zero-out", events }).epsilon(1e-6);
    expect(cost(Array.from({ length: 60 }, () => row(2)))).toEqual(cost([row(120)]));
  });

  it("two mechanisms of nearly equal noise cost what twice the one does", () => {
    const row = (noiseMultiplier: number, steps: number): PrivacyEvent => ({
      mechanism: "poisson-gaussian",
      ...{ samplingRate: 0.03, noiseMultiplier, steps },
    });
    const cost = (...events: readonly PrivacyEvent[]) =>
      prvAccountant.compose({ relation: "replace-one", events }).epsilon(1e-6).epsilon;
    const [apart, together] = [cost(row(1.1, 70), row(1.1 + 1e-9, 50)), cost(row(1.1, 120))];
    expect(Math.abs(apart / together - 1)).toBeLessThan(1e-6);
  });
});
