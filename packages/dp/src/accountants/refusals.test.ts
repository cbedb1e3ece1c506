import { isFedtuneError } from "@fedtune/core";
import { describe, expect, it } from "vitest";
import { parseEvents } from "../events.ts";
import type { NeighbouringRelation, PrivacyEvent } from "../events.ts";
import type { AccountantName } from "./accountant.ts";
import { createRdpAccountant } from "./rdp.ts";
import { accountants } from "./registry.ts";

const noise = { noiseMultiplier: 1.5, steps: 10 } as const;
const poisson: PrivacyEvent = { mechanism: "poisson-gaussian", samplingRate: 0.1, ...noise };
const fixed: PrivacyEvent = {
  ...{ mechanism: "fixed-size-gaussian", sampleSize: 5, populationSize: 50 },
  ...noise,
};
const tree: PrivacyEvent = { mechanism: "tree-gaussian", participations: 1, ...noise };

type Case = readonly [AccountantName, NeighbouringRelation, PrivacyEvent, string];
const refused: readonly Case[] = [
  ["rdp", "replace-one", poisson, "wanted the accountant prv"],
  ["prv", "replace-one", fixed, "wanted the accountant rdp"],
  ["rdp", "add-or-remove-one", fixed, "wanted the relation replace-one"],
  ["gaussian", "zero-out", poisson, "wanted the accountant rdp or prv"],
  ["rdp", "add-or-remove-one", tree, "wanted the relation zero-out or replace-one"],
  ["tree", "zero-out", poisson, "wanted the accountant rdp or prv"],
];

describe("an accountant without the theory for an event", () => {
  it.each(refused)(
    "[DP7] %s under %s refuses and says who can",
    (name, relation, event, wanted) => {
      const accountant = accountants[name];
      expect(accountant.supports(event, relation)).toBe(false);
      let refusal: unknown;
      try {
        accountant.compose({ relation, events: [event] });
      } catch (error) {
        refusal = error;
      }
      expect(isFedtuneError(refusal, "config-conflict")).toBe(true);
      const { message } = refusal as Error;
      for (const part of [name, relation, event.mechanism, wanted]) expect(message).toContain(part);
    },
  );

  it("[DP7] says how a mechanism samples", () => {
    const compose = (name: AccountantName, event: PrivacyEvent) => () =>
      accountants[name].compose({ relation: "replace-one", events: [event] });
    expect(compose("rdp", poisson)).toThrow("Poisson sampling at rate 0.1");
    expect(compose("prv", fixed)).toThrow("5 of 50 units a step");
  });

  it("[DP7] a grid that would be too large is refused, and so is a delta below its rounding", () => {
    const compose = (event: PrivacyEvent) =>
      accountants.prv.compose({ relation: "add-or-remove-one", events: [event] });
    expect(() => compose({ ...poisson, noiseMultiplier: 0.02 })).toThrow("the accountant rdp");
    expect(() => compose(poisson).epsilon(1e-12)).toThrow("rounding leaves it");
  });
});

describe("what a result says of itself", () => {
  it("warns when the best order is at the edge of those tried", () => {
    const compose = (orders: readonly number[]) =>
      createRdpAccountant(orders).compose({ relation: "zero-out", events: [poisson] });
    const found = compose([2, 3]).epsilon(1e-5);
    expect(found).toMatchObject({ order: 3, orders: { first: 2, last: 3, count: 2 } });
    expect(found.warnings).toEqual([
      "the best order is 3, at the edge of those tried: the bound may be loose",
    ]);
    expect(compose([2, 3, 9, 99]).epsilon(1e-5).warnings).toEqual([]);
  });

  it("names its grid", () => {
    const { mesh } = accountants.prv
      .compose({ relation: "zero-out", events: [poisson] })
      .epsilon(1e-5);
    expect(mesh?.size).toBeGreaterThanOrEqual(2 ** 15);
    expect(mesh?.step).toBeGreaterThan(0);
  });
});

describe("events from outside", () => {
  const parse = (event: unknown) => () => parseEvents([event], "the ledger");

  it.each([
    [{ ...poisson, noiseMultiplier: 0 }, "0.noiseMultiplier = 0, wanted number >= 0.01"],
    [{ ...poisson, noiseMultiplier: -1 }, "noiseMultiplier = -1"],
    [{ ...poisson, samplingRate: 1.5 }, "0.samplingRate = 1.5, wanted number <= 1"],
    [{ ...poisson, steps: 0.5 }, "0.steps = 0.5"],
    [{ ...poisson, mechanism: "laplace" }, "0.mechanism"],
    [{ ...fixed, sampleSize: 51 }, "0.sampleSize = 51, wanted at most populationSize"],
    [{ ...poisson, epsilon: 1 }, "0.epsilon = 1"],
  ])("[DP7] %j is refused with its place", (event, why) => {
    expect(parse(event)).toThrow(why);
  });

  it("defaults are filled in", () => {
    const { participations: _, ...bare } = tree as typeof tree & { participations: number };
    expect(parse(bare)()).toEqual([tree]);
  });
});
