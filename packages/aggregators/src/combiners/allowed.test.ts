/** Which combiners go with which methods, ranks, rounds and privacy. */
import { adapterKinds, digest, FedtuneError, resolveRun } from "@fedtune/core";
import type { Combiner, Method, PrivacyRules } from "@fedtune/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { methods } from "../registry.ts";
import { combiners } from "./registry.ts";

const privacy: PrivacyRules = {
  schema: z
    .looseObject({ mode: z.enum(["none", "record-level", "user-level"]) })
    .prefault({ mode: "none" }),
  issues: () => [],
  resolve: (config) => config.privacy,
};
const registries = { methods, kinds: adapterKinds, combiners, privacy };
const hash = { sha256: () => digest("0".repeat(64)) };
const rounds = { minFitClients: 9, minAvailableClients: 9 };

function resolve(changes: Readonly<Record<string, unknown>>) {
  const input = {
    task: { kind: "sequence-classification", labels: ["no", "yes"] },
    rounds,
    ...changes,
  };
  return resolveRun(input, registries, hash);
}

function refused(changes: Readonly<Record<string, unknown>>): FedtuneError {
  try {
    resolve(changes);
  } catch (error) {
    if (error instanceof FedtuneError) return error;
    throw error;
  }
  throw new Error("The config was not refused");
}

const kindOf = ({ claims }: Method): string =>
  adapterKinds.find(({ product }) => claims.products.includes(product))!.name;

const pairs = (combiners as readonly Combiner[]).flatMap((combiner) =>
  (methods as readonly Method[]).map(
    (method) => [combiner.name, method.name, combiner, method] as const,
  ),
);

describe("a combiner", () => {
  it.each(pairs)(
    "[FW4] %s with %s is taken or refused by the claims",
    (_c, _m, combiner, method) => {
      const changes = {
        combiner: { name: combiner.name },
        method: { name: method.name },
        adapter: { kind: kindOf(method) },
      };
      if (!combiner.claims.compares || method.claims.sharedGauge === true) {
        const { combiner: chosen, config } = resolve(changes);
        expect(chosen.value).toBe(combiner);
        expect(chosen.options).toEqual(combiner.config.parse({}));
        expect(config.combiner["name"]).toBe(combiner.name);
        return;
      }
      const { code, message } = refused(changes);
      expect(code).toBe("config-conflict");
      expect(message).toContain(`combiner.name = "${combiner.name}"`);
      expect(message).toContain(`method.name ${method.name}`);
    },
  );

  it("[FW4] that compares values is refused with several ranks, any but the mean with user-level privacy", () => {
    for (const { name, claims } of combiners as readonly Combiner[]) {
      const chosen = { combiner: { name }, method: { name: "ffa-lora" } };
      const ranks = { ...chosen, adapter: { rank: 4, clientRanks: [2, 4] } };
      const hidden = { ...chosen, privacy: { mode: "user-level" } };
      if (claims.compares) expect(refused(ranks).message).toContain("clientRanks");
      else expect(refused(ranks).message).not.toContain("combiner");
      if (name === "mean") expect(resolve(hidden).config.privacy.mode).toBe("user-level");
      else expect(refused(hidden).message).toContain("privacy.mode user-level");
      expect(resolve({ ...chosen, privacy: { mode: "record-level" } })).toBeDefined();
      expect(resolve({ ...chosen, adapter: { rank: 4, clientRanks: [4, 4] } })).toBeDefined();
    }
  });

  it("is refused in rounds that may close with fewer updates than it needs", () => {
    for (const combiner of combiners as readonly Combiner[]) {
      const least = combiner.leastUpdates(combiner.config.parse({}));
      const quorum = (minFitClients: number) => ({
        combiner: { name: combiner.name },
        method: { name: "ffa-lora" },
        rounds: { ...rounds, minFitClients },
      });
      expect(resolve(quorum(least))).toBeDefined();
      if (least === 1) continue;
      const { message } = refused(quorum(least - 1));
      expect(message).toContain("rounds.minFitClients");
      expect(message).toContain(`at least ${String(least)}`);
    }
  });

  it("is the mean unless asked for, and its options are its own", () => {
    expect(resolve({}).config).toMatchObject({
      combiner: { name: "mean" },
      firewall: { maxNorm: null, maxWeight: null },
    });
    expect(refused({ combiner: { name: "median", trimFraction: 0.1 } }).code).toBe(
      "config-invalid",
    );
    expect(refused({ combiner: { name: "medain" } }).message).toContain("trimmed-mean");
    expect(refused({ combiner: { name: "trimmed-mean", trimFraction: 0.5 } }).code).toBe(
      "config-invalid",
    );
  });

  it("resolves to itself", () => {
    const { config } = resolve({ combiner: { name: "median" }, method: { name: "fedsvd" } });
    expect(resolve({ ...config }).config).toEqual(config);
  });
});

describe("the firewall", () => {
  it("takes positive bounds, and no norm where whole clients are protected", () => {
    expect(resolve({ firewall: { maxNorm: 3, maxWeight: 100 } }).config.firewall).toEqual({
      maxNorm: 3,
      maxWeight: 100,
    });
    expect(refused({ firewall: { maxNorm: 0 } }).code).toBe("config-invalid");
    expect(refused({ firewall: { maxWeight: -1 } }).code).toBe("config-invalid");
    const hidden = { firewall: { maxNorm: 1 }, privacy: { mode: "user-level" } };
    expect(refused(hidden).message).toContain("firewall.maxNorm");
    expect(resolve({ firewall: { maxWeight: 5 }, privacy: { mode: "user-level" } })).toBeDefined();
  });
});
