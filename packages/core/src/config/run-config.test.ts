import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { adapterKinds } from "../adapter/kinds/registry.ts";
import { FedtuneError } from "../errors.ts";
import { digest } from "../ids.ts";
import type { Method } from "../method.ts";
import type { Hash } from "../ports.ts";
import { resolveRun } from "./run-config.ts";

const hash: Hash = { sha256: (bytes) => digest(createHash("sha256").update(bytes).digest("hex")) };

/** Only what a config reads of a method. */
function method(name: string, options: z.ZodObject, products: readonly string[]): Method {
  const claims = { products, personal: name === "own" ? ["up"] : [] };
  return { name, config: options, claims, defaultHead: "share" } as unknown as Method;
}

const registries = {
  methods: [
    method("mean", z.strictObject({}), ["BA"]),
    method("own", z.strictObject({}), ["BA"]),
    method("ridge", z.strictObject({ lambda: z.number().positive().default(0.01) }), ["diagonal"]),
  ],
  kinds: adapterKinds,
};

const task = { kind: "sequence-classification", labels: ["no", "yes"] };

function refusal(input: unknown): FedtuneError {
  try {
    resolveRun(input, registries, hash);
  } catch (error) {
    if (error instanceof FedtuneError) return error;
  }
  throw new Error("The config was not refused");
}

describe("a run config", () => {
  it("[CF4] is complete, deeply frozen, and parses to itself with the same hash", () => {
    const { config, hash: first } = resolveRun({ task }, registries, hash);
    expect(config).toMatchObject({
      seed: 42,
      head: "share",
      method: { name: "mean" },
      rounds: { numRounds: 5 },
    });
    expect(config.training.optimizer).toEqual({
      name: "adamw",
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      weightDecay: 0.01,
    });
    expect(Object.isFrozen(config.rounds)).toBe(true);
    expect(() => Object.assign(config.task.labels, ["x"])).toThrow(TypeError);
    expect(resolveRun(config, registries, hash)).toMatchObject({ config, hash: first });
    expect(resolveRun({ task, seed: 1 }, registries, hash).hash).not.toBe(first);
  });

  it.each([
    [{}, "central", 0],
    [{ evaluation: { where: "federated" } }, "federated", 0.2],
    [{ evaluation: { where: "federated", holdout: 0 } }, "federated", 0],
    [{ evaluation: { where: "federated", everyRounds: 0 } }, "federated", 0],
    [{ method: { name: "own" } }, "federated", 0.2],
    [{ method: { name: "own" }, evaluation: { holdout: 0.5 } }, "federated", 0.5],
    [{ head: "personal" }, "federated", 0.2],
  ])(
    "[CF4] %j is evaluated %s with holdout %d, also when parsed again",
    (input, where, holdout) => {
      const { config, hash: first } = resolveRun({ task, ...input }, registries, hash);
      expect(config.evaluation).toMatchObject({ where, holdout });
      expect(resolveRun(config, registries, hash)).toMatchObject({ config, hash: first });
    },
  );

  it("[CF6] knows the methods and kinds of its registries and no other", () => {
    expect(refusal({ task, method: { name: "fedprox" } }).data["issues"]).toMatchObject([
      { field: "method.name" },
    ]);
    expect(refusal({ task, adapter: { kind: "lora2" } }).message).toContain("one of lora, rslora");
  });

  it.each([
    [{ task, rounds: { numRound: 3 } }, "rounds.numRound", 'did you mean "numRounds"?'],
    [{ task, trainning: {} }, "trainning", 'did you mean "training"?'],
    [{ task, method: { name: "mean", lamda: 1 } }, "method.lamda", "a known key"],
    [
      { task, training: { optimizer: { name: "sgd", beta1: 0.9 } } },
      "training.optimizer.beta1",
      "momentum",
    ],
    [
      { task, training: { optimizer: { name: "adamw", epsilonn: 1 } } },
      "training.optimizer.epsilonn",
      'did you mean "epsilon"?',
    ],
  ])("[CF1] refuses the unknown key of %j and names the nearest", (input, field, hint) => {
    const error = refusal(input);
    expect(error.code).toBe("config-invalid");
    const issues = error.data["issues"] as { field: string; wanted: string }[];
    const issue = issues.find((candidate) => candidate.field === field);
    if (hint !== "a known key") expect(issue?.wanted).toContain(hint);
    else expect(issue).toBeDefined();
  });

  it("[CF2] reports every wrong field at once with path, value and what was wanted", () => {
    const error = refusal({
      task,
      seed: -1,
      rounds: { fractionFit: 1.5, numRounds: "many" },
      training: { learningRate: 0 },
    });
    expect(error.data["issues"]).toEqual([
      { field: "seed", value: -1, wanted: "number >= 0", fix: { value: 0 } },
      { field: "training.learningRate", value: 0, wanted: "number > 0" },
      { field: "rounds.numRounds", value: "many", wanted: "a value of type number" },
      {
        ...{ field: "rounds.fractionFit", value: 1.5, wanted: "number <= 1" },
        fix: { value: 1 },
      },
    ]);
    expect(error.message).toContain("rounds.fractionFit = 1.5, wanted number <= 1");
  });

  it("[CF2] refuses labels that are missing, alone, or repeated", () => {
    expect(refusal({}).data["issues"]).toMatchObject([{ field: "task" }]);
    expect(refusal({ task: { ...task, labels: ["one"] } }).message).toContain("array >= 2");
    expect(refusal({ task: { ...task, labels: ["a", "a"] } }).message).toContain(
      "labels must be distinct",
    );
  });

  it.each([
    [
      { rounds: { minFitClients: 4, minAvailableClients: 3 } },
      "rounds.minFitClients",
      "rounds.minAvailableClients (3)",
    ],
    [{ rounds: { sampling: "poisson", overSelection: 1.5 } }, "rounds.overSelection", "poisson"],
    [
      { training: { batchSize: 8, microBatchSize: 16 } },
      "training.microBatchSize",
      "training.batchSize (8)",
    ],
    [{ participants: ["a"] }, "participants", "rounds.minAvailableClients (2)"],
    [{ participants: ["a", "a"] }, "participants", "distinct"],
    [
      { method: { name: "own" }, evaluation: { where: "central" } },
      "evaluation.where",
      "federated with method own",
    ],
    [{ head: "personal", evaluation: { where: "central" } }, "evaluation.where", "head personal"],
    [{ evaluation: { holdout: 0.3 } }, "evaluation.holdout", "nobody would evaluate"],
    [
      { evaluation: { where: "federated", holdout: 0.3, everyRounds: 0 } },
      "evaluation.holdout",
      "everyRounds 0",
    ],
  ])("[CF3] refuses the contradiction in %j", (input, field, wanted) => {
    const error = refusal({ task, ...input });
    expect(error.code).toBe("config-conflict");
    expect(error.data["issues"]).toMatchObject([
      { field, wanted: expect.stringContaining(wanted) as string },
    ]);
  });

  it("[CF5] refuses a method and an adapter kind that do not fit", () => {
    const error = refusal({ task, method: { name: "ridge" }, adapter: { kind: "lora" } });
    expect(error).toMatchObject({ code: "config-conflict" });
    expect(error.message).toContain("adapter.kind");
  });
});
