import { methods } from "@fedtune/aggregators";
import { adapterKinds } from "@fedtune/core";
import { privacyRules } from "@fedtune/dp";
import { describe, expect, it } from "vitest";
import { reportRows } from "./report.ts";
import { simulate } from "./simulate.ts";
import { config, options } from "./test-support/toy-run.ts";

const registries = { methods, kinds: adapterKinds, privacy: privacyRules };

/** The toy, protected as a cohort of four is, or as one of `noiseCohort`; nobody trains. */
const play = (noiseCohort: number | null, privacy: object = {}, numRounds = 1) =>
  simulate(
    {
      ...config,
      ...{ training: { learningRate: 1e-12 }, evaluation: { everyRounds: 0 } },
      rounds: { ...config.rounds, numRounds, weightedBy: "uniform" },
      privacy: {
        ...{ mode: "user-level", expectedCohort: 4, noise: "seeded", noiseMultiplier: 1 },
        ...{ clipNorm: 10, ...privacy },
      },
    },
    options({ registries, noiseCohort }),
  );

const start = async () => {
  const { adapter } = await play(1e9);
  return adapter;
};

describe("noise of a larger cohort", () => {
  it.each(["gaussian", "tree"])("%s: the same noise, n / N of it", async (mechanism) => {
    const privacy = mechanism === "tree" ? { mechanism, relation: "zero-out" } : {};
    const [own, tenfold, origin] = [
      await play(null, privacy),
      await play(40, privacy),
      await start(),
    ];
    own.adapter.forEach((value, i) => {
      const noise = value - origin[i]!;
      expect(tenfold.adapter[i]! - origin[i]!).toBeCloseTo(noise / 10, 4);
    });
  });

  it("[SI17] costs what the larger cohort's run costs, and every row and the result say so", async () => {
    const [own, tenfold] = [await play(null, {}, 3), await play(40, {}, 3)];
    const events = (result: typeof own) =>
      result.history.rounds.map(({ privacy }) => privacy?.events);
    expect(events(tenfold)).toEqual(events(own));
    const epsilons = ({ history, resolved }: typeof own) =>
      reportRows(history, resolved.config).map(({ epsilon }) => epsilon);
    expect(epsilons(tenfold)).toEqual(epsilons(own));
    for (const { privacy } of tenfold.history.rounds)
      expect(privacy?.metrics).toMatchObject({ noiseCohort: 40, noiseMultiplier: 0.1 });
    expect([own.noiseCohort, tenfold.noiseCohort]).toEqual([null, 40]);
  });

  it.each([
    [3, {}, /at least privacy.expectedCohort \(4\)/],
    [40, { noiseBy: "clients", noiseShares: 2 }, /noiseBy coordinator/],
    [
      40,
      {
        noiseMultiplier: 0.3,
        adaptiveClipping: { targetClippedQuantile: 0.5, clipNormLr: 0.2 },
      },
      /adaptiveClipping/,
    ],
  ])("a cohort of %s with %j is refused", async (noiseCohort, privacy, wanted) => {
    await expect(play(noiseCohort, privacy)).rejects.toThrow(wanted);
  });

  it("is refused where whole clients are not protected", async () => {
    await expect(simulate(config, options({ noiseCohort: 40 }))).rejects.toThrow(/mode user-level/);
  });
});
