/** What is said of a config before its run is made, against what the engine then does. */
import { combiners, methods } from "@fedtune/aggregators";
import { adapterKinds, adapterLayout, resolveRun } from "@fedtune/core";
import type { AdapterKind, AdapterShape, Method } from "@fedtune/core";
import { privacyRules } from "@fedtune/dp";
import { nodeHash } from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import { estimated } from "./estimate.ts";
import type { ModelShapes } from "./estimate.ts";
import { presetsOf } from "./presets.ts";

const registries = { methods, combiners, kinds: adapterKinds, privacy: privacyRules };

/** Of All-MiniLM-L6: query and value of six layers, a head of twelve labels. */
const minilm = 384;

function modulesOf(width: number) {
  return Array.from({ length: 6 }, (_, layer) =>
    ["query", "value"].map((name) => ({ name: `layer.${layer}.${name}`, in: width, out: width })),
  ).flat();
}

const head = [
  { name: "classifier.weight", module: "classifier", role: "head", shape: [12, 384] },
  { name: "classifier.bias", module: "classifier", role: "head", shape: [12] },
] as const;

function shapeOf(kind: AdapterKind, rank: number, width: number): AdapterShape {
  const modules = modulesOf(width);
  return { layout: adapterLayout(kind, { rank, loraAlpha: 16 }, { modules, head }), modules };
}

function modelFor(kind = "lora", rank = 8, width = minilm): ModelShapes {
  const named = (name: string) => adapterKinds.find((one) => one.name === name)!;
  const [adapter, dense] = [kind, "lora"].map((name) => shapeOf(named(name), rank, width)) as [
    AdapterShape,
    AdapterShape,
  ];
  return { adapter, dense, bytes: 91_000_000, maxTokens: 512 };
}

const task = { kind: "sequence-classification", labels: ["no", "yes"] };

function estimate(document: object, model: ModelShapes | null = modelFor()) {
  const given = { document: { task, ...document }, model, problem: null };
  return estimated(given, registries, nodeHash);
}

