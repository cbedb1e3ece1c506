import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { methodRuns, methodScenes } from "../fixture/methods.ts";
import { sampleEpsilon } from "../../run/fixture/config.ts";
import { roundFigures } from "../../run/model/round-figures.ts";
import { settingsOf } from "../../run/model/settings.ts";
import { coloursFor, keptColours } from "./colours.ts";
import { differing, flattened, settingRows } from "./config-diff.ts";
import { costsToReach } from "./cost-to-reach.ts";
import { groupCurve, groupsOf, lastPoint } from "./groups.ts";
import type { ComparedRun } from "./groups.ts";
import { resultsOf, testText } from "./results.ts";
import { holm, meanOf, pairedTest, tCoverage, tQuantile } from "./student.ts";
import { searchOf, viewOf } from "./view.ts";

const runs = [...methodScenes().values()].map(({ run, rounds, evaluations }): ComparedRun => {
  const { seed, method } = settingsOf(run.config);
  const rows = roundFigures({ rounds, evaluations, epsilonAfter: sampleEpsilon });
  return {
    name: run.id,
    id: run.id,
    seed,
    method,
    config: run.config,
    configHash: run.configHash,
    rows,
    isSimulation: false,
  };
});
const groups = groupsOf(runs);

describe("Student's t", () => {
  // scipy 1.17.1: 2 * scipy.stats.t.cdf(t, df) - 1, and scipy.stats.t.ppf(0.975, df)
  test.each([
    [1, [0.06345103486110704, 0.5, 0.7577621168183133, 0.9470706478808202], 12.706204736174694],
    [
      2,
      [0.07053456158585991, 0.5773502691896257, 0.8703882797784892, 0.9931270663228415],
      4.302652729749462,
    ],
    [
      3,
      [0.07334765119919417, 0.6089977810442295, 0.9122933529919344, 0.9987549841992107],
      3.1824463052837078,
    ],
    [
      5,
      [0.07576985884533949, 0.6367825323508771, 0.9455099006577237, 0.9999291050748285],
      2.5705818356363146,
    ],
    [
      10,
      [0.07767928143559177, 0.6591068676979401, 0.9685531557633911, 0.9999997078591176],
      2.228138851986274,
    ],
    [
      29,
      [0.07896755551262613, 0.6744180119838064, 0.9816746556615739, 0.9999999999990938],
      2.045229642132703,
    ],
    [100, [0.07945546890414867, 0.6802758442158767, 0.9859542108759227, 1], 1.9839715185235518],
  ])("with %i degrees of freedom is scipy's", (degrees, coverages, quantile) => {
    [0.1, 1, 2.5, 12].forEach((t, at) => {
      expect(tCoverage(t, degrees)).toBeCloseTo(coverages[at] ?? NaN, 12);
    });
    expect(tQuantile(0.95, degrees)).toBeCloseTo(quantile, 9);
  });

  test("is the integral of its density", () => {
    for (const degrees of [1, 2, 3, 4, 7]) {
      const steps = 20_000;
      const density = (x: number): number => (1 + (x * x) / degrees) ** (-(degrees + 1) / 2);
      const sum = (limit: number): number => {
        let total = 0;
        for (let step = 0; step < steps; step += 1)
          total += density(((step + 0.5) / steps) * limit);
        return (total * limit) / steps;
      };
      // The whole of it on a scale that is finite: x = tan(u) covers the line.
      let whole = 0;
      for (let step = 0; step < steps; step += 1) {
        const u = ((step + 0.5) / steps) * (Math.PI / 2);
        whole += density(Math.tan(u)) / Math.cos(u) ** 2;
      }
      whole *= Math.PI / 2 / steps;
      expect(tCoverage(1.7, degrees)).toBeCloseTo(sum(1.7) / whole, 6);
    }
  });

  test("a quantile is the inverse of the coverage", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 0.999, noNaN: true }),
        fc.integer({ min: 1, max: 60 }),
        (p, degrees) => {
          expect(tCoverage(tQuantile(p, degrees), degrees)).toBeCloseTo(p, 9);
        },
      ),
    );
    expect(tCoverage(Infinity, 3)).toBe(1);
    expect(() => tCoverage(1, 0.5)).toThrow(RangeError);
  });

  test("a paired test is scipy's, and says what it cannot test", () => {
    // scipy.stats.ttest_1samp(values, 0).pvalue
    expect(pairedTest([1.7, 2.4, 0.9])?.p).toBeCloseTo(0.061436180277152704, 12);
    expect(pairedTest([-3.9, -4.4, -2.8, -3.1])?.p).toBeCloseTo(0.002332671181269299, 12);
    expect(pairedTest([2])).toEqual({ difference: 2, n: 1, p: null });
    expect(pairedTest([])).toBeNull();
    expect(pairedTest([1, 1])?.p).toBe(0);
    expect(pairedTest([0, 0])?.p).toBe(1);
  });

  test("a single value has no interval, three have scipy's", () => {
    expect(meanOf([0.5])).toEqual({ mean: 0.5, n: 1, standardError: null, halfWidth: null });
    const { mean, halfWidth } = meanOf([1, 2, 3]) ?? {};
    expect(mean).toBe(2);
    expect(halfWidth).toBeCloseTo(4.302652729749462 / Math.sqrt(3), 9);
  });

  test("Holm's correction keeps order, never lowers, and leaves out what was not tested", () => {
    expect(holm([0.01, null, 0.04, 0.03])).toEqual([0.03, null, 0.06, 0.06]);
    const p = fc.option(fc.double({ min: 0, max: 1, noNaN: true }));
    fc.assert(
      fc.property(fc.array(p, { maxLength: 8 }), (given) => {
        holm(given).forEach((corrected, at) => {
          expect(corrected === null).toBe(given[at] === null);
          expect(corrected ?? 1).toBeGreaterThanOrEqual(given[at] ?? 0);
          expect(corrected ?? 0).toBeLessThanOrEqual(1);
        });
      }),
    );
  });
});

