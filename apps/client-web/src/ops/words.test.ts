import { errorCodes, FedtuneError } from "@fedtune/core";
import { describe, expect, it } from "vitest";
import { allows } from "./api/session.ts";
import type { Me } from "./api/session.ts";
import { createQueryClient } from "./api/query-client.ts";
import { errorWords } from "./error-words.ts";
import { inviteErrors } from "./invite/invite-model.ts";
import { formatMetric, isBetterWhenLow, metricWord } from "./metric.ts";
import { methodFacts } from "./new-run/method-facts.ts";
import { destinationsFor, initialsOf, isWithin, nameOf } from "./shell/navigation.ts";
import { serverFacts } from "./test-support/server.ts";

describe("an error", () => {
  it.each(errorCodes)("of code %s has words", (code) => {
    const { text, code: shown } = errorWords(new FedtuneError(code, "Cannot do this: 4, wanted 3"));
    expect(text).not.toBe("");
    expect(shown).toBe(code);
  });

  it("that is none of ours is one of the program", () => {
    expect(errorWords(new TypeError("x is not a function"))).toMatchObject({ code: "internal" });
  });

  it("is tried again twice, and only where that can help", () => {
    const { retry } = createQueryClient().getDefaultOptions().queries ?? {};
    const isRetried = (failures: number, error: Error) =>
      typeof retry === "function" && retry(failures, error);
    const away = new FedtuneError("transport-closed", "away");
    expect([0, 1, 2].map((failures) => isRetried(failures, away))).toEqual([true, true, false]);
    expect(isRetried(0, new FedtuneError("forbidden", "no"))).toBe(false);
    expect(isRetried(0, new TypeError("x"))).toBe(false);
  });
});

describe("who is signed in", () => {
  const me = (scopes: NonNullable<Me>["scopes"]): Me => ({
    ...{ kind: "operator", actor: "operator:m-keller", scopes, csrf: "x" },
  });

  it("sees what the scopes admit", () => {
    const titles = (one: Me) => destinationsFor(one).map(({ title }) => title);
    expect(titles(null)).toEqual([]);
    expect(titles(me(["runs:read"]))).toEqual(["Runs", "Compare", "Simulations"]);
    expect(titles(me(["admin"]))).toHaveLength(5);
    expect(allows(me(["runs:read"]), "runs:write")).toBe(false);
  });

  it.each([
    ["m-keller", "MK"],
    ["anna", "AN"],
    ["s_r", "SR"],
    ["x", "X"],
    ["", ""],
  ])("%j is %j for short", (name, initials) => {
    expect(initialsOf(name)).toBe(initials);
  });

  it("is called without the kind of account", () => {
    expect(nameOf(me([]))).toBe("m-keller");
    expect(isWithin("/runs/a/rounds/3", { href: "/runs" })).toBe(true);
    expect(isWithin("/runsandmore", { href: "/runs" })).toBe(false);
  });
});

describe("a metric", () => {
  it.each([
    ["accuracy", 0.846, "84.6 %", false],
    ["macroF1", 0.5, "50.0 %", false],
    ["loss", 0.6123, "0.612", true],
    ["perplexity", 12.34, "12.3", true],
    ["bleu", 31.256, "31.3", false],
  ])("%s of %d is written %s", (metric, value, text, isLow) => {
    expect(formatMetric(metric, value).replace("\u202F", " ")).toBe(text);
    expect(isBetterWhenLow(metric)).toBe(isLow);
  });

  it("is a word within a sentence", () => {
    expect(metricWord("exactMatch")).toBe("exact match");
  });
});

describe("an invitation", () => {
  it.each([
    ["", "", []],
    ["40", "basel-03", []],
    ["0", "", ["uses"]],
    ["1.5", "", ["uses"]],
    ["1000001", "", ["uses"]],
    ["many", "", ["uses"]],
    ["", "no spaces", ["client"]],
  ])("for %j clients and %j lacks %j", (uses, client, fields) => {
    expect(Object.keys(inviteErrors({ lasts: "week", uses, client }))).toEqual(fields);
  });
});

describe("the cards of methods", () => {
  it("say what travels where that is counted, and what is claimed", () => {
    const facts = methodFacts(serverFacts.methods, new Map([["fedsa-lora", 147_552]]));
    expect(Object.keys(facts).slice(0, 3)).toEqual(["fedsa-lora", "ffa-lora", "fedsvd"]);
    expect(Object.keys(facts)).toHaveLength(serverFacts.methods.length);
    expect(facts["fedsa-lora"]?.meta.replace("\u202F", " ")).toBe("147.6 kB up, personal");
    expect(facts["ffa-lora"]?.meta).toBe("exact");
    expect(facts["cellm"]?.meta).toBe("sparse");
  });
});
