import { runId } from "@fedtune/core";
import type { MessageOf } from "@fedtune/core";
import { accountants, ledgerText, newLedger, privacySettings, reserve } from "@fedtune/dp";
import type { PrivacyEvent, RecordLevelPrivacy } from "@fedtune/dp";
import { nodeHash as hash } from "@fedtune/node-ports";
import { describe, expect, it } from "vitest";
import type { Invitation } from "../invitation.ts";
import { ledgerKeyOf, privacyStanding } from "./standing.ts";
import type { PrivateTerms } from "./standing.ts";
import { termsOfInvitation, termsOfRun } from "./terms.ts";

const settings = privacySettings({
  ...{ mode: "record-level", noiseMultiplier: 1.1, samplingRate: 0.05, accountant: "rdp" },
}) as RecordLevelPrivacy;
const perRound: readonly PrivacyEvent[] = [
  { mechanism: "poisson-gaussian", samplingRate: 0.05, noiseMultiplier: 1.1, steps: 20 },
];
const terms: PrivateTerms = {
  ...{ run: runId("here"), settings, perRound, rounds: 10, parameters: { order: 7 } },
};
const key = ledgerKeyOf("d".repeat(64), settings);
const epsilon = (steps: number): number =>
  accountants.rdp
    .compose({
      relation: settings.relation,
      events: perRound.map((event) => ({ ...event, steps })),
    })
    .epsilon(settings.delta).upper;

/** A ledger's text with so many rounds of runs. */
function charged(rounds: Readonly<Record<string, number>>): string {
  const limit = { budget: { epsilon: Infinity, delta: settings.delta }, epsilon: () => 0 };
  const ports = { hash, time: "2026-11-20T14:00:00.000Z", limit };
  let ledger = newLedger(key, hash);
  for (const [run, count] of Object.entries(rounds)) {
    for (let round = 1; round <= count; round++) {
      const found = reserve(ledger, { run, round, attempt: 1, events: perRound }, ports);
      if (found.kind === "refused") throw new Error("refused");
      ({ ledger } = found);
    }
  }
  return ledgerText(ledger, hash);
}

describe("the privacy record of a file", () => {
  it("[CL12] is empty before anything was charged: the run's plan alone is projected", () => {
    const standing = privacyStanding(terms, { budgetEpsilon: 8, ledger: null, hash });
    expect(standing).toMatchObject({
      ...{ delta: 1e-5, budget: 8, spent: 0, spentElsewhere: 0, spentHere: 0 },
      ...{ plannedHere: epsilon(200), projected: epsilon(200), roundsLeft: null },
      isExhausted: false,
    });
  });

  it("[CL12] counts what the guard has charged, here and elsewhere, by its own arithmetic", () => {
    const ledger = charged({ here: 3, elsewhere: 4 });
    const standing = privacyStanding(terms, { budgetEpsilon: 8, ledger, hash });
    expect(standing).toMatchObject({
      ...{ spentHere: epsilon(60), spentElsewhere: epsilon(80), spent: epsilon(140) },
      ...{ plannedHere: epsilon(200), projected: epsilon(280) },
    });
  });

  it("[CL12] says how many rounds the budget allows: the last that the guard would take", () => {
    const budgetEpsilon = epsilon(7 * 20) + 1e-9;
    const all = privacyStanding(terms, { budgetEpsilon, ledger: null, hash });
    expect([all.roundsLeft, all.isExhausted]).toEqual([7, false]);
  });

  it("[CL12] counts down, and says when nothing is left", () => {
    const budgetEpsilon = epsilon(7 * 20) + 1e-9;
    const left = (here: number) =>
      privacyStanding(terms, { budgetEpsilon, ledger: charged({ here }), hash });
    expect(left(3).roundsLeft).toBe(4);
    expect(left(7)).toMatchObject({ roundsLeft: 0, isExhausted: true });
    const full = charged({ elsewhere: 7 });
    expect(privacyStanding(terms, { budgetEpsilon, ledger: full, hash }).isExhausted).toBe(true);
  });

  it("holds the smaller of the holder's and the run's own budget", () => {
    const own = { ...terms, settings: { ...settings, budget: { epsilon: 0.5 } } };
    const standing = privacyStanding(own, { budgetEpsilon: 8, ledger: null, hash });
    expect(standing.budget).toBe(0.5);
    const none = privacyStanding(terms, { budgetEpsilon: null, ledger: null, hash });
    expect([none.budget, none.roundsLeft]).toEqual([null, null]);
  });

  it("[DP14] [DP18] says the exact guarantee, and refuses a record that was tampered with", () => {
    const standing = privacyStanding(terms, { budgetEpsilon: 8, ledger: null, hash });
    expect(standing.guarantee).toMatch(
      /^Differential privacy: record-level, epsilon 0 spent, [\d.]+ when the run is complete, at delta 0\.00001\n/,
    );
    expect(standing.guarantee).toContain("multiplier 1.1, clip norm 1, added by the clients");
    expect(standing.guarantee).toContain("accountant: rdp, order 7");
    const text = charged({ here: 1 }).replace('"steps":20', '"steps":2');
    const read = () => privacyStanding(terms, { budgetEpsilon: 8, ledger: text, hash });
    expect(read).toThrow(expect.objectContaining({ code: "state-corrupt" }));
  });
});

describe("a run's terms", () => {
  const privacy = {
    ...{ mode: "record-level", epsilon: 3, delta: 1e-5, noiseMultiplier: 1.1, clipNorm: 1 },
    ...{ accountant: "rdp", relation: "add-or-remove-one", samplingRate: 0.05, steps: 200 },
    ...{ isSeeded: false, accountantParameters: { order: 7 } },
  };
  const rounds = { total: 10, committed: 0 };

  const here = { run: "here", privacy, rounds } as unknown as Invitation;

  it("are the same from the invitation and from the welcome", () => {
    const invited = termsOfInvitation(here);
    const training = { localEpochs: 1, maxSteps: null, batchSize: 16, maxGradNorm: null };
    const spec = { privacy: settings, training } as unknown as MessageOf<"welcome">["spec"];
    const welcomed = termsOfRun(here, spec);
    expect(invited).toEqual(terms);
    expect(welcomed).toEqual(terms);
  });

  it("are none where no examples are protected", () => {
    const none = { run: "here", privacy: { mode: "none" }, rounds } as Invitation;
    expect(termsOfInvitation(none)).toBeNull();
    const spec = { privacy: { mode: "none" } } as MessageOf<"welcome">["spec"];
    expect(termsOfRun(none, spec)).toBeNull();
  });
});
