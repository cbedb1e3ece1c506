import { methodByName } from "@fedtune/aggregators";
import {
  adapterKind,
  adapterLayout,
  factorView,
  FedtuneError,
  gatherRoles,
  rngFromSeed,
} from "@fedtune/core";
import type { AdapterKind, FactorRole, Method } from "@fedtune/core";
import { describe, expect, it } from "vitest";
import { combineAdapters } from "./combine.ts";
import type { CombinedAdapter } from "./combine.ts";
import { productError } from "./product-error.ts";
import { tiersOf } from "./tiers.ts";
import type { AdapterToCombine } from "./tiers.ts";
import { withResidual } from "./with-residual.ts";

const kind = adapterKind("lora");
const modules = ["query", "value"].map((name) => ({ name, in: 5, out: 4 }));
const head = {
  name: "classifier.weight",
  module: "classifier",
  role: "head",
  shape: [2, 3],
} as const;

interface Shape {
  readonly kind: AdapterKind;
  readonly rank: number;
  readonly loraAlpha: number;
}
const usual: Shape = { kind, rank: 2, loraAlpha: 4 };
const layoutAt = (shape: Shape) => adapterLayout(shape.kind, shape, { modules, head: [head] });
const layout = layoutAt(usual);

/** An adapter with random values; factors of the `shared` roles are the same in all. */
function adapter(name: string, weight: number, options: Partial<Shape> & Shared = {}) {
  const { shared = [], ...own } = options;
  const shape = { ...usual, ...own };
  const places = layoutAt(shape);
  const values = new Float32Array(places.size);
  for (const { name: factor, role, offset, size } of places.factors) {
    const rng = rngFromSeed(`${factor} ${shared.includes(role) ? "all" : name}`);
    for (let i = 0; i < size; i++) values[offset + i] = rng.normal();
  }
  return { ...shape, name, weight, layout: places, values } satisfies AdapterToCombine;
}
interface Shared {
  readonly shared?: readonly FactorRole[];
}

function adapters(weights: readonly number[], shared: readonly FactorRole[] = []) {
  return weights.map((weight, k) => adapter(`client ${String(k)}`, weight, { shared }));
}

const combine = (name: string, given: readonly AdapterToCombine[], rank?: number) =>
  combineAdapters(given, { method: methodByName(name), options: {}, rank });

/** The mean of s_k B_k A_k of one module and s B A of another adapter: full matrices, obviously, in float64. */
function fullProduct({ kind: own, values, ...shape }: Scaled, module: string): number[] {
  const [down, up] = ["lora_A", "lora_B"].map((part) =>
    shape.layout.factors.find((factor) => factor.name === `${module}.${part}`)!,
  );
  return Array.from({ length: 20 }, (_, at) => {
    const [row, column] = [Math.floor(at / 5), at % 5];
    let sum = 0;
    for (let k = 0; k < shape.rank; k++) {
      sum += values[up!.offset + row * shape.rank + k]! * values[down!.offset + k * 5 + column]!;
    }
    return own.scaling(shape) * sum;
  });
}
type Scaled = Omit<AdapterToCombine, "name" | "weight">;

function meanProduct(given: readonly AdapterToCombine[], module: string): number[] {
  const total = given.reduce((sum, { weight }) => sum + weight, 0);
  const products = given.map((one) => fullProduct(one, module));
  return Array.from({ length: 20 }, (_, i) =>
    given.reduce((sum, { weight }, k) => sum + (weight / total) * products[k]![i]!, 0),
  );
}

const asScaled = ({ tier, values }: CombinedAdapter): Scaled => ({ ...tier, values });

function expectMeanProduct(given: readonly AdapterToCombine[], result: CombinedAdapter): void {
  for (const { name } of modules) {
    const wanted = meanProduct(given, name);
    fullProduct(asScaled(result), name).forEach((value, i) => {
      expect(value).toBeCloseTo(wanted[i]!, 4);
    });
  }
}

function codeOf(attempt: () => unknown): [string, string] {
  try {
    attempt();
  } catch (error) {
    if (error instanceof FedtuneError) return [error.code, error.message];
  }
  return ["", ""];
}

