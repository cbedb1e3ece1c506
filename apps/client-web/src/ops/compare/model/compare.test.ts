import { meanOf } from "@fedtune/figures";
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
    expect(results[3]?.against?.difference.mean).toBeLessThan(-0.05);
    expect(results[3]?.against?.difference.n).toBe(3);
    for (const { against, p } of results.slice(1))
      expect(p ?? 0).toBeGreaterThanOrEqual(against?.t ?? 1);
    expect(testText(results)).toBe(
      "p: paired t-test on 3 shared seeds, two-sided, Holm-corrected for 3 comparisons. Three seeds show large differences only.",
    );
  });

  test("without repetitions say that there is no test", () => {
    const single = resultsOf(groupsOf([runs[0]!, runs[3]!]), "accuracy");
    expect(single[1]).toMatchObject({ against: { difference: { n: 1 }, t: null }, p: null });
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
