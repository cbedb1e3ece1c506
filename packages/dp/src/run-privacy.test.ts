import type { Method, RunConfig } from "@fedtune/core";
import { expect, test } from "vitest";
import { accountants } from "./accountants/registry.ts";
import { privacyReportText } from "./report.ts";
import type { Guarantee } from "./report.ts";
import { epsilonAfter, privacyRules } from "./run-privacy.ts";
import { privacySchema } from "./privacy-settings.ts";
import { runGuarantee } from "./run-report.ts";

const rounds = {
  numRounds: 10,
  sampling: "fixed",
  fractionFit: 0.1,
  minFitClients: 3,
  minAvailableClients: 5,
  overSelection: 1,
  weightedBy: "uniform",
};
const user = { mode: "user-level", expectedCohort: 10, noiseMultiplier: 2 };

/** As much of a run as the rules look at. */
function configOf(privacy: Record<string, unknown>, over: Record<string, unknown> = {}): RunConfig {
  const { rounds: given = {}, ...rest } = over;
  return {
    rounds: { ...rounds, ...(given as object) },
    adapter: { clientRanks: null },
    evaluation: { where: "central", everyRounds: 1 },
    training: { maxGradNorm: null, batchSize: 8, localEpochs: 1, maxSteps: null },
    participants: null,
    privacy: privacySchema.parse({ ...user, ...privacy }),
    ...rest,
  } as unknown as RunConfig;
}

const method = { name: "m", claims: { meanOnly: true } } as unknown as Method;
const fieldsOf = (...run: Parameters<typeof configOf>) =>
  privacyRules.issues(configOf(...run), method).map(({ field }) => field);

test("[DP19] a user-level run is refused where its guarantee would not hold", () => {
  expect(fieldsOf({})).toEqual([]);
  expect(fieldsOf({}, { adapter: { clientRanks: [2, 2] } })).toEqual([]);
  expect(fieldsOf({}, { adapter: { clientRanks: [2, 4] } })).toEqual(["adapter.clientRanks"]);
  expect(fieldsOf({}, { rounds: { overSelection: 1.2 } })).toEqual(["rounds.overSelection"]);
  expect(fieldsOf({}, { rounds: { weightedBy: "examples" } })).toEqual(["rounds.weightedBy"]);
  const poisson = { rounds: { sampling: "poisson" } };
  expect(fieldsOf({}, poisson)).toEqual([]);
  expect(fieldsOf({ noiseBy: "clients" }, poisson)).toEqual(["rounds.sampling"]);
  expect(fieldsOf({ noiseBy: "clients", noiseShares: 3 })).toEqual([]);
  expect(fieldsOf({ noiseBy: "clients", noiseShares: 4 })).toEqual(["privacy.noiseShares"]);
  expect(fieldsOf({ hardened: true, noiseMultiplier: 61 })).toEqual(["privacy.noiseMultiplier"]);
  const replacing = { relation: "replace-one", accountant: "rdp" };
  expect(fieldsOf(replacing)).toEqual([]);
  expect(fieldsOf(replacing, poisson)).toEqual(["privacy.accountant"]);
  const all = { claims: { meanOnly: false }, name: "m" } as unknown as Method;
  expect(privacyRules.issues(configOf({}), all).map(({ field }) => field)).toEqual(["method.name"]);
});

test("[DP19] a run that costs more than its budget is refused with what it costs", () => {
  const epsilon = epsilonAfter(configOf({}), 10)!;
  expect(fieldsOf({ budget: { epsilon: epsilon * 1.001 } })).toEqual([]);
  expect(fieldsOf({ budget: { epsilon: epsilon * 0.999 } })).toEqual(["privacy.budget.epsilon"]);
});

test("what is left open is resolved: noise from the target, shares from the quorum", () => {
  const target = privacyRules.resolve(configOf({ noiseMultiplier: null, targetEpsilon: 3 }));
  const noise = target["noiseMultiplier"] as number;
  expect(epsilonAfter(configOf({ noiseMultiplier: noise }), 10)).toBeLessThanOrEqual(3);
  expect(epsilonAfter(configOf({ noiseMultiplier: noise * 0.999 }), 10)).toBeGreaterThan(3);
  expect(target["noiseShares"]).toBeNull();
  expect(privacyRules.resolve(configOf({ noiseBy: "clients" }))["noiseShares"]).toBe(3);
  for (const noiseBy of ["coordinator", "clients"]) {
    const open = configOf({ noiseBy, noiseMultiplier: null, targetEpsilon: 3 });
    const closed = { ...open, privacy: privacyRules.resolve(open) };
    expect(privacyRules.issues(closed, method)).toEqual([]);
    expect(privacyRules.resolve(closed)).toEqual(closed.privacy);
  }
});

test("[DP28] epsilon so far is that of every round's mechanism, for a unit that was always there", () => {
  const costOf = (
    relation: "add-or-remove-one" | "zero-out",
    event: object,
    name: "prv" | "tree",
  ) => accountants[name].compose({ relation, events: [event as never] }).epsilon(1e-5).upper;
  const noiseMultiplier = 2;
  expect(epsilonAfter(configOf({}), 0)).toBe(0);
  expect(epsilonAfter(configOf({}), 4)).toBe(
    costOf("add-or-remove-one", { mechanism: "gaussian", noiseMultiplier, steps: 4 }, "prv"),
  );
  const poisson = { rounds: { sampling: "poisson" } };
  const sampled = { mechanism: "poisson-gaussian", samplingRate: 0.1, noiseMultiplier, steps: 4 };
  expect(epsilonAfter(configOf({}, poisson), 4)).toBe(costOf("add-or-remove-one", sampled, "prv"));
  const tree = { mechanism: "tree", relation: "zero-out" };
  const nodes = { mechanism: "tree-gaussian", noiseMultiplier, steps: 4, participations: 4 };
  expect(epsilonAfter(configOf(tree), 4)).toBe(costOf("zero-out", nodes, "tree"));
  expect(epsilonAfter({ ...configOf({}), privacy: { mode: "none" } }, 4)).toBeNull();
});

test("[DP18] the guarantee of a run, from its config", () => {
  const config = configOf({}, { rounds: { sampling: "poisson" }, participants: ["a", "b"] });
  const report = runGuarantee(config, 4) as Guarantee;
  expect(report).toMatchObject({
    mode: "user-level",
    sampling: { kind: "poisson", samplingRate: 0.1 },
    accountant: { name: "prv" },
    epsilonSpent: epsilonAfter(config, 4),
    epsilonProjected: epsilonAfter(config, 10),
  });
  expect(report.warnings).toEqual([expect.stringContaining("who took part")]);
  expect(privacyReportText(report)).toContain("one user");
  const tree = runGuarantee(configOf({ mechanism: "tree", relation: "zero-out" }), 10) as Guarantee;
  expect(tree.epsilonProjected).toBe(tree.epsilonSpent);
  expect(tree.accountant.name).toBe("tree");
  expect(runGuarantee({ ...config, privacy: { mode: "none" } }, 4)).toEqual({ mode: "none" });
});
