import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { combine, frobeniusNorm, matrixFrom, multiply, type Matrix } from "../linalg/matrix.ts";
import { svd } from "../linalg/svd.ts";
import { rngFromSeed } from "../rng.ts";
import { digest } from "../ids.ts";
import { adapterLayout, initialAdapter, startingResidual } from "./initial.ts";
import type { AdapterInit, AdapterKind } from "./kind.ts";
import { adapterKind, adapterKinds } from "./kinds/registry.ts";
import { factorRoles, factorView, layoutOf, type Factor, type FactorSpec } from "./layout.ts";

const settings = { rank: 4, loraAlpha: 10 };
const modules = [
  { name: "layer.0.query", in: 300, out: 20 },
  { name: "layer.0.value", in: 250, out: 30 },
] as const;
const head: FactorSpec[] = [
  { name: "classifier.weight", module: "classifier", role: "head", shape: [10, 300] },
  { name: "classifier.bias", module: "classifier", role: "head", shape: [10] },
];

/** Base weights of the modules, uniform on (-0.5, 0.5). */
function weights(name: string): Float32Array {
  const { in: inputs, out } = modules.find((module) => module.name === name)!;
  const rng = rngFromSeed(`weight of ${name}`);
  return Float32Array.from({ length: inputs * out }, () => rng.uniform() - 0.5);
}

const cases = adapterKinds.flatMap((kind) =>
  kind.inits.map((init): [string, AdapterInit, AdapterKind] => [kind.name, init, kind]),
);

function deviation(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
}

function expectUniform(values: Float32Array, bound: number): void {
  // Rounding to float32 may pass the bound by half a unit in its last place.
  expect(values.every((value) => Math.abs(value) <= Math.fround(bound))).toBe(true);
  // Standard deviation of a uniform distribution of half-width b is b / sqrt(3).
  expect(Math.abs(deviation(values) / (bound / Math.sqrt(3)) - 1)).toBeLessThan(0.06);
  expect(Math.max(...values)).toBeGreaterThan(0.98 * bound);
  expect(Math.min(...values)).toBeLessThan(-0.98 * bound);
}

/** A first adapter and its factors by role. */
function drawn(kind: AdapterKind, init: AdapterInit, seed = 1, only?: (typeof modules)[number]) {
  const layout = adapterLayout(kind, settings, {
    modules: only === undefined ? modules : [only],
    head,
  });
  const values = initialAdapter(layout, { kind, init, ...settings, weights }, rngFromSeed(seed));
  const find = (matches: (factor: Factor) => boolean): Factor | undefined =>
    layout.factors.find(matches);
  const view = (name: string): Float32Array =>
    factorView(
      values,
      find((factor) => factor.name === name)!,
    );
  const part = (module: string, role: Factor["role"]): Matrix | null => {
    const factor = find((candidate) => candidate.module === module && candidate.role === role);
    if (factor?.shape.length !== 2) return null;
    return matrixFrom(factorView(values, factor), factor.shape);
  };
  return { layout, values, view, part };
}

