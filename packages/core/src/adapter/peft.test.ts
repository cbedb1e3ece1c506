import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { rngFromSeed } from "../rng.ts";
import { initialAdapter } from "./initial.ts";
import { adapterKind } from "./kinds/registry.ts";
import { layoutOf, type FactorSpec } from "./layout.ts";
import { readPeftAdapter, writePeftAdapter } from "./peft.ts";
import { parseAdapterConfig, writeAdapterConfig } from "./peft-config.ts";
import { peftTensorNames } from "./peft-names.ts";
import { readSafetensors, tensorToFloat32, writeSafetensors } from "./safetensors.ts";

/** Written by PEFT itself; see golden.json beside the files. */
const folder = new URL("../../../training/golden/peft/", import.meta.url);
function golden(name: string): { config: string; bytes: Uint8Array } {
  const file = (path: string) => readFileSync(new URL(`${name}/${path}`, folder));
  return {
    config: file("adapter_config.json").toString("utf8"),
    bytes: new Uint8Array(file("adapter_model.safetensors")),
  };
}

const lowRank = { rank: 4, loraAlpha: 8 };
const prefixes = [
  ["tiny-bert-lora", "bert.", "lora", lowRank],
  ["tiny-bert-rslora", "bert.", "rslora", lowRank],
  ["tiny-bert-all-linear", "bert.", "lora", lowRank],
  ["tiny-bert-dora", "bert.", "dora", lowRank],
  ["tiny-bert-dora-all-linear", "bert.", "dora", lowRank],
  ["tiny-bert-vera", "bert.", "vera", { rank: 8 }],
  ["tiny-bert-vera-all-linear", "bert.", "vera", { rank: 8 }],
  ["tiny-roberta-lora", "roberta.", "lora", lowRank],
  ["tiny-distilbert-lora", "distilbert.", "lora", lowRank],
] as const;

const lora = adapterKind("lora");
const settings = { rank: 2, loraAlpha: 4 };
const head: FactorSpec[] = [
  { name: "classifier.weight", module: "classifier", role: "head", shape: [3, 6] },
  { name: "classifier.bias", module: "classifier", role: "head", shape: [3] },
];
const names = ["encoder.layer.2.query", "encoder.layer.10.query"];
const modules = names.map((name) => ({ name, in: 6, out: 5 }));
const layout = layoutOf([...modules.flatMap((module) => lora.factors(module, settings)), ...head]);
const values = initialAdapter(layout, { kind: lora, rank: 4, loraAlpha: 8 }, rngFromSeed(1)).map(
  (value, index) => value + index / 64,
);
const files = writePeftAdapter(layout, values, { kind: lora, ...settings, prefix: "bert." });
const read = (config: string, bytes: Uint8Array, prefix = "bert.") =>
  readPeftAdapter(config, bytes, { prefix });

const invalid = (text: string) =>
  expect.objectContaining({
    code: "adapter-invalid",
    message: expect.stringContaining(text) as string,
  }) as unknown;

/** The file with one tensor changed, or dropped for null. */
function edited(change: (name: string) => { name?: string; shape?: number[] } | null): Uint8Array {
  const tensors = [...readSafetensors(files.safetensors).tensors.values()].flatMap((tensor) => {
    const replaced = change(tensor.name);
    if (replaced === null) return [];
    return [
      { name: tensor.name, shape: tensor.shape, values: tensorToFloat32(tensor), ...replaced },
    ];
  });
  return writeSafetensors(tensors);
}

function withField(field: string, value: unknown): unknown {
  return { ...(JSON.parse(files.config) as object), [field]: value };
}