describe("combining finished adapters", () => {
  it("[CI7] fedavg: the weighted mean of every factor, head included", () => {
    const given = adapters([3, 1]);
    const { values } = combine("fedavg", given);
    const [a, b] = given;
    values.forEach((value, i) => {
      expect(value).toBeCloseTo(0.75 * a!.values[i]! + 0.25 * b!.values[i]!, 6);
    });
  });

  it("[CI7] ffa-lora: the common A bit for bit, the mean of B, and no error of the product", () => {
    const given = adapters([1, 2, 1], ["down"]);
    const combined = combine("ffa-lora", given);
    expect(gatherRoles(layout, combined.values, ["down"])).toEqual(
      gatherRoles(layout, given[0]!.values, ["down"]),
    );
    expectMeanProduct(given, combined);
    expect(productError(given, asScaled(combined)).total).toBeLessThan(1e-6);
  });

  it("[CI7] ffa-lora refuses adapters whose A differ, and names the factor and both", () => {
    const [code, message] = codeOf(() => combine("ffa-lora", adapters([1, 1])));
    expect(code).toBe("adapter-invalid");
    expect(message).toContain('freezes "query.lora_A"');
    expect(message).toContain("client 1 and client 0");
  });

  it.each([["down"], ["up"]] as const)("[CI7] rolora: exact when all have the same %s", (role) => {
    const given = adapters([1, 2, 1], [role]);
    expectMeanProduct(given, combine("rolora", given));
  });

  it("[CI7] fedsa-lora: the mean of A where all share B, refused where each has its own", () => {
    const given = adapters([1, 3], ["up"]);
    expectMeanProduct(given, combine("fedsa-lora", given));
    expect(codeOf(() => combine("fedsa-lora", adapters([1, 1])))).toEqual([
      "config-conflict",
      expect.stringContaining("its up factors stay with each client"),
    ]);
  });

  it("[CI7] leaves its inputs as they were", () => {
    const given = adapters([1, 2]);
    for (const name of ["fedavg", "flexlora", "flora", "fedex-lora"]) combine(name, given);
    expect(given).toEqual(adapters([1, 2]));
  });

  it("[CI7] one adapter stays itself", () => {
    const given = adapters([5]);
    expect(combine("fedavg", given).values).toEqual(given[0]!.values);
    expectMeanProduct(given, combine("fedex-lora", given));
    expect(combine("fedex-lora", given)).toMatchObject({ residualRank: 0, tier: { rank: 2 } });
  });

  it("[CI7] weights that are all zero are refused", () => {
    expect(codeOf(() => combine("fedavg", adapters([0, 0])))[0]).toBe("zero-weight");
  });

  it("[CI7] methods that need more than finished adapters are refused with the reason", () => {
    const fedavg: Method = methodByName("fedavg");
    const given = adapters([1, 1], ["down"]);
    const attempt = (changed: Partial<Method>) =>
      codeOf(() => combineAdapters(given, { method: { ...fedavg, ...changed }, options: {} }));
    const ownStart = attempt({
      plan: (...task) => ({ ...fedavg.plan(...task), upload: ["up", "head"] }),
      adapter: (state, rank) => fedavg.adapter(state, rank).map((value) => value + 1),
    });
    expect(ownStart).toEqual(["config-conflict", expect.stringContaining("factors of its own")]);
    const product = attempt({ claims: { ...fedavg.claims, products: ["BRA"] } });
    expect(product).toEqual([
      "config-conflict",
      expect.stringContaining("takes adapters of product BRA, but client 0 is a lora adapter (BA)"),
    ]);
  });
});

it("[CI7] cellm, whose server has a state of its own, is refused", () => {
  expect(codeOf(() => combine("cellm", adapters([1, 1])))).toEqual([
    "config-conflict",
    expect.stringContaining("sparse changes"),
  ]);
});

