import type { PrivateMean, UpdatePrivacy } from "@fedtune/core";
import { rngFromSeed, roundsSchema, trainingSchema } from "@fedtune/core";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { countingEntropy } from "./test-support/entropy.ts";
import { largestMove } from "./test-support/sensitivity.ts";
import { moments, varianceError } from "./test-support/statistics.ts";
import { userLevelPrivacy } from "./user-level.ts";
import { privacySchema } from "./privacy-settings.ts";

const settings = {
  mode: "user-level",
  expectedCohort: 10,
  noiseMultiplier: 1,
  clipNorm: 2,
  noise: "seeded",
};

const rounds = roundsSchema.parse({ numRounds: 9 });
const training = trainingSchema.parse({});
const configOf = (privacy: ReturnType<typeof privacySchema.parse>, seed = 1) => ({
  ...{ privacy, seed, rounds, training },
});

function portOf(overrides: Record<string, unknown> = {}, seed = 1): UpdatePrivacy {
  const privacy = privacySchema.parse({ ...settings, ...overrides });
  const port = userLevelPrivacy(configOf(privacy, seed), null);
  if (port === null) throw new Error("no port");
  return port;
}

const filled = (sum: PrivateMean, deltas: readonly Float32Array[]): PrivateMean => {
  for (const delta of deltas) sum.add(delta);
  return sum;
};

/** The release of round 1 over some updates. */
const released = (port: UpdatePrivacy, deltas: readonly Float32Array[], length = 6) =>
  filled(port.open({ round: 1, length, state: null }), deltas).finish();

const tiny = { noiseMultiplier: 1e-9, clipNorm: 1000 };

describe.each([{ hardened: false }, { hardened: true }])("$hardened", ({ hardened }) => {
  test("[DP23] one client more or less moves the sum by at most clipNorm, whatever it sends", () => {
    const values = fc.oneof(
      fc.float({ noNaN: false }),
      fc.constantFrom(0, 3e38, -3e38, Number.NaN, Infinity),
    );
    const delta = fc.array(values, { minLength: 6, maxLength: 6 }).map((x) => Float32Array.from(x));
    const port = portOf({ hardened });
    fc.assert(
      fc.property(fc.array(delta, { minLength: 1, maxLength: 5 }), (deltas) => {
        // Seeded noise is the same in both replays, so only the client's own part is left.
        const move = largestMove(deltas, (some) =>
          Float64Array.from(released(port, some).mean, (value) => value * 10),
        );
        expect(move).toBeLessThanOrEqual(2 * (1 + 1e-5));
      }),
      { numRuns: 100 },
    );
  });

  test.each([0.5, 3])(
    "[DP23] noise of %s times clipNorm lies on the sum, once, however many there are",
    (noiseMultiplier) => {
      const port = portOf({ hardened, noiseMultiplier });
      const length = 20_000;
      for (const clients of [0, 1, 7]) {
        const zeros = Array.from({ length: clients }, () => new Float32Array(length));
        const { mean } = released(port, zeros, length);
        const sum = Float64Array.from(mean, (value) => value * 10);
        expect(Math.abs(varianceError(sum, (2 * noiseMultiplier) ** 2))).toBeLessThan(4);
        expect(Math.abs(moments(sum).mean)).toBeLessThan(
          (4 * 2 * noiseMultiplier) / Math.sqrt(length),
        );
      }
    },
  );
});

test("[DP23] with hardly any noise and a wide clip norm it is the sum over the expected cohort", () => {
  const rng = rngFromSeed("updates");
  const deltas = Array.from({ length: 4 }, () =>
    Float32Array.from({ length: 6 }, () => rng.normal()),
  );
  const { mean } = released(portOf(tiny), deltas);
  mean.forEach((value, i) => {
    const sum = deltas.reduce((total, delta) => total + delta[i]!, 0);
    expect(value).toBeCloseTo(sum / 10, 3);
  });
});

test("[DP24] a round without updates releases noise like any other", () => {
  const { mean, metrics } = released(portOf(), []);
  expect(mean.some((value) => value !== 0)).toBe(true);
  expect(metrics).toEqual(released(portOf(), [new Float32Array(6)]).metrics);
});

