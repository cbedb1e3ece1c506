import { describe, expect, it } from "vitest";
import { rngFromSeed } from "../rng.ts";
import { initialAdapter } from "./initial.ts";
import { adapterKind, adapterKinds } from "./kinds/registry.ts";
import { factorView, layoutOf, type FactorSpec } from "./layout.ts";

const settings = { rank: 4, loraAlpha: 8 };
const modules = [
  { name: "layer.0.query", in: 300, out: 20 },
  { name: "layer.0.value", in: 300, out: 30 },
];
const head: FactorSpec[] = [
  { name: "classifier.weight", module: "classifier", role: "head", shape: [10, 300] },
  { name: "classifier.bias", module: "classifier", role: "head", shape: [10] },
];

/** Standard deviation of a uniform distribution of half-width b is b / sqrt(3). */
function deviation(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
}

describe.each(adapterKinds.map((kind) => [kind.name, kind] as const))("%s", (_, kind) => {
  const choice = { kind, ...settings };
  const layout = layoutOf([
    ...modules.flatMap((module) => kind.factors(module, settings)),
    ...head,
  ]);
  const values = initialAdapter(layout, choice, rngFromSeed(1));
  const view = (name: string): Float32Array =>
    factorView(
      values,
      layout.factors.find((factor) => factor.name === name)!,
    );

  it("[AD2] starts with a product of zero: every up factor is zero", () => {
    for (const factor of layout.factors.filter(({ role }) => role === "up")) {
      expect(factorView(values, factor).every((value) => value === 0)).toBe(true);
    }
  });

  it("[AD1] A is uniform on (-1/sqrt(in), 1/sqrt(in)), as in PEFT", () => {
    const A = view("layer.0.query.lora_A");
    const bound = 1 / Math.sqrt(300);
    expect(A.every((value) => Math.abs(value) <= bound)).toBe(true);
    expect(Math.abs(deviation(A) / (bound / Math.sqrt(3)) - 1)).toBeLessThan(0.06);
    expect(Math.max(...A)).toBeGreaterThan(0.98 * bound);
    expect(Math.min(...A)).toBeLessThan(-0.98 * bound);
  });

  it("[AD1] the head's weights have deviation 0.02, its biases are zero", () => {
    expect(Math.abs(deviation(view("classifier.weight")) / 0.02 - 1)).toBeLessThan(0.04);
    expect(view("classifier.bias").every((value) => value === 0)).toBe(true);
  });

  it("[AD1] a factor's values depend on the seed and its name, not on its place", () => {
    expect(initialAdapter(layout, choice, rngFromSeed(1))).toEqual(values);
    expect(initialAdapter(layout, choice, rngFromSeed(2))).not.toEqual(values);
    const alone = layoutOf(kind.factors(modules[1]!, settings));
    const A = factorView(initialAdapter(alone, choice, rngFromSeed(1)), alone.factors[0]!);
    expect(A).toEqual(view("layer.0.value.lora_A"));
    expect(A).not.toEqual(view("layer.0.query.lora_A"));
  });

  it("[AD1] refuses to initialise a factor that is not its own", () => {
    const foreign = layoutOf([{ ...head[0]!, role: "core" }]);
    expect(() => initialAdapter(foreign, choice, rngFromSeed(1))).toThrow(RangeError);
  });
});

describe("adapter kinds", () => {
  it("[AD1] the first values are these bits on every platform", () => {
    const layout = layoutOf(
      adapterKind("lora").factors({ name: "m", in: 3, out: 2 }, { rank: 1, loraAlpha: 1 }),
    );
    const bits = new Uint32Array(
      initialAdapter(layout, { kind: adapterKind("lora"), rank: 1, loraAlpha: 1 }, rngFromSeed(7))
        .buffer,
    );
    expect([...bits]).toEqual([1057201138, 3196531581, 3205561573, 0, 0]);
  });

  it("[AD2] scales the product by alpha / rank, rank-stabilised by alpha / sqrt(rank)", () => {
    expect(adapterKind("lora").scaling({ rank: 16, loraAlpha: 8 })).toBe(0.5);
    expect(adapterKind("rslora").scaling({ rank: 16, loraAlpha: 8 })).toBe(2);
  });

  it("[CF1] an unknown kind is refused with the nearest name", () => {
    expect(() => adapterKind("rs-lora")).toThrow(
      expect.objectContaining({
        code: "config-invalid",
        message: expect.stringContaining('"rslora"') as string,
      }),
    );
    expect(() => adapterKind("something-else")).toThrow(/lora, rslora$/);
  });

  it("[CF6] every kind has a name and a paper of its own", () => {
    expect(new Set(adapterKinds.map(({ name }) => name)).size).toBe(adapterKinds.length);
    for (const { paper } of adapterKinds) expect(paper.id).toMatch(/^arXiv:\d{4}\.\d{5}$/);
  });
});