describe("groups", () => {
  test("are runs that differ in nothing but their seed, named by what their names share", () => {
    expect(groups.map(({ label, runs: members }) => [label, members.length])).toEqual([
      ["fedsa-lora", 3],
      ["fedsvd", 3],
      ["ffa-lora", 3],
      ["fedavg", 3],
    ]);
  });

  test("the same seed twice is no repetition", () => {
    const [first] = runs;
    const twice = groupsOf([first!, { ...first!, id: "again" }]);
    expect(twice.map(({ label }) => label)).toEqual(["fedsa-lora-s1", "again"]);
  });

  test("a curve has the mean of its runs and their interval", () => {
    const curve = groupCurve(groups[0]!, "accuracy", "rounds");
    const last = lastPoint(curve);
    const own = groups[0]!.runs.map(({ rows }) => rows.at(-1)?.evaluation?.["accuracyMean"] ?? NaN);
    expect(last?.y).toEqual(meanOf(own));
    expect(curve.map(({ round }) => round)).toEqual(Array.from({ length: 41 }, (_, at) => at));
    const bytes = groupCurve(groups[0]!, "accuracy", "bytes");
    expect(bytes.at(-1)?.x).toBe(40 * 147_552);
  });
});

describe("cost to reach", () => {
  test("is that of the round in which the mean first reaches the target", () => {
    const [fedsa, , , fedavg] = costsToReach(groups, { metric: "accuracy", value: 0.8 });
    const curve = groupCurve(groups[0]!, "accuracy", "rounds");
    const before = curve.filter(({ round }) => round < (fedsa?.round ?? 0));
    expect(before.every(({ y }) => (y?.mean ?? 0) < 0.8)).toBe(true);
    expect(fedsa?.costs.bytes).toBe((fedsa?.round ?? 0) * 147_552);
    expect(fedsa?.costs.epsilon).toBeCloseTo(sampleEpsilon(fedsa?.round ?? 0), 12);
    expect(fedavg).toMatchObject({ round: null, rounds: 40 });
    expect(Object.values(fedavg?.costs ?? {})).toEqual([null, null, null, null]);
  });

  test("of a loss is reached from above", () => {
    const [cost] = costsToReach(groups, { metric: "loss", value: 1 });
    expect(cost?.round).toBeGreaterThan(0);
    expect(costsToReach(groups, { metric: "loss", value: 99 })[0]?.round).toBe(0);
  });
});