describe("files of PEFT", () => {
  it.each(prefixes)("[AD9] reads every tensor of %s", (name, prefix, kind, sizes) => {
    const { config, bytes } = golden(name);
    const adapter = read(config, bytes, prefix);
    expect(adapter).toMatchObject({
      ...sizes,
      taskType: "SEQ_CLS",
      fanInFanOut: false,
    });
    expect(adapter.kind.name).toBe(kind);
    const { tensors } = readSafetensors(bytes);
    expect(adapter.layout.factors.length).toBe(tensors.size);
    const names = peftTensorNames(adapter.layout, prefix);
    for (const factor of adapter.layout.factors) {
      const stored = tensorToFloat32(tensors.get(names.get(factor.name)!)!);
      expect(adapter.values.subarray(factor.offset, factor.offset + factor.size)).toEqual(stored);
    }
  });

  it.each(prefixes)(
    "[AD8] writes %s again byte for byte, with a config that says the same",
    (name, prefix) => {
      const { config, bytes } = golden(name);
      const adapter = read(config, bytes, prefix);
      const written = writePeftAdapter(adapter.layout, adapter.values, {
        ...adapter,
        prefix,
        baseModel: adapter.baseModel ?? "",
        taskType: "SEQ_CLS",
        targetModules: adapter.targetModules as string[],
      });
      expect(written.safetensors).toEqual(bytes);
      const theirs = JSON.parse(config) as Record<string, unknown>;
      const ours = JSON.parse(written.config) as Record<string, unknown>;
      // Any key will do where the projections are in the file.
      const loose = new Set(["modules_to_save", "target_modules", "projection_prng_key"]);
      for (const [key, value] of Object.entries(ours)) {
        if (!loose.has(key)) expect([key, value]).toEqual([key, theirs[key]]);
      }
      expect([...(theirs["target_modules"] as string[])].sort()).toEqual(ours["target_modules"]);
      // PEFT adds its usual head names to the list; every module that is in the file is in ours.
      expect(theirs["modules_to_save"]).toEqual(
        expect.arrayContaining(ours["modules_to_save"] as string[]),
      );
    },
  );

  it("[AD9] finds the layout: natural order, then the head as the config lists it", () => {
    const adapter = read(
      golden("tiny-distilbert-lora").config,
      golden("tiny-distilbert-lora").bytes,
      "distilbert.",
    );
    const names = adapter.layout.factors.map((factor) => factor.name);
    expect(names.slice(0, 2)).toEqual([
      "transformer.layer.0.attention.q_lin.lora_A",
      "transformer.layer.0.attention.q_lin.lora_B",
    ]);
    expect(names.slice(-4)).toEqual([
      "pre_classifier.weight",
      "pre_classifier.bias",
      "classifier.weight",
      "classifier.bias",
    ]);
    expect(read(files.config, files.safetensors).layout).toEqual(layout);
  });

  it.each([
    ["tiny-bert-patterns", 'alpha_pattern = {"layer.0.attention.self.query":3}'],
    ["tiny-bert-patterns", "rank_pattern = "],
  ])("[AD9] refuses %s by name: %s", (name, message) => {
    const { config, bytes } = golden(name);
    expect(() => read(config, bytes)).toThrow(invalid(message));
  });
});

describe("files of VeRA", () => {
  const { config, bytes } = golden("tiny-bert-vera-all-linear");
  const without = (...names: string[]) =>
    writeSafetensors(
      [...readSafetensors(bytes).tensors.values()].flatMap((tensor) =>
        names.includes(tensor.name)
          ? []
          : [{ name: tensor.name, shape: tensor.shape, values: tensorToFloat32(tensor) }],
      ),
    );

  it("[AD9] hold shared matrices first, then each module's vectors", () => {
    const { layout } = read(config, bytes);
    expect(layout.factors.slice(0, 4).map(({ name, role, shape }) => [name, role, shape])).toEqual([
      ["vera_A", "projection", [8, 64]],
      ["vera_B", "projection", [64, 8]],
      ["encoder.layer.0.attention.output.dense.vera_lambda_d", "down", [8]],
      ["encoder.layer.0.attention.output.dense.vera_lambda_b", "up", [32]],
    ]);
  });

  it("[AD12] [AD9] are refused without the shared matrices, which only torch could draw anew", () => {
    const unsaved = JSON.stringify({ ...(JSON.parse(config) as object), save_projection: false });
    expect(() => read(unsaved, without("base_model.vera_A", "base_model.vera_B"))).toThrow(
      invalid("save_projection = false, wanted true: vera_A and vera_B cannot be drawn anew here"),
    );
    expect(() => read(config, without("base_model.vera_B"))).toThrow(
      invalid("has no vera_B beside it"),
    );
  });
});

