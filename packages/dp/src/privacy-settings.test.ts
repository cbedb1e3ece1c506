import { parseInput } from "@fedtune/core";
import { expect, test } from "vitest";
import { z } from "zod";
import { privacyIssues } from "./privacy-issues.ts";
import { privacySchema } from "./privacy-settings.ts";

const record = { mode: "record-level", samplingRate: 0.01, noiseMultiplier: 1 };
const user = { mode: "user-level", expectedCohort: 100, noiseMultiplier: 1 };
const parse = (input: unknown) =>
  parseInput(privacySchema, input, { what: "the run config", field: "privacy" });
const fieldsOf = (input: unknown) => privacyIssues(parse(input)).map(({ field }) => field);

test("without settings there is no privacy", () => {
  expect(parse(undefined)).toEqual({ mode: "none" });
  expect(privacyIssues(parse({ mode: "none" }))).toEqual([]);
});

test("[DP19] what is left out is filled in on the safe side", () => {
  expect(parse(record)).toEqual({
    mode: "record-level",
    clipNorm: 1,
    noiseMultiplier: 1,
    targetEpsilon: null,
    delta: 1e-5,
    samplingRate: 0.01,
    relation: "add-or-remove-one",
    accountant: "prv",
    grouping: "flat",
    adaptiveClipping: null,
    budget: null,
    metrics: "withhold",
    noise: "secure",
    hardened: false,
  });
  expect(parse(user)).toMatchObject({ noiseBy: "coordinator", mechanism: "gaussian" });
});

test("an unknown key comes with the nearest known one", () => {
  expect(() => parse({ ...record, noiseMultipler: 2 })).toThrow(/did you mean "noiseMultiplier"/);
  expect(() => parse({ mode: "user-level", noiseMultiplier: 1 })).toThrow(/privacy.expectedCohort/);
});

test.each([
  ["noiseMultiplier", 0],
  ["noiseMultiplier", -1],
  ["clipNorm", 0],
  ["delta", 0],
  ["delta", 0.5],
  ["samplingRate", 0],
  ["samplingRate", 1.1],
  ["mode", "private"],
])("%s = %s is refused", (field, value) => {
  expect(() => parse({ ...record, [field]: value })).toThrow(`privacy.${field}`);
});

test("[DP19] exactly one of noise and target", () => {
  expect(fieldsOf(record)).toEqual([]);
  expect(fieldsOf({ ...record, noiseMultiplier: null, targetEpsilon: 3 })).toEqual([]);
  expect(fieldsOf({ ...record, targetEpsilon: 3 })).toEqual(["privacy.noiseMultiplier"]);
  expect(fieldsOf({ ...user, noiseMultiplier: null })).toEqual(["privacy.noiseMultiplier"]);
});

test("a target above the budget is refused", () => {
  const target = { ...user, noiseMultiplier: null, targetEpsilon: 3 };
  expect(fieldsOf({ ...target, budget: { epsilon: 3 } })).toEqual([]);
  expect(fieldsOf({ ...target, budget: { epsilon: 2 } })).toEqual(["privacy.targetEpsilon"]);
});

test("[DP19] what does not go together", () => {
  const adaptiveClipping = {};
  expect(fieldsOf({ ...record, grouping: "per-role", adaptiveClipping })).toEqual([
    "privacy.grouping",
  ]);
  expect(fieldsOf({ ...record, grouping: "per-role", hardened: true })).toEqual([
    "privacy.grouping",
  ]);
  const tree = { ...user, mechanism: "tree", relation: "zero-out" };
  expect(fieldsOf(tree)).toEqual([]);
  expect(fieldsOf({ ...tree, relation: "add-or-remove-one" })).toEqual(["privacy.relation"]);
  expect(fieldsOf({ ...tree, noiseBy: "clients" })).toEqual(["privacy.noiseBy"]);
  expect(fieldsOf({ ...tree, adaptiveClipping })).toEqual(["privacy.adaptiveClipping"]);
  expect(fieldsOf({ ...user, noiseShares: 3 })).toEqual(["privacy.noiseShares"]);
  expect(fieldsOf({ ...user, noiseBy: "clients", adaptiveClipping })).toEqual([
    "privacy.adaptiveClipping",
  ]);
  expect(fieldsOf({ ...user, noiseBy: "clients", hardened: true })).toEqual(["privacy.hardened"]);
});

test("[DP19] the bits of adaptive clipping need noise enough of their own", () => {
  // A twentieth of 100 is 5, so the multiplier stays below 10.
  const adaptive = { ...user, adaptiveClipping: {} };
  expect(fieldsOf({ ...adaptive, noiseMultiplier: 9.9 })).toEqual([]);
  expect(fieldsOf({ ...adaptive, noiseMultiplier: 10 })).toEqual(["privacy.noiseMultiplier"]);
  const given = { ...record, adaptiveClipping: { clippedCountStddev: 0.5 } };
  expect(fieldsOf(given)).toEqual(["privacy.noiseMultiplier"]);
  expect(fieldsOf({ ...given, adaptiveClipping: {} })).toEqual([]);
});

test("every field says what it is", () => {
  const described = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    const { properties } = node as { properties?: Record<string, { description?: string }> };
    for (const [name, inner] of Object.entries(properties ?? {})) {
      expect(inner.description, name).toBeTruthy();
    }
    Object.values(node).forEach(described);
  };
  described(z.toJSONSchema(privacySchema, { io: "input" }));
});