describe.each(cases)("%s, %s", (_, init, kind) => {
  const { layout, values, view, part } = drawn(kind, init);

  it("[AD2] changes nothing: a factor of the product is zero, or the base gives the product up", () => {
    const scaling = kind.scaling(settings);
    const first = { hash: digest("0".repeat(64)), values };
    const [residual] = startingResidual(layout, first, { init, scaling });
    expect(residual !== undefined).toBe(init === "pissa");
    for (const { name, in: inputs, out } of modules) {
      const own = layout.factors.filter(({ module }) => module === name);
      if (residual === undefined) {
        const empty = own.filter((factor) => factorView(values, factor).every((x) => x === 0));
        expect(empty.map(({ role }) => role)).toEqual([kind.product === "BRA" ? "core" : "up"]);
        continue;
      }
      const { left, right, rank } = residual.modules.find(({ module }) => module === name)!;
      const taken = multiply(matrixFrom(left, [out, rank]), matrixFrom(right, [rank, inputs]));
      const product = multiply(part(name, "up")!, part(name, "down")!);
      const sum = combine(scaling, product, { beta: 1, B: taken });
      expect(frobeniusNorm(sum)).toBeLessThan(1e-6 * frobeniusNorm(taken));
    }
  });

  it("[AD1] the head's weights have deviation 0.02, its biases are zero", () => {
    expect(Math.abs(deviation(view("classifier.weight")) / 0.02 - 1)).toBeLessThan(0.04);
    expect(view("classifier.bias").every((value) => value === 0)).toBe(true);
  });

  it("[AD1] a factor's values depend on the seed and its name, not on its place", () => {
    expect(drawn(kind, init).values).toEqual(values);
    expect(drawn(kind, init, 2).values).not.toEqual(values);
    const alone = drawn(kind, init, 1, modules[1]);
    for (const { name, role } of alone.layout.factors) {
      if (role !== "projection") expect(alone.view(name)).toEqual(view(name));
    }
  });

  it("[AD1] asks for the base weight exactly if it says so", () => {
    const without = () =>
      initialAdapter(layout, { kind, init, ...settings, weights: null }, rngFromSeed(1));
    if (kind.readsBase(init)) expect(without).toThrow(RangeError);
    else expect(without()).toEqual(values);
  });

  it("[AD1] refuses to initialise a factor that is not its own", () => {
    const own = new Set(layout.factors.map(({ role }) => role));
    const role = factorRoles.find((candidate) => !own.has(candidate))!;
    const module = modules[0];
    const foreign = layoutOf([
      ...kind.factors(module, settings),
      { name: "foreign", module: module.name, role, shape: [2, 2] },
    ]);
    const choice = { kind, init, ...settings, weights };
    expect(() => initialAdapter(foreign, choice, rngFromSeed(1))).toThrow(/foreign/);
  });
});

const lowRank = adapterKinds.filter(({ inits }) => inits.includes("pissa"));

describe.each(lowRank.map((kind) => [kind.name, kind] as const))("A and B of %s", (_, kind) => {
  it("[AD1] kaiming: A is uniform on (-1/sqrt(in), 1/sqrt(in)), as in PEFT", () => {
    expectUniform(drawn(kind, "kaiming").view("layer.0.query.lora_A"), 1 / Math.sqrt(300));
  });

  it("[AD1] gaussian: A is normal with deviation 1 / r, as in PEFT", () => {
    const A = drawn(kind, "gaussian").view("layer.0.query.lora_A");
    expect(Math.abs(deviation(A) * settings.rank - 1)).toBeLessThan(0.06);
    const fourth = A.reduce((sum, value) => sum + (value * settings.rank) ** 4, 0) / A.length;
    expect(Math.abs(fourth - 3)).toBeLessThan(0.5);
  });

  it("[AD1] pissa: the product is the best of its rank, and A and B share it equally", () => {
    const { part } = drawn(kind, "pissa");
    const [A, B] = [part("layer.0.query", "down")!, part("layer.0.query", "up")!];
    const W = matrixFrom(weights("layer.0.query"), [20, 300]);
    const rest = combine(1, W, { beta: -kind.scaling(settings), B: multiply(B, A) });
    const least = Math.hypot(...svd(W).S.subarray(settings.rank));
    expect(frobeniusNorm(rest)).toBeLessThan(least * 1.0001);
    expect(frobeniusNorm(A) / frobeniusNorm(B)).toBeCloseTo(1, 5);
  });
});

function transposed({ rows, cols, data }: Matrix): Matrix {
  return {
    rows: cols,
    cols: rows,
    data: data.map((_, i) => data[(i % rows) * cols + Math.floor(i / rows)]!),
  };
}