describe("adapters of different ranks and scalings", () => {
  const mixed = [
    adapter("small", 1, { rank: 1, loraAlpha: 3 }),
    adapter("large", 2, { rank: 3, loraAlpha: 3 }),
    adapter("rank-stabilised", 1, { kind: adapterKind("rslora"), rank: 3, loraAlpha: 5 }),
  ];

  it("[CI7] flexlora: the mean of all scaled products, at the largest rank", () => {
    const result = combine("flexlora", mixed, 4);
    expect(result.tier).toMatchObject({ rank: 4, loraAlpha: 4, scaling: 1 });
    // Rank 4 holds every [4, 5] product.
    expectMeanProduct(mixed, result);
    expect(combine("flexlora", mixed).tier).toMatchObject({ rank: 3, loraAlpha: 3, kind });
  });

  it("[CI7] flexlora cuts to any rank, larger ones closer to the mean", () => {
    const errors = [1, 2, 3, 4].map((rank) => {
      const result = combine("flexlora", mixed, rank);
      expect(result.tier.rank).toBe(rank);
      return productError(mixed, asScaled(result)).total;
    });
    expect(errors).toEqual([...errors].sort((a, b) => b - a));
    expect(errors[0]).toBeGreaterThan(0.1);
    expect(errors[3]).toBeLessThan(1e-6);
  });

  it("[CI7] flora: one exact adapter of the sum of ranks", () => {
    const result = combine("flora", mixed);
    expect(result).toMatchObject({ ownRank: 0, residualRank: 7, tier: { rank: 7, loraAlpha: 7 } });
    expectMeanProduct(mixed, result);
  });

  it("[CI7] a tier's scaling is that of its first adapter, and the head is averaged over all", () => {
    const result = combine("flora", mixed);
    const place = result.tier.layout.factors.find(({ role }) => role === "head")!;
    const heads = mixed.map(({ layout: { factors }, values }) => {
      const own = factors.find(({ role }) => role === "head")!;
      return factorView(values, own);
    });
    factorView(result.values, place).forEach((value, i) => {
      expect(value).toBeCloseTo((heads[0]![i]! + 2 * heads[1]![i]! + heads[2]![i]!) / 4, 5);
    });
  });

  it.each([
    ["fedavg", mixed, undefined, "averages factors of one rank, but small has rank 1"],
    ["fedavg", mixed, undefined, "flexlora, flora and hetlora take any mix"],
    ["fedex-lora", mixed.slice(1), undefined, "lora_alpha 3 (lora)"],
    ["fedavg", mixed.slice(1, 2), 2, "has the folders' rank 3, not 2"],
    ["flora", mixed, 3, "takes the rank that it needs, not 3; flexlora cuts to any rank"],
    ["flexlora", mixed, 8, "no result has more than rank 7"],
  ] as const)(
    "[CI7] %s refuses what it cannot do, with the reason (%#)",
    (name, given, rank, why) => {
      expect(codeOf(() => combine(name, given, rank))).toEqual([
        "config-conflict",
        expect.stringContaining(why),
      ]);
    },
  );
});

describe("methods that change the base", () => {
  it.each([["lora"], ["rslora"]])(
    "[CI7] fedex-lora over %s: exact, rank K r, the scaling kept",
    (name) => {
      const own = adapterKind(name);
      const given = [1, 2, 4].map((weight) =>
        adapter(`client ${String(weight)}`, weight, { kind: own, loraAlpha: 5 }),
      );
      const result = combine("fedex-lora", given);
      expect(result).toMatchObject({ ownRank: 2, residualRank: 4, tier: { rank: 6 } });
      expect(own.scaling(result.tier)).toBeCloseTo(own.scaling(given[0]!), 10);
      expectMeanProduct(given, result);
    },
  );

  it("[CI7] a module without a residual keeps its own factors beside zeros", () => {
    const given = adapters([1]);
    const [tier] = tiersOf(given);
    const left = Float32Array.from({ length: 4 }, (_, i) => i + 1);
    const right = Float32Array.from({ length: 5 }, (_, i) => i - 2);
    const residual = { module: "value", rank: 1, left, right };
    const result = withResidual({ tier, values: given[0]!.values }, [residual]);
    expect(result.tier.rank).toBe(3);
    const scaled = { ...result.tier, values: result.values };
    const [query, value] = modules.map(({ name }) => fullProduct(given[0]!, name));
    fullProduct(scaled, "query").forEach((x, i) => {
      expect(x).toBeCloseTo(query![i]!, 5);
    });
    fullProduct(scaled, "value").forEach((x, i) => {
      expect(x).toBeCloseTo(value![i]! + left[Math.floor(i / 5)]! * right[i % 5]!, 5);
    });
  });
});

describe("the error of the product", () => {
  it("[CI7] [NU10] in all equals that of the full matrices", () => {
    const given = adapters([1, 2, 0.5]);
    const combined = asScaled(combine("fedavg", given));
    let [distance, ideal] = [0, 0];
    for (const { name } of modules) {
      const mean = meanProduct(given, name);
      fullProduct(combined, name).forEach((value, i) => {
        distance += (mean[i]! - value) ** 2;
        ideal += mean[i]! ** 2;
      });
    }
    const { total, modules: each } = productError(given, combined);
    expect(total).toBeCloseTo(Math.sqrt(distance / ideal), 6);
    expect(each.map(({ module }) => module)).toEqual(["query", "value"]);
  });
});