describe("results", () => {
  const results = resultsOf(groups, "accuracy");

  test("stand against the first, on shared seeds, corrected", () => {
    expect(results[0]).toMatchObject({ against: null, p: null, bytes: 40 * 147_552 });
    expect(results[3]?.against?.difference).toBeLessThan(-0.05);
    expect(results[3]?.against?.n).toBe(3);
    for (const { against, p } of results.slice(1))
      expect(p ?? 0).toBeGreaterThanOrEqual(against?.p ?? 1);
    expect(testText(results)).toBe(
      "p: paired t-test on 3 shared seeds, two-sided, Holm-corrected for 3 comparisons. Three seeds show large differences only.",
    );
  });

  test("without repetitions say that there is no test", () => {
    const single = resultsOf(groupsOf([runs[0]!, runs[3]!]), "accuracy");
    expect(single[1]).toMatchObject({ against: { n: 1, p: null }, p: null });
    expect(testText(single)).toMatch(/^No test/);
  });
});

describe("settings that differ", () => {
  test("are those of the four methods, the odd one out known", () => {
    const rows = differing(settingRows(groups.map(({ runs: members }) => members[0]!.config)));
    expect(rows.map(({ path }) => path)).toEqual([
      ...["adapter.loraAlpha", "head", "method.name", "training.learningRate", "method.period"],
    ]);
    const alpha = rows[0]!;
    expect(alpha.values).toEqual(["16", "16", "32", "16"]);
    expect(alpha.isOdd).toEqual([false, false, true, false]);
    expect(rows[4]?.values).toEqual([null, "10", null, null]);
  });

  test("a config compared with itself differs in nothing, whatever it is", () => {
    const config = fc.dictionary(fc.string(), fc.jsonValue());
    fc.assert(
      fc.property(config, (given) => {
        expect(differing(settingRows([given, given]))).toEqual([]);
        expect(flattened(given).size).toBe(new Set(flattened(given).keys()).size);
      }),
    );
  });
});

describe("the view in the address", () => {
  test("is read back from what was written", () => {
    const view = fc.record({
      runs: fc.uniqueArray(fc.stringMatching(/^[\w-]{1,20}$/), { maxLength: 6 }),
      metric: fc.constantFrom("accuracy", "loss", "macroF1"),
      axis: fc.constantFrom("rounds", "bytes", "epsilon", "time"),
      target: fc.integer({ min: 1, max: 99 }).map((value) => value / 100),
      isAll: fc.boolean(),
    });
    fc.assert(
      fc.property(view, (given) => {
        const read = viewOf(searchOf(given));
        expect({ ...read, target: 0 }).toEqual({ ...given, target: 0 });
        expect(read.target).toBeCloseTo(given.target, 9);
      }),
    );
  });

  test("what is missing or broken is as on the first visit", () => {
    expect(viewOf("?x=nonsense&target=abc&runs=,a,,a")).toEqual({
      ...{ runs: ["a"], metric: "accuracy", axis: "rounds", target: 0.8, isAll: false },
    });
    expect(searchOf(viewOf(""))).toBe("");
    expect(viewOf(`?runs=${methodRuns.join(",")}&x=bytes&target=80`)).toMatchObject({
      axis: "bytes",
      target: 0.8,
    });
  });
});

describe("colours", () => {
  const letters = Array.from("abcdefghij");

  test("a known run keeps its own, others take what is free", () => {
    expect(coloursFor({ b: 0 }, ["a", "b", "c"])).toEqual({ a: 1, b: 0, c: 2 });
    expect(coloursFor({ a: 2, b: 2 }, ["a", "b"])).toEqual({ a: 2, b: 0 });
    expect(keptColours({ b: 2 }, { a: 1, b: 0 })).toEqual({ b: 2, a: 1 });
  });

  test("no two of the first eight are alike, whatever was known", () => {
    const known = fc.dictionary(fc.constantFrom(...letters), fc.nat(9));
    fc.assert(
      fc.property(
        known,
        fc.uniqueArray(fc.constantFrom(...letters), { maxLength: 8 }),
        (before, page) => {
          const given = coloursFor(before, page);
          expect(new Set(Object.values(given)).size).toBe(page.length);
        },
      ),
    );
  });
});