describe("an estimate", () => {
  it("says in bytes what travels, beside what plain averaging would send", () => {
    const { problems, cost, config } = estimate({
      method: { name: "fedsa-lora" },
      rounds: { numRounds: 40, minAvailableClients: 12, minFitClients: 12 },
    });
    expect(problems).toEqual([]);
    expect(config).toMatchObject({ method: { name: "fedsa-lora" } });
    // A of 12 modules, 8 x 384 numbers each, in float32; a header before them.
    expect(cost?.numbers).toMatchObject({ adapter: 78_348, uploaded: 36_864 });
    const header = cost!.bytes.perRound.up - 4 * 36_864;
    expect(header).toBeGreaterThan(0);
    expect(header).toBeLessThan(200);
    expect(cost?.bytes.dense.up).toBe(4 * 78_348 + header);
    expect(cost?.bytes.perClient.up).toBe(40 * cost!.bytes.perRound.up);
    expect(cost?.bytes.perRun.up).toBe(12 * cost!.bytes.perClient.up);
    expect(cost).toMatchObject({ rounds: 40, cohort: 12, adapterBytes: 4 * 78_348, epsilon: null });
    expect(cost?.memory.client).toBeGreaterThan(91_000_000);
  });

  it.each(
    methods.flatMap(({ name, claims }: Method) =>
      adapterKinds
        .filter(({ product }) => claims.products.includes(product))
        .map((kind) => [name, kind.name] as const),
    ),
  )("can be made for %s on %s, without a base weight", (method, kind) => {
    const rounds = { numRounds: 3, minAvailableClients: 4, minFitClients: 3 };
    const document = { method: { name: method }, adapter: { kind, rank: 4 }, rounds };
    const { problems, cost } = estimate(document, modelFor(kind, 4, 24));
    expect(problems).toEqual([]);
    expect(cost?.bytes.perRound.up).toBeGreaterThan(0);
    expect(cost?.bytes.perRound.down).toBeGreaterThan(0);
    expect(cost?.bytes.snapshot).toBeGreaterThan(0);
    expect(cost?.numbers.uploaded).toBeLessThanOrEqual(cost!.numbers.trained);
  });

  it.each(presetsOf(registries).map((preset) => [preset.name, preset.config] as const))(
    "of preset %s has no problem and a cost",
    (_, document) => {
      const { problems, cost } = estimate(document);
      expect(problems).toEqual([]);
      expect(cost).not.toBeNull();
      const isPrivate = (document["privacy"] ?? null) !== null;
      expect(cost!.epsilon === null).toBe(!isPrivate);
    },
  );

  it("names every problem at once, each with its way out where there is one", () => {
    const { problems, config, cost } = estimate({
      ...{ seed: -1, methd: { name: "fedavg" }, method: { name: "fedsalora" } },
      rounds: { numRound: 4, fractionFit: 2, sampling: "fixd" },
      training: { learningRate: "a lot" },
    });
    expect([config, cost]).toEqual([null, null]);
    const fixes = Object.fromEntries(problems.map(({ path, fix }) => [path, fix]));
    expect(fixes).toEqual({
      seed: { label: "Set 0", path: "seed", value: 0, removes: null },
      methd: {
        ...{ label: "Rename to method", path: "method" },
        ...{ value: { name: "fedavg" }, removes: "methd" },
      },
      "method.name": {
        label: "Set fedsa-lora",
        path: "method.name",
        value: "fedsa-lora",
        removes: null,
      },
      "rounds.numRound": {
        ...{ label: "Rename to numRounds", path: "rounds.numRounds", value: 4 },
        removes: "rounds.numRound",
      },
      "rounds.fractionFit": { label: "Set 1", path: "rounds.fractionFit", value: 1, removes: null },
      "rounds.sampling": {
        label: "Set fixed",
        path: "rounds.sampling",
        value: "fixed",
        removes: null,
      },
      "training.learningRate": null,
    });
    const [first] = problems;
    expect(first).toMatchObject({ message: "seed = -1, wanted number >= 0", value: -1 });
  });

  it("of settings that contradict each other is repaired by its own fixes", () => {
    const privacy = { mode: "user-level", noiseMultiplier: 1, expectedCohort: 3 };
    const document: Record<string, unknown> = {
      ...{ task, privacy, method: { name: "ffa-lora" } },
      rounds: {
        minFitClients: 5,
        minAvailableClients: 3,
        overSelection: 2,
        weightedBy: "examples",
      },
      firewall: { maxNorm: 3 },
    };
    const { problems, cost } = estimate(document);
    expect(problems.map(({ path }) => path).sort()).toEqual([
      ...["firewall.maxNorm", "rounds.minFitClients", "rounds.overSelection", "rounds.weightedBy"],
    ]);
    expect(cost?.bytes.perRound.up).toBeGreaterThan(0);
    for (const { fix } of problems) put(document, fix!.path, fix!.value);
    expect(estimate(document).problems).toEqual([]);
    expect(() => resolveRun(document, registries, nodeHash)).not.toThrow();
  });

  it("knows the noise that keeps a budget, and when too little of it would exceed it", () => {
    const privacy = {
      mode: "user-level",
      noiseMultiplier: 1,
      expectedCohort: 3,
      budget: { epsilon: 8 },
    };
    const rounds = { numRounds: 20, weightedBy: "uniform" };
    const { problems, cost } = estimate({ method: { name: "ffa-lora" }, privacy, rounds });
    const { epsilon } = cost!;
    expect(problems).toMatchObject([
      {
        path: "privacy.budget.epsilon",
        fix: { path: "privacy.noiseMultiplier", value: epsilon!.leastNoiseMultiplier },
      },
    ]);
    expect(epsilon).toMatchObject({ unit: "user", limit: 8, noiseMultiplier: 1 });
    expect(epsilon!.exceededAfter).toBeGreaterThan(0);
    expect(epsilon!.exceededAfter).toBeLessThan(20);
    const kept = { ...privacy, noiseMultiplier: epsilon!.leastNoiseMultiplier };
    expect(estimate({ method: { name: "ffa-lora" }, privacy: kept, rounds }).problems).toEqual([]);
  });

  it("has no cost without a base model, and says why", () => {
    const problem = { field: "model", value: "nobody", wanted: "Cannot open base model" };
    const told = estimated({ document: { task }, model: null, problem }, registries, nodeHash);
    expect(told).toMatchObject({
      config: null,
      cost: null,
      problems: [{ path: "model", fix: null }],
    });
  });
});

/** Sets a field by its path. */
function put(document: Record<string, unknown>, path: string, value: unknown): void {
  const [last, ...outer] = path.split(".").reverse();
  const section = outer
    .reverse()
    .reduce<Record<string, unknown>>(
      (at, key) => (at[key] ??= {}) as Record<string, unknown>,
      document,
    );
  section[last!] = value;
}
