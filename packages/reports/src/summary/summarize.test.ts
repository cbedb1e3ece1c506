import type { CellResult, ExperimentResult } from "@fedtune/simulation";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sampleResult } from "../test-support/sample.ts";
import { firstAtTarget, measuredIn, spentAfter, standsFor } from "./cell-rows.ts";
import { metricCurve } from "./curve.ts";
import { summarize, type Summary } from "./summarize.ts";

const summaryOf = (...results: readonly ExperimentResult[]): Summary =>
  summarize(results.map((result) => ({ label: result.experiment.name, result })));

/** The result with its cells changed. */
const withCells = (
  result: ExperimentResult,
  change: (cell: CellResult, index: number) => CellResult,
): ExperimentResult => ({ ...result, cells: result.cells.map(change) });

/** The result with other answers to what its report asks. */
const asking = (
  result: ExperimentResult,
  report: Partial<ExperimentResult["experiment"]["report"]>,
): ExperimentResult => ({
  ...result,
  experiment: { ...result.experiment, report: { ...result.experiment.report, ...report } },
});

describe("groups", () => {
  it("are cells that differ in their seed only, in the order of the experiment", () => {
    const { panels, values, compared } = summaryOf(sampleResult());
    expect(compared).toBe("method.name");
    expect(values).toEqual(["fedavg", "ffa-lora", "fedsvd", "fedsa-lora"]);
    expect(panels.map(({ label }) => label)).toEqual(["privacy.epsilon 3", "privacy.epsilon 6"]);
    for (const { groups } of panels) {
      expect(groups.map(({ cells }) => cells.map(({ seed }) => seed))).toEqual(
        values.map(() => [1, 2, 3]),
      );
    }
  });

  it("compare what the report names", () => {
    const { panels, values } = summaryOf(asking(sampleResult(), { compare: "privacy.epsilon" }));
    expect(values).toEqual(["epsilon 3", "epsilon 6"]);
    expect(panels.map(({ label }) => label)[3]).toBe("method.name fedsa-lora");
  });

  it("of several experiments are apart by the experiment", () => {
    const both = summaryOf(sampleResult(), sampleResult({ name: "second", epsilons: [1] }));
    expect(both.panels.map(({ label }) => label)).toEqual([
      "experiment methods-under-privacy, privacy.epsilon 3",
      "experiment methods-under-privacy, privacy.epsilon 6",
      "experiment second, privacy.epsilon 1",
    ]);
  });

  it("of experiments without a grid are the experiments themselves", () => {
    const alone = (name: string): ExperimentResult => {
      const result = sampleResult({ name, epsilons: [3], methods: 1 });
      return { ...result, experiment: { ...result.experiment, grid: {} } };
    };
    const { values, panels, compared } = summaryOf(alone("first"), alone("second"));
    expect([compared, values, panels.length]).toEqual(["experiment", ["first", "second"], 1]);
    expect(panels[0]!.pairs[0]!.tests).toMatchObject({ t: 1, sign: 1, wilcoxon: 1 });
  });

  it("of different metrics are refused", () => {
    const other = asking(sampleResult({ name: "other" }), { metric: "loss", better: "lower" });
    expect(() => summaryOf(sampleResult(), other)).toThrow(
      expect.objectContaining({ code: "config-conflict" }),
    );
  });
});

