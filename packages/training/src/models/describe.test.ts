import { adapterKinds, utf8 } from "@fedtune/core";
import { describe, expect, test } from "vitest";
import { adapterForwards } from "../adapters/registry.ts";
import { nodeFiles } from "../backends/node-files.ts";
import { memoryFiles } from "../files.ts";
import { goldenPath } from "../test-support/golden.ts";
import { loadCheckpoint, loadModelConfig } from "./checkpoint.ts";
import { describeModel, linearModules, resolveTargets } from "./describe.ts";
import { parseModelConfig } from "./registry.ts";

const config = (base: string) => loadModelConfig(nodeFiles, goldenPath(base));
const names = (modules: readonly { readonly name: string }[]) => modules.map(({ name }) => name);

describe("adapter kinds", () => {
  test("[TN13] every kind of core has a forward pass here, and no other has", () => {
    expect(adapterForwards.map(({ name }) => name)).toEqual(adapterKinds.map(({ name }) => name));
  });
});

describe("target modules", () => {
  test("[TN13] names match ends of paths, as PEFT's do, in model order", async () => {
    const bert = await config("tiny-bert");
    expect(names(resolveTargets(bert, ["value", "query"]))).toEqual([
      "encoder.layer.0.attention.self.query",
      "encoder.layer.0.attention.self.value",
      "encoder.layer.1.attention.self.query",
      "encoder.layer.1.attention.self.value",
    ]);
    expect(names(resolveTargets(bert, ["encoder.layer.1.output.dense"]))).toEqual([
      "encoder.layer.1.output.dense",
    ]);
    expect(names(resolveTargets(bert, ["dense"]))).toContain("pooler.dense");
    expect(resolveTargets(bert, ["all-linear"])).toEqual(linearModules(bert));
    expect(linearModules(bert)).toHaveLength(13);
  });

  test("[TN13] a name that matches nothing is refused with the names there are", async () => {
    const distilbert = await config("tiny-distilbert");
    expect(() => resolveTargets(distilbert, ["query"])).toThrow(/Cannot adapt "query".*q_lin/);
    expect(() => resolveTargets(distilbert, ["q_line"])).toThrow(/did you mean "q_lin"/);
  });

  test("[TN13] the layout has each module's factors, then the head under HuggingFace's names", async () => {
    const choice = { kind: "lora", rank: 4, loraAlpha: 8, labels: ["a", "b", "c"] };
    const bert = describeModel(await config("tiny-bert"), { ...choice, targetModules: ["query"] });
    expect(bert.layout.factors.map(({ name, role, shape }) => [name, role, shape])).toEqual([
      ["encoder.layer.0.attention.self.query.lora_A", "down", [4, 32]],
      ["encoder.layer.0.attention.self.query.lora_B", "up", [32, 4]],
      ["encoder.layer.1.attention.self.query.lora_A", "down", [4, 32]],
      ["encoder.layer.1.attention.self.query.lora_B", "up", [32, 4]],
      ["classifier.weight", "head", [3, 32]],
      ["classifier.bias", "head", [3]],
    ]);
    expect(bert).toMatchObject({ scaling: 2, prefix: "bert.", maxTokens: 40 });
    const roberta = describeModel(await config("tiny-roberta"), {
      ...choice,
      targetModules: ["query"],
    });
    expect(names(roberta.layout.factors).slice(4)).toEqual([
      "classifier.dense.weight",
      "classifier.dense.bias",
      "classifier.out_proj.weight",
      "classifier.out_proj.bias",
    ]);
    expect(roberta.maxTokens).toBe(40);
  });
});

describe("broken models", () => {
  const minimal = {
    model_type: "distilbert",
    vocab_size: 4,
    max_position_embeddings: 8,
    dim: 4,
    n_layers: 1,
    n_heads: 2,
    hidden_dim: 8,
  };
  const json = (value: unknown) => utf8(JSON.stringify(value));

  test.each([
    ["a folder without config.json", {}, /m\/config\.json is missing/],
    [
      "a config that is not JSON",
      { "m/config.json": utf8("{") },
      /m\/config\.json: it is not JSON/,
    ],
    [
      "an unknown family",
      { "m/config.json": json({ model_type: "gpt9" }) },
      /model_type is "gpt9", expected one of bert, roberta, distilbert/,
    ],
    [
      "a config without a size",
      { "m/config.json": json({ ...minimal, dim: undefined }) },
      /m\/config\.json: dim:/,
    ],
    [
      "heads that do not divide",
      { "m/config.json": json({ ...minimal, n_heads: 3 }) },
      /hidden size 4 is not a multiple of 3 heads/,
    ],
    [
      "a folder without weights",
      { "m/config.json": json(minimal) },
      /m\/model\.safetensors is missing/,
    ],
    [
      "weights that are no safetensors file",
      { "m/config.json": json(minimal), "m/model.safetensors": utf8("oops") },
      /Cannot load m\/model\.safetensors/,
    ],
  ])("[TN14] %s is refused by name", async (_what, files, message) => {
    const loading = loadCheckpoint(memoryFiles(files), "m");
    await expect(loading).rejects.toMatchObject({ code: "model-invalid" });
    await expect(loading).rejects.toThrow(message);
  });

  test("[TN14] a missing tensor and a wrong shape are named with the wanted shape", async () => {
    const bytes = await nodeFiles.read(goldenPath("tiny-distilbert/model.safetensors"));
    const raw = JSON.parse(
      new TextDecoder().decode(await nodeFiles.read(goldenPath("tiny-distilbert/config.json"))),
    ) as Record<string, unknown>;
    const load = (changes: object) =>
      loadCheckpoint(
        memoryFiles({
          "m/config.json": json({ ...raw, ...changes }),
          "m/model.safetensors": bytes,
        }),
        "m",
      );
    await expect(load({ n_layers: 3 })).rejects.toThrow(
      /tensor "transformer\.layer\.2\.attention\.q_lin\.weight" of shape \[32, 32\] is missing/,
    );
    await expect(load({ vocab_size: 120 })).rejects.toThrow(
      /tensor "embeddings\.word_embeddings\.weight" has shape \[119, 32\], config\.json asks for \[120, 32\]/,
    );
  });

  test("[TN1] a checkpoint without a pooler pools by the mean, unless its config says otherwise", async () => {
    expect((await loadCheckpoint(nodeFiles, goldenPath("tiny-bert-encoder"))).pooling).toBe("mean");
    const folder = goldenPath("tiny-bert-encoder");
    const raw = JSON.parse(
      new TextDecoder().decode(await nodeFiles.read(`${folder}/config.json`)),
    ) as object;
    const weights = await nodeFiles.read(`${folder}/model.safetensors`);
    const load = (pooling: string) =>
      loadCheckpoint(
        memoryFiles({
          "m/config.json": json({ ...raw, fedtune_pooling: pooling }),
          "m/model.safetensors": weights,
        }),
        "m",
      );
    expect((await load("cls")).pooling).toBe("cls");
    await expect(load("pooler")).rejects.toThrow(
      /fedtune_pooling "pooler", but the checkpoint has no pooler/,
    );
    expect(parseModelConfig({ ...raw, fedtune_pooling: "mean" }).pooling).toBe("mean");
    expect(linearModules(parseModelConfig({ ...raw, fedtune_pooling: "mean" }))).toHaveLength(12);
  });
});
