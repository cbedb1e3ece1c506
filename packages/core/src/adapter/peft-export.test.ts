import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { combine, frobeniusNorm, matrixFrom, multiply, type Matrix } from "../linalg/matrix.ts";
import { rngFromSeed } from "../rng.ts";
import { adapterLayout, initialAdapter } from "./initial.ts";
import type { AdapterKind, AdapterValues } from "./kind.ts";
import { adapterKind, adapterKinds } from "./kinds/registry.ts";
import { factorView, type Factor, type FactorSpec, type Layout } from "./layout.ts";
import { portableAdapter } from "./peft-export.ts";
import { peftTensorNames } from "./peft-names.ts";
import { parseAdapterConfig } from "./peft-config.ts";
import { readPeftAdapter, writePeftAdapter } from "./peft.ts";
import { readSafetensors, tensorToFloat32 } from "./safetensors.ts";

/** Written by PEFT and torch; see golden.json beside the files. */
const folder = new URL("../../../training/golden/", import.meta.url);
const bytesOf = (path: string) => new Uint8Array(readFileSync(new URL(path, folder)));
const tensorsOf = (path: string) => readSafetensors(bytesOf(path)).tensors;
const configOf = (name: string) =>
  parseAdapterConfig(
    JSON.parse(readFileSync(new URL(`peft/${name}/adapter_config.json`, folder), "utf8")),
  );

const prefix = "bert.";
const modules = ["query", "value"].flatMap((name) =>
  [0, 1].map((layer) => ({
    name: `encoder.layer.${layer}.attention.self.${name}`,
    in: 32,
    out: 32,
  })),
);
const head: FactorSpec[] = [
  { name: "classifier.weight", module: "classifier", role: "head", shape: [3, 32] },
  { name: "classifier.bias", module: "classifier", role: "head", shape: [3] },
];

/** A golden file's values over a layout. */
function valuesOf(path: string, layout: Layout): Float32Array {
  const names = peftTensorNames(layout, prefix);
  const tensors = tensorsOf(path);
  const values = new Float32Array(layout.size);
  for (const factor of layout.factors)
    values.set(tensorToFloat32(tensors.get(names.get(factor.name)!)!), factor.offset);
  return values;
}

function partOf({ layout, values }: AdapterValues, module: string, role: Factor["role"]): Matrix {
  const factor = layout.factors.find((own) => own.module === module && own.role === role)!;
  return matrixFrom(factorView(values, factor), factor.shape);
}

/** What a kind without a magnitude adds to a module's weight. */
function change(adapter: AdapterValues, module: string): Matrix {
  const core = adapter.layout.factors.some(({ role }) => role === "core");
  const B = partOf(adapter, module, "up");
  const left = core ? multiply(B, partOf(adapter, module, "core")) : B;
  const product = multiply(left, partOf(adapter, module, "down"));
  return combine(adapter.kind.scaling(adapter), product, { beta: 0, B: product });
}

describe.each(["tiny-bert-pissa", "tiny-bert-pissa-rslora"])("%s", (name) => {
  const config = configOf(name);
  const { kind } = config;
  const settings = { rank: 4, loraAlpha: 8 };
  const layout = adapterLayout(kind, settings, { modules, head });
  const initial = valuesOf(`peft/${name}/initial.safetensors`, layout);
  const trained = valuesOf(`peft/${name}/trained.safetensors`, layout);

  it("[AD1] begins with PEFT's product", () => {
    const base = tensorsOf("tiny-bert/model.safetensors");
    const weights = (module: string) => {
      const found = base.get(`bert.${module}.weight`) ?? base.get(`${module}.weight`);
      return tensorToFloat32(found!);
    };
    const choice = { kind, init: "pissa", ...settings, weights } as const;
    const values = initialAdapter(layout, choice, rngFromSeed(1));
    for (const module of modules) {
      const wanted = change({ kind, ...settings, layout, values: initial }, module.name);
      const found = change({ kind, ...settings, layout, values }, module.name);
      const distance = frobeniusNorm(combine(1, found, { beta: -1, B: wanted }));
      expect(distance).toBeLessThan(1e-5 * frobeniusNorm(wanted));
    }
  });

  it("[AD11] [AD8] becomes the LoRA adapter that PEFT makes of it", () => {
    const files = writePeftAdapter(layout, trained, {
      kind,
      ...settings,
      prefix,
      takenOut: initial,
    });
    const ours = readSafetensors(files.safetensors).tensors;
    for (const [key, tensor] of tensorsOf(`peft/${name}/adapter_model.safetensors`)) {
      expect(ours.get(key)?.shape).toEqual(tensor.shape);
      expect(tensorToFloat32(ours.get(key)!)).toEqual(tensorToFloat32(tensor));
    }
    const read = readPeftAdapter(files.config, files.safetensors, { prefix });
    expect(read.kind).toBe(kind);
    expect(read.rank).toBe(config.rank);
    expect(read.loraAlpha).toBeCloseTo(config.loraAlpha, 12);
  });
});