describe("means and tests", () => {
  it("[SI15] leave failed cells out and count them", () => {
    const { panels, failed } = summaryOf(sampleResult({ failed: 1 }));
    const outcome = panels[0]!.groups[0]!.outcome;
    expect(outcome).toMatchObject({ completed: 2, failed: 1, withoutValue: 0 });
    expect(outcome.value!.n).toBe(2);
    expect(failed).toHaveLength(1);
    expect(failed[0]!.cell.failure!.code).toBe("not-enough-clients");
    expect(panels[0]!.pairs[0]!.n).toBe(2);
  });

  it("leave values out that are not finite, and count them", () => {
    const result = withCells(sampleResult(), (cell, index) =>
      index > 0
        ? cell
        : { ...cell, rows: cell.rows.map((row) => ({ ...row, evaluation: { accuracy: NaN } })) },
    );
    expect(summaryOf(result).panels[0]!.groups[0]!.outcome).toMatchObject({
      completed: 3,
      withoutValue: 1,
    });
  });

  it("[SI15] of one seed have no interval and no test", () => {
    const { panels } = summaryOf(sampleResult({ seeds: [4] }));
    const [panel] = panels;
    expect(panel!.groups[0]!.outcome.value).toMatchObject({ n: 1, halfWidth: null });
    expect(panel!.pairs.every(({ corrected }) => corrected === null)).toBe(true);
    expect(panel!.best).toBeNull();
  });

  it("[SI15] name a best value only where its tests hold after correction", () => {
    const few = summaryOf(sampleResult());
    expect(few.panels.map(({ best }) => best)).toEqual([null, null]);
    const many = summaryOf(sampleResult({ seeds: Array.from({ length: 12 }, (_, i) => i) }));
    expect(many.panels.map(({ best }) => best)).toEqual(["fedsa-lora", "fedsa-lora"]);
    const lower = many.panels[0]!.pairs.filter(({ first }) => first === "fedsa-lora");
    expect(lower.every(({ corrected }) => corrected! < 0.05)).toBe(true);
  });

  it("take the lower value for the better one where the report says so", () => {
    const seeds = Array.from({ length: 12 }, (_, i) => i);
    const result = asking(sampleResult({ seeds }), {
      metric: "loss",
      better: "lower",
      targets: [1],
    });
    const { panels } = summaryOf(result);
    expect(panels[0]!.best).toBe("fedsa-lora");
    expect(panels[0]!.pairs[0]!.tests!.difference.mean).toBeLessThan(0);
    expect(panels[0]!.groups[3]!.outcome.targets[0]!.notReached).toBe(0);
  });

  it("do not depend on the order of cells within a group", () => {
    const result = sampleResult();
    const order = fc.shuffledSubarray([...result.cells.keys()], { minLength: 24, maxLength: 24 });
    const pick = ({ panels }: Summary) =>
      panels.flatMap(({ groups }) =>
        groups.map(({ value, outcome }) => [value, outcome.value!.mean.toFixed(12)].join()),
      );
    const wanted = new Set(pick(summaryOf(result)));
    fc.assert(
      fc.property(order, (places) => {
        const cells = places.map((at) => result.cells[at]!);
        expect(new Set(pick(summaryOf({ ...result, cells })))).toEqual(wanted);
      }),
      { numRuns: 10 },
    );
  });
});

describe("what a cell spent", () => {
  const cell = sampleResult().cells[0]!;

  it("is the sum of its rounds", () => {
    const spent = spentAfter(cell);
    const sum = cell.rows.reduce((all, { bytesUp }) => all + bytesUp, 0);
    expect(spent.at(-1)!.bytesUp).toBe(sum);
    expect(spent[0]).toMatchObject({ round: 0, bytesUp: 0, seconds: 0 });
  });

  it("until a target is of the first evaluation that is as good, equal ones included", () => {
    const measured = measuredIn(cell, "accuracy");
    const target = measured[7]!.value;
    const first = measured.find(({ value }) => value >= target)!;
    expect(firstAtTarget(measured, { target, better: "higher" })).toBe(first);
    expect(firstAtTarget(measured, { target: 2, better: "higher" })).toBeNull();
  });

  it("at its best is the first of the best rounds", () => {
    const measured = measuredIn(cell, "accuracy");
    const best = standsFor(measured, { at: "best", better: "higher" })!;
    expect(best.value).toBe(Math.max(...measured.map(({ value }) => value)));
    expect(standsFor(measured, { at: "last", better: "higher" })).toBe(measured.at(-1));
    expect(standsFor([], { at: "last", better: "higher" })).toBeNull();
  });
});

describe("curves", () => {
  it("of seeds that end at different rounds are means of those that are there", () => {
    const cells = sampleResult()
      .cells.slice(0, 3)
      .map((cell, at) => ({ ...cell, rows: cell.rows.slice(0, 41 - 10 * at) }));
    const curve = metricCurve(cells, "accuracy");
    expect(curve.map(({ value }) => value.n)).toEqual([
      ...Array<number>(21).fill(3),
      ...Array<number>(10).fill(2),
      ...Array<number>(10).fill(1),
    ]);
    expect(curve.at(-1)!.value.halfWidth).toBeNull();
  });
});