test("[DP10] seeded noise comes again, in another round or run it is another", () => {
  const open = (port: UpdatePrivacy, round: number) =>
    port.open({ round, length: 6, state: null }).finish().mean;
  expect(open(portOf(), 1)).toEqual(open(portOf(), 1));
  expect(open(portOf(), 2)).not.toEqual(open(portOf(), 1));
  expect(open(portOf({}, 2), 1)).not.toEqual(open(portOf(), 1));
});

test("[DP10] [DP11] secure noise comes from the system, and every opening draws anew", () => {
  const privacy = privacySchema.parse({ ...settings, noise: "secure" });
  const entropy = countingEntropy();
  const port = userLevelPrivacy(configOf(privacy), entropy);
  const first = released(port!, []);
  expect(entropy.calls()).toBeGreaterThan(0);
  expect(released(port!, []).mean).not.toEqual(first.mean);
  expect(() => userLevelPrivacy(configOf(privacy), null)).toThrow(/privacy.noise secure/);
});

test("no other mode has anything to do here", () => {
  expect(userLevelPrivacy(configOf({ mode: "none" }), null)).toBeNull();
});

test("[DP31] a round says what it does to a client, and a tree what all rounds so far do", () => {
  const noiseMultiplier = 1;
  const eventsOf = (overrides: Record<string, unknown>, round: number) =>
    portOf(overrides).open({ round, length: 6, state: null }).finish().events;
  expect(eventsOf({}, 3)).toEqual([{ mechanism: "gaussian", noiseMultiplier, steps: 1 }]);
  expect(eventsOf({ noiseBy: "clients", noiseShares: 2 }, 3)).toEqual(eventsOf({}, 3));
  expect(eventsOf({ mechanism: "tree" }, 1)).toEqual([
    { mechanism: "tree-gaussian", noiseMultiplier, steps: 1, participations: 1 },
  ]);
});

test("an update of another length is a programming error", () => {
  for (const noiseBy of ["coordinator", "clients"]) {
    const sum = portOf({ noiseBy, noiseShares: null }).open({ round: 1, length: 6, state: null });
    expect(() => {
      sum.add(new Float32Array(5));
    }).toThrow(RangeError);
  }
});

test("[DP25] the clip norm goes to its quantile, through what each round leaves for the next", () => {
  const rng = rngFromSeed("norms");
  const norms = Array.from({ length: 100 }, () => 5 + rng.normal());
  const deltas = norms.map((norm) => Float32Array.of(norm, 0));
  for (const [clipNorm, hardened] of [
    [0.5, false],
    [50, true],
  ] as const) {
    const adaptiveClipping = { targetClippedQuantile: 0.5, clipNormLr: 0.2 };
    const port = portOf({ expectedCohort: 100, clipNorm, adaptiveClipping, hardened });
    let state: string | null = null;
    let metrics: Readonly<Record<string, number>> = {};
    for (let round = 1; round <= 80; round++) {
      const release = filled(port.open({ round, length: 2, state }), deltas).finish();
      ({ state, metrics } = release);
    }
    expect(metrics["clipNorm"]).toBeGreaterThan(4.3);
    expect(metrics["clipNorm"]).toBeLessThan(5.7);
    // The bits take their share, so the updates get a little more noise than asked for.
    expect(metrics["noiseMultiplier"]).toBeCloseTo(1 / Math.sqrt(1 - 1 / 100), 12);
  }
});

test("a state that is none is refused", () => {
  for (const state of ["", "{}", '{"clipNorm":-1,"cover":[]}', '{"clipNorm":1,"cover":["x"]}']) {
    const open = () => portOf().open({ round: 2, length: 1, state });
    expect(open).toThrow(expect.objectContaining({ code: "state-corrupt" }));
  }
});

test("[DP26] running sums have the noise of the nodes that cover them", () => {
  const length = 4000;
  const port = portOf({ mechanism: "tree", relation: "zero-out" });
  const running = new Float64Array(length);
  let state: string | null = null;
  for (let round = 1; round <= 12; round++) {
    const release = port.open({ round, length, state }).finish();
    state = release.state;
    release.mean.forEach((value, i) => (running[i]! += value * 10));
    const nodes = round.toString(2).replaceAll("0", "").length;
    expect(Math.abs(varianceError(running, nodes * 4))).toBeLessThan(4.5);
  }
});

test("[DP26] a tree without the nodes of the rounds before does not go on", () => {
  const port = portOf({ mechanism: "tree", relation: "zero-out" });
  expect(() => port.open({ round: 4, length: 1, state: null })).toThrow(/1|wanted 2/);
});
