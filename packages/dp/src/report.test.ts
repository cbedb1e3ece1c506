import { expect, test } from "vitest";
import { privacySchema } from "./privacy-settings.ts";
import { privacyReport, privacyReportText } from "./report.ts";
import type { Guarantee, ReportInput } from "./report.ts";
import { limit, step } from "./test-support/ledgers.ts";

const base: ReportInput = {
  settings: privacySchema.parse({
    mode: "record-level",
    samplingRate: 0.01,
    noiseMultiplier: 1.5,
    clipNorm: 0.5,
  }),
  sampling: { kind: "poisson", samplingRate: 0.01 },
  keystream: { secure: true },
  accountant: { name: "prv", parameters: { mesh: 1e-4 } },
  epsilon: limit(0).epsilon,
  spent: step(1),
  planned: step(3),
  units: 1000,
};

test("[DP18] the guarantee is stated in full", () => {
  expect(privacyReport(base)).toEqual({
    mode: "record-level",
    unit: "example",
    relation: "add-or-remove-one",
    sampling: { kind: "poisson", samplingRate: 0.01 },
    noiseBy: "clients",
    trusted: "nobody but the data holder's own device",
    released: ["every update, to the coordinator", "every intermediate global model"],
    clipNorm: 0.5,
    noiseMultiplier: 1.5,
    delta: 1e-5,
    accountant: { name: "prv", parameters: { mesh: 1e-4 } },
    epsilonSpent: 1,
    epsilonProjected: 3,
    noise: "secure",
    arithmetic: "float64, rounded to a grid",
    warnings: [],
  });
});

test("[DP18] as text, one fact per line", () => {
  expect(privacyReportText(privacyReport(base))).toBe(
    [
      "Differential privacy: record-level, epsilon 1 spent, 3 when the run is complete, at delta 0.00001",
      "  protected unit: one example, neighbours by add-or-remove-one",
      "  sampling: Poisson, each unit enters a step with probability 0.01",
      "  noise: multiplier 1.5, clip norm 0.5, added by the clients, secure generator, float64, rounded to a grid",
      "  trusted: nobody but the data holder's own device",
      "  released: every update, to the coordinator, every intermediate global model",
      "  accountant: prv, mesh 0.0001",
    ].join("\n"),
  );
});

test("user level: who is trusted depends on who adds the noise", () => {
  const reportOf = (noiseBy: string) =>
    privacyReport({
      ...base,
      settings: privacySchema.parse({
        mode: "user-level",
        expectedCohort: 10,
        targetEpsilon: 2,
        noiseBy,
      }),
      sampling: { kind: "none" },
    });
  const central = reportOf("coordinator");
  expect(central).toMatchObject({ unit: "user", released: ["every intermediate global model"] });
  expect((central as Guarantee).trusted).toContain("the coordinator");
  expect((reportOf("clients") as Guarantee).trusted).toContain("enough clients");
  expect(privacyReportText(central)).toContain("sampling: none, every unit may enter every step");
  expect(privacyReportText(central)).toContain("found for the target epsilon");
});

test("[DP11] what a reader must know comes as a warning", () => {
  const { settings } = base;
  const report = privacyReport({
    ...base,
    settings: { ...settings, metrics: "release" } as typeof settings,
    keystream: { secure: false },
    units: 100_000,
  }) as Guarantee;
  expect(report.noise).toBe("seeded");
  expect(report.warnings).toEqual([
    "the noise came from a seed: whoever knows it removes the noise",
    "metrics are released as they are; no epsilon covers them",
    "delta 0.00001 is not below 1 / 100000 units: it allows one unit's data to be published",
  ]);
  expect(report.released).toContain("metrics");
  expect(privacyReportText(report)).toContain("warning: the noise came from a seed");
});

test("before anything is spent epsilon is 0 and the accountant is not asked", () => {
  const epsilon = () => {
    throw new Error("wanted no call");
  };
  const report = privacyReport({ ...base, epsilon, spent: [], planned: [] });
  expect(report).toMatchObject({ epsilonSpent: 0, epsilonProjected: 0 });
});

test("a run without privacy says so", () => {
  const report = privacyReport({ ...base, settings: { mode: "none" } });
  expect(report).toEqual({ mode: "none" });
  expect(privacyReportText(report)).toMatch(/^Differential privacy: none/);
});

test("an epsilon is never printed smaller than it is", () => {
  for (const [value, text] of [
    [1.23401, "1.235"],
    [6.46, "6.46"],
    [0.19941, "0.1995"],
    [1234.5, "1235"],
    [Infinity, "unbounded"],
    [0, "0"],
  ] as const) {
    const report = privacyReport({ ...base, epsilon: () => value });
    expect(privacyReportText(report)).toContain(`epsilon ${text} spent`);
  }
});
