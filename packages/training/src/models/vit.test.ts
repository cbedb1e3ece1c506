import { utf8 } from "@fedtune/core";
import { describe, expect, test } from "vitest";
import { memoryFiles } from "../files.ts";
import { loadModelConfig } from "./checkpoint.ts";
import { describeModel, resolveTargets } from "./describe.ts";
import { maxTokens } from "./family.ts";
import { wantedTensors } from "./parts.ts";
import { parseModelConfig } from "./registry.ts";

const sizes = {
  model_type: "vit",
  image_size: 12,
  patch_size: 4,
  num_channels: 3,
  hidden_size: 8,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  intermediate_size: 16,
};
const json = (value: unknown) => utf8(JSON.stringify(value));

function open(preprocessor: unknown, changes: object = {}) {
  const files = {
    "m/config.json": json({ ...sizes, ...changes }),
    ...(preprocessor === undefined ? {} : { "m/preprocessor_config.json": json(preprocessor) }),
  };
  return loadModelConfig(memoryFiles(files), "m");
}

describe("a vision transformer's configuration", () => {
  test("a class token stands before the patches, and every shape follows from the sizes", () => {
    const config = parseModelConfig({ ...sizes, image_size: [8, 12], qkv_bias: false });
    expect(maxTokens(config)).toBe(1 + 2 * 3);
    const wanted = wantedTensors(config, "cls");
    expect(wanted.get("embeddings.patch_embeddings.projection.weight")).toEqual([8, 3, 4, 4]);
    expect(wanted.get("embeddings.position_embeddings")).toEqual([1, 7, 8]);
    expect(wanted.get("layernorm.bias")).toEqual([8]);
    const layer = "encoder.layer.0";
    expect(wanted.has(`${layer}.attention.attention.query.bias`)).toBe(false);
    expect(wanted.has(`${layer}.attention.output.dense.bias`)).toBe(true);
    expect([...wanted.keys()].some((name) => name.includes("word"))).toBe(false);
  });

  test("modules are adapted under the names of the files, and PEFT has no name for the task", () => {
    const config = parseModelConfig(sizes);
    const named = (...targets: string[]) =>
      resolveTargets(config, targets).map(({ name }) => name.replace("encoder.layer.0.", ""));
    expect(named("query", "value")).toEqual([
      "attention.attention.query",
      "attention.attention.value",
    ]);
    expect(named("all-linear")).toHaveLength(6);
    expect(named("attention.output.dense")).toEqual(["attention.output.dense"]);
    const choice = { kind: "lora", rank: 2, loraAlpha: 2, labels: ["a", "b"] };
    const { taskType, head } = describeModel(config, { ...choice, targetModules: ["query"] });
    expect(taskType).toBeNull();
    expect(head.map(({ module, out }) => [module, out])).toEqual([["classifier", 2]]);
  });

  test.each([
    ["patches that do not fit", { patch_size: 5 }, /image_size is 12 x 12, wanted multiples/],
    ["two channels", { num_channels: 2 }, /num_channels/],
    ["heads that do not divide", { num_attention_heads: 3 }, /not a multiple of 3 heads/],
  ])("[TN14] %s: refused by name", async (_what, changes, message) => {
    await expect(open(undefined, changes)).rejects.toMatchObject({ code: "model-invalid" });
    await expect(open(undefined, changes)).rejects.toThrow(message);
  });
});

describe("how bytes become numbers", () => {
  test("as preprocessor_config.json says, and without one as HuggingFace does", async () => {
    const halves = [0.5, 0.5, 0.5];
    const usual = { rescale: 1 / 255, mean: halves, std: halves, resizes: true };
    expect((await open(undefined)).image?.scaling).toEqual(usual);
    const said = { do_resize: false, rescale_factor: 0.5, image_mean: 0.25, image_std: [1, 2, 3] };
    expect((await open(said)).image?.scaling).toEqual({
      ...{ rescale: 0.5, resizes: false },
      ...{ mean: [0.25, 0.25, 0.25], std: [1, 2, 3] },
    });
    const none = await open({ do_rescale: false, do_normalize: false, image_mean: [9, 9, 9] });
    expect(none.image?.scaling).toMatchObject({ rescale: 1, mean: [0, 0, 0], std: [1, 1, 1] });
  });

  test.each([
    ["two means for three channels", { image_mean: [0, 0] }, /image_mean is \[0, 0\], wanted 3/],
    ["a spread of zero", { image_std: [1, 0, 1] }, /image_std is \[1, 0, 1\].*other than 0/],
    ["another way to resample", { resample: 3 }, /preprocessor_config\.json: resample/],
  ])("[TN14] %s: refused by name", async (_what, preprocessor, message) => {
    await expect(open(preprocessor)).rejects.toMatchObject({ code: "model-invalid" });
    await expect(open(preprocessor)).rejects.toThrow(message);
  });
});