describe("adapter kinds", () => {
  it("[AD1] dora's magnitude begins as the norms of the weight's rows", () => {
    const { view } = drawn(adapterKind("dora"), "kaiming");
    const weight = weights("layer.0.query");
    const norms = Float32Array.from({ length: 20 }, (_, row) =>
      Math.hypot(...weight.subarray(row * 300, (row + 1) * 300)),
    );
    const found = view("layer.0.query.lora_magnitude_vector");
    for (const [row, norm] of norms.entries()) expect(found[row]! / norm).toBeCloseTo(1, 6);
  });

  it("[AD1] vera shares two matrices of the widest sizes, uniform on (-sqrt(6/fan), sqrt(6/fan)); d is 0.1", () => {
    const { layout, view } = drawn(adapterKind("vera"), "kaiming");
    expect(layout.factors.slice(0, 2).map(({ name, shape }) => [name, shape])).toEqual([
      ["vera_A", [4, 300]],
      ["vera_B", [30, 4]],
    ]);
    expectUniform(view("vera_A"), Math.sqrt(6 / 300));
    expect(Math.max(...view("vera_B").map(Math.abs))).toBeLessThanOrEqual(Math.sqrt(6 / 4));
    expect(view("layer.0.value.vera_lambda_d")).toEqual(new Float32Array(4).fill(0.1));
  });

  it("[AD1] lora-xs keeps the weight's singular vectors, orthonormal, around a zero", () => {
    const { part } = drawn(adapterKind("lora-xs"), "svd");
    const [A, B] = [part("layer.0.query", "down")!, part("layer.0.query", "up")!];
    const W = matrixFrom(weights("layer.0.query"), [20, 300]);
    const core = multiply(multiply(transposed(B), W), transposed(A));
    for (let i = 0; i < 4; i++) {
      for (let j = 0; j < 4; j++) {
        const gram = multiply(A, transposed(A)).data[i * 4 + j]!;
        expect(gram).toBeCloseTo(i === j ? 1 : 0, 6);
        if (i !== j) expect(core.data[i * 4 + j]).toBeCloseTo(0, 5);
      }
    }
  });

  // Values of one run on one machine: another that finds other bits draws another adapter from the same seed.
  it.each([
    ["lora", "kaiming", "230e3a6d94fa138b"],
    ["lora", "gaussian", "c550b3a4eb2ba0e3"],
    ["lora", "pissa", "ec129905937c5c99"],
    ["vera", "kaiming", "a1ad1b15d3255ece"],
    ["lora-xs", "svd", "df62cffea6ec4f03"],
  ] as const)(
    "[AD1] the first values of %s, %s are these bits on every platform",
    (name, init, bits) => {
      const { values } = drawn(adapterKind(name), init);
      const hash = createHash("sha256").update(new Uint8Array(values.buffer)).digest("hex");
      expect(hash.slice(0, 16)).toBe(bits);
    },
  );

  it("[AD2] scales the product by alpha / rank, rank-stabilised by alpha / sqrt(rank), vera not at all", () => {
    const at = { rank: 16, loraAlpha: 8 };
    const scalings = adapterKinds.map((kind) => [kind.name, kind.scaling(at)]);
    expect(Object.fromEntries(scalings)).toEqual({
      lora: 0.5,
      rslora: 2,
      dora: 0.5,
      vera: 1,
      "lora-xs": 0.5,
    });
  });

  it("[CF1] an unknown kind is refused with the nearest name", () => {
    expect(() => adapterKind("rs-lora")).toThrow(
      expect.objectContaining({
        code: "config-invalid",
        message: expect.stringContaining('"rslora"') as string,
      }),
    );
    expect(() => adapterKind("something-else")).toThrow(/lora, rslora, dora, vera, lora-xs$/);
  });

  it("[CF6] every kind has a name and a paper of its own", () => {
    expect(new Set(adapterKinds.map(({ name }) => name)).size).toBe(adapterKinds.length);
    expect(new Set(adapterKinds.map(({ paper }) => paper.id)).size).toBe(adapterKinds.length);
    for (const { paper } of adapterKinds) expect(paper.id).toMatch(/^arXiv:\d{4}\.\d{5}$/);
  });
});