describe("adapters for PEFT", () => {
  it("[AD11] [AD8] lora-xs is written as LoRA with B R for B, and read as LoRA", () => {
    const kind = adapterKind("lora-xs");
    const settings = { rank: 4, loraAlpha: 8 };
    const layout = adapterLayout(kind, settings, { modules, head });
    const values = valuesOf("train/tiny-bert-lora-xs/start.safetensors", layout);
    const files = writePeftAdapter(layout, values, { kind, ...settings, prefix });
    const read = readPeftAdapter(files.config, files.safetensors, { prefix });
    expect(read).toMatchObject({ kind: adapterKind("lora"), ...settings });
    const ours = readSafetensors(files.safetensors).tensors;
    const theirs = tensorsOf("peft/tiny-bert-lora-xs/adapter_model.safetensors");
    expect([...ours.keys()].sort()).toEqual([...theirs.keys()].sort());
    for (const [key, tensor] of theirs) {
      const found = tensorToFloat32(ours.get(key)!);
      for (const [i, wanted] of tensorToFloat32(tensor).entries())
        expect(found[i]).toBeCloseTo(wanted, 6);
    }
  });

  const writable = adapterKinds.filter(({ inits }) => inits.includes("pissa"));
  it.each([...writable, adapterKind("lora-xs")].map((kind) => [kind.name, kind] as const))(
    "[AD8] %s means the same over the whole base",
    (_, kind: AdapterKind) => {
      const settings = { rank: 3, loraAlpha: 5 };
      const layout = adapterLayout(kind, settings, { modules, head });
      const rng = rngFromSeed(7);
      const draw = () => Float32Array.from({ length: layout.size }, () => rng.uniform() - 0.5);
      const [values, first] = [draw(), draw()];
      const taken = kind.inits.includes("pissa") ? first : null;
      const own: AdapterValues = { kind, ...settings, layout, values };
      const portable = portableAdapter(own, taken);
      expect(portable.kind.peft).not.toBeNull();
      for (const { name } of modules) {
        const before = taken === null ? null : change({ ...own, values: first }, name);
        const last = change(own, name);
        const wanted = before === null ? last : combine(1, last, { beta: -1, B: before });
        const distance = combine(1, change(portable, name), { beta: -1, B: wanted });
        expect(frobeniusNorm(distance)).toBeLessThan(1e-6 * frobeniusNorm(wanted));
      }
      const others = (adapter: AdapterValues) =>
        adapter.layout.factors
          .filter(({ role }) => role === "magnitude" || role === "head")
          .map((factor) => [...factorView(adapter.values, factor)]);
      expect(others(portable)).toEqual(others(own));
    },
  );

  it("[AD8] an adapter that took nothing out of the base stays as it is", () => {
    const kind = adapterKind("dora");
    const layout = adapterLayout(kind, { rank: 1, loraAlpha: 1 }, { modules, head });
    const own = { kind, rank: 1, loraAlpha: 1, layout, values: new Float32Array(layout.size) };
    expect(portableAdapter(own, null)).toBe(own);
  });
});