describe("own files", () => {
  it("[AD8] come back with the same values and settings", () => {
    const adapter = read(files.config, files.safetensors);
    expect(adapter.values).toEqual(values);
    expect(adapter).toMatchObject({
      rank: 2,
      loraAlpha: 4,
      modulesToSave: ["classifier"],
      targetModules: ["bert.encoder.layer.10.query", "bert.encoder.layer.2.query"],
    });
    const known = readPeftAdapter(files.config, files.safetensors, { prefix: "bert.", layout });
    expect(known.values).toEqual(values);
    expect(writeAdapterConfig(parseAdapterConfig(JSON.parse(files.config)))).toBe(files.config);
  });

  it("[AD8] are the same bytes every time, and carry metadata", () => {
    const options = { kind: lora, ...settings, prefix: "bert.", metadata: { incomplete: "up" } };
    const again = writePeftAdapter(layout, values, options);
    expect(again.config).toBe(files.config);
    expect(Object.fromEntries(readSafetensors(again.safetensors).metadata)).toEqual({
      format: "pt",
      incomplete: "up",
    });
  });

  it("[AD9] in half precision are widened on reading", () => {
    const half = writePeftAdapter(layout, values, {
      kind: lora,
      ...settings,
      prefix: "",
      dtype: "F16",
    });
    const adapter = read(half.config, half.safetensors, "");
    for (const [index, value] of adapter.values.entries()) {
      expect(Math.abs(value - values[index]!)).toBeLessThanOrEqual(
        Math.abs(values[index]!) * 2 ** -11 + 2 ** -25,
      );
    }
  });

  it("[AD8] refuses values that do not fill the layout or are not finite", () => {
    const options = { kind: lora, ...settings, prefix: "" };
    expect(() => writePeftAdapter(layout, values.subarray(1), options)).toThrow(
      expect.objectContaining({ code: "shape-mismatch" }),
    );
    expect(() =>
      writePeftAdapter(
        layout,
        values.map(() => NaN),
        options,
      ),
    ).toThrow(expect.objectContaining({ code: "not-finite" }));
    expect(() =>
      writePeftAdapter(layout, values, { ...options, kind: { ...lora, peft: null } }),
    ).toThrow(RangeError);
  });
});

describe("damaged adapters", () => {
  const A = "base_model.model.bert.encoder.layer.2.query.lora_A.weight";
  const B = "base_model.model.bert.encoder.layer.2.query.lora_B.weight";
  const only = (name: string, change: { name?: string; shape?: number[] } | null) =>
    edited((candidate) => (candidate === name ? change : {}));

  it.each([
    ["a missing A", only(A, null), "has no lora_A beside it"],
    ["a missing B", only(B, null), "has no lora_B beside it"],
    ["another rank", only(A, { shape: [3, 4] }), `"${A}" has shape [3, 4], wanted [2, 4]`],
    ["a flat A", only(A, { shape: [12] }), "wanted two dimensions"],
    [
      "another prefix",
      only(A, { name: A.replace("bert.", "roberta.") }),
      'does not belong to a module "bert.',
    ],
    [
      "another wrapper",
      only(A, { name: "x.lora_A.weight" }),
      'does not belong to a module "base_model.model.',
    ],
    [
      "an unknown tensor",
      only(A, { name: "base_model.model.bert.pooler.weight" }),
      "neither lora_A nor lora_B",
    ],
  ])("[AD9] refuses %s", (_, bytes, message) => {
    expect(() => read(files.config, bytes)).toThrow(invalid(message));
  });

  it("[AD9] with a known layout refuses missing, additional and differently shaped tensors", () => {
    const known = (bytes: Uint8Array) => () =>
      readPeftAdapter(files.config, bytes, { prefix: "bert.", layout });
    expect(known(only(A, null))).toThrow(invalid(`"${A}" is missing`));
    expect(known(only(A, { shape: [3, 4] }))).toThrow(invalid("has shape [3, 4], wanted [2, 6]"));
    const smaller = layoutOf(layout.factors.slice(0, -1));
    expect(() =>
      readPeftAdapter(files.config, files.safetensors, { prefix: "bert.", layout: smaller }),
    ).toThrow(invalid('classifier.bias" is not a factor'));
  });

  it("[AD9] refuses a config whose rank is not that of the tensors, and one that is no JSON", () => {
    const config = JSON.stringify(withField("r", 3));
    expect(() => readPeftAdapter(config, files.safetensors, { prefix: "bert.", layout })).toThrow(
      invalid("has rank 2, but adapter_config.json says r = 3"),
    );
    expect(() => read("{", files.safetensors)).toThrow(invalid("not JSON"));
  });

  it("[AD9] refuses values that are not finite and types that hold no weights", () => {
    const bytes = files.safetensors.slice();
    new DataView(bytes.buffer).setUint32(bytes.length - 4, 0x7fc00000, true);
    expect(() => read(files.config, bytes)).toThrow(
      expect.objectContaining({ code: "not-finite" }),
    );
    const text = new TextDecoder("latin1").decode(files.safetensors).replace('"F32"', '"I32"');
    const integers = Uint8Array.from(text, (char) => char.charCodeAt(0));
    integers.set(files.safetensors.subarray(text.lastIndexOf("}") + 1), text.lastIndexOf("}") + 1);
    expect(() => read(files.config, integers)).toThrow(invalid("has dtype I32, wanted F32"));
  });
});
