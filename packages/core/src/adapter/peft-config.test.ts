import { describe, expect, it } from "vitest";
import { adapterKind } from "./kinds/registry.ts";
import { parseAdapterConfig, writeAdapterConfig } from "./peft-config.ts";

const text = writeAdapterConfig({
  kind: adapterKind("rslora"),
  rank: 2,
  loraAlpha: 4,
  targetModules: ["query", "value"],
  modulesToSave: ["classifier"],
  taskType: "SEQ_CLS",
  baseModel: "tiny",
  fanInFanOut: true,
});
const valid = JSON.parse(text) as Record<string, unknown>;

const invalid = (message: string) =>
  expect.objectContaining({
    code: "adapter-invalid",
    message: expect.stringContaining(message) as string,
  }) as unknown;

describe("adapter_config.json", () => {
  it("[AD8] comes back as it was written", () => {
    expect(writeAdapterConfig(parseAdapterConfig(valid))).toBe(text);
    expect(valid).toMatchObject({ peft_type: "LORA", r: 2, use_rslora: true, use_dora: false });
  });

  it.each([
    ["peft_type", "LOHA", 'peft_type = "LOHA", wanted one of LORA, VERA'],
    ["r", 0, "r = 0"],
    ["r", "8", "r = "],
    ["lora_alpha", -1, "lora_alpha = -1"],
    ["target_modules", null, "target_modules = null"],
    ["bias", "all", 'bias = "all", wanted one of none'],
    ["use_dora", true, "use_dora = true, wanted an adapter of kind lora or rslora or dora"],
    ["rank_pattern", { query: 2 }, 'rank_pattern = {"query":2}'],
    ["alpha_pattern", { query: 2 }, "alpha_pattern"],
    ["lora_bias", true, "lora_bias = true"],
    ["init_lora_weights", "pissa", 'init_lora_weights = "pissa"'],
    ["layer_replication", [[0, 4]], "layer_replication"],
  ])("[AD9] refuses %s = %j and says so", (field, value, message) => {
    expect(() => parseAdapterConfig({ ...valid, [field]: value })).toThrow(invalid(message));
  });

  it("[AD9] accepts what newer versions add, a regular expression, and absent settings", () => {
    const minimal = {
      peft_type: "LORA",
      r: 8,
      lora_alpha: 16,
      target_modules: ".*query",
      brand_new: { a: 1 },
    };
    expect(parseAdapterConfig(minimal)).toEqual({
      kind: adapterKind("lora"),
      rank: 8,
      loraAlpha: 16,
      targetModules: ".*query",
      modulesToSave: [],
      taskType: null,
      baseModel: null,
      fanInFanOut: false,
    });
    expect(parseAdapterConfig({ ...minimal, use_rslora: true }).kind.name).toBe("rslora");
  });

  it("[AD8] [AD9] says what a vera adapter needs, and reads it without the fields of LoRA", () => {
    const config = { ...parseAdapterConfig(valid), kind: adapterKind("vera"), rank: 16 };
    const written = JSON.parse(writeAdapterConfig(config)) as Record<string, unknown>;
    expect(written).toMatchObject({
      peft_type: "VERA",
      r: 16,
      d_initial: 0.1,
      save_projection: true,
      projection_prng_key: 0,
    });
    expect(written).not.toHaveProperty("lora_alpha");
    expect(parseAdapterConfig(written)).toEqual({ ...config, loraAlpha: 1 });
  });

  it("[AD9] refuses what is no object", () => {
    expect(() => parseAdapterConfig("{")).toThrow(invalid("adapter_config.json"));
    expect(() => parseAdapterConfig([])).toThrow(invalid("adapter_config.json"));
    expect(() => parseAdapterConfig(null)).toThrow(invalid("adapter_config.json"));
  });
});
