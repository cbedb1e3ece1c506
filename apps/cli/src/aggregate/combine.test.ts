import { methodByName } from "@fedtune/aggregators";
import { adapterKind, FedtuneError, gatherRoles, layoutOf, rngFromSeed } from "@fedtune/core";
import type { Method } from "@fedtune/core";
import { describe, expect, it } from "vitest";
import { combineAdapters } from "./combine.ts";
import type { AdapterToCombine } from "./combine.ts";
import { productError } from "./product-error.ts";

const kind = adapterKind("lora");
const settings = { rank: 2, loraAlpha: 4 };
const modules = ["query", "value"].map((name) => ({ name, in: 5, out: 4 }));
const head = {
  name: "classifier.weight",
  module: "classifier",
  role: "head",
  shape: [2, 3],
} as const;
const layout = layoutOf([...modules.flatMap((module) => kind.factors(module, settings)), head]);
const shape = { layout, kind, ...settings };

/** Adapters with random values; with `frozenDown` all have the same A. */
function adapters(weights: readonly number[], { frozenDown = false } = {}): AdapterToCombine[] {
  return weights.map((weight, index) => {
    const values = new Float32Array(layout.size);
    for (const { name, role, offset, size } of layout.factors) {
      const shared = frozenDown && role === "down";
      const rng = rngFromSeed(`${name} ${shared ? "all" : String(index)}`);
      for (let i = 0; i < size; i++) values[offset + i] = rng.normal();
    }
    return { name: `client ${String(index)}`, weight, values };
  });
}

const combine = (name: string, given: readonly AdapterToCombine[]) =>
  combineAdapters(given, { method: methodByName(name), options: {}, shape });

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
    const combined = combine("fedavg", given);
    const [a, b] = given.map(({ values }) => values);
    combined.forEach((value, i) => {
      expect(value).toBeCloseTo(0.75 * a![i]! + 0.25 * b![i]!, 6);
    });
  });

  it("[CI7] ffa-lora: the common A bit for bit, the mean of B, and no error of the product", () => {
    const given = adapters([1, 2, 1], { frozenDown: true });
    const combined = combine("ffa-lora", given);
    expect(gatherRoles(layout, combined, ["down"])).toEqual(
      gatherRoles(layout, given[0]!.values, ["down"]),
    );
    const ups = given.map(({ values }) => gatherRoles(layout, values, ["up"]));
    gatherRoles(layout, combined, ["up"]).forEach((value, i) => {
      expect(value).toBeCloseTo(0.25 * ups[0]![i]! + 0.5 * ups[1]![i]! + 0.25 * ups[2]![i]!, 6);
    });
    expect(productError(layout, given, combined).total).toBeLessThan(1e-6);
  });

  it("[CI7] ffa-lora refuses adapters whose A differ, and names the factor and both", () => {
    const [code, message] = codeOf(() => combine("ffa-lora", adapters([1, 1])));
    expect(code).toBe("adapter-invalid");
    expect(message).toContain('freezes "query.lora_A"');
    expect(message).toContain("client 1 and client 0");
  });

  it("[CI7] leaves its inputs as they were", () => {
    const given = adapters([1, 2]);
    combine("fedavg", given);
    expect(given).toEqual(adapters([1, 2]));
  });

  it("[CI7] one adapter stays itself", () => {
    const given = adapters([5]);
    expect(combine("fedavg", given)).toEqual(given[0]!.values);
  });

  it("[CI7] weights that are all zero are refused", () => {
    expect(codeOf(() => combine("fedavg", adapters([0, 0])))[0]).toBe("zero-weight");
  });

  it("[CI7] methods that need more than finished adapters are refused with the reason", () => {
    const fedavg: Method = methodByName("fedavg");
    const given = adapters([1, 1], { frozenDown: true });
    const attempt = (changed: Partial<Method>) =>
      codeOf(() =>
        combineAdapters(given, { method: { ...fedavg, ...changed }, options: {}, shape }),
      );
    const keepsUp = attempt({
      plan: (...task) => ({ ...fedavg.plan(...task), personal: ["up"] }),
    });
    expect(keepsUp).toEqual(["config-conflict", expect.stringContaining("its up factors stay")]);
    const ownStart = attempt({
      plan: (...task) => ({
        ...fedavg.plan(...task),
        train: ["up", "head"],
        upload: ["up", "head"],
      }),
      adapter: (state, rank) => fedavg.adapter(state, rank).map((value) => value + 1),
    });
    expect(ownStart).toEqual(["config-conflict", expect.stringContaining("factors of its own")]);
    const residual = attempt({
      finish: (...task) => {
        const result = fedavg.finish(...task);
        return { ...result, parts: [{ kind: "residual", id: "r", modules: [] }] };
      },
    });
    expect(residual).toEqual(["config-conflict", expect.stringContaining("base weights")]);
  });
});

describe("the error of the product", () => {
  /** Obviously: full matrices in float64. */
  function slow(given: readonly AdapterToCombine[], combined: Float32Array): number {
    const total = given.reduce((sum, { weight }) => sum + weight, 0);
    let [distance, ideal] = [0, 0];
    for (const { name } of modules) {
      const product = (values: Float32Array) => {
        const [down, up] = ["lora_A", "lora_B"].map((part) =>
          layout.factors.find((factor) => factor.name === `${name}.${part}`)!,
        );
        return Array.from({ length: 20 }, (_, at) => {
          const [row, column] = [Math.floor(at / 5), at % 5];
          const term = (k: number) =>
            values[up!.offset + row * 2 + k]! * values[down!.offset + k * 5 + column]!;
          return term(0) + term(1);
        });
      };
      const products = given.map(({ values }) => product(values));
      product(combined).forEach((value, i) => {
        const mean = given.reduce(
          (sum, { weight }, k) => sum + (weight / total) * products[k]![i]!,
          0,
        );
        distance += (mean - value) ** 2;
        ideal += mean ** 2;
      });
    }
    return Math.sqrt(distance / ideal);
  }

  it("[CI7] [NU10] in all equals that of the full matrices", () => {
    const given = adapters([1, 2, 0.5]);
    const combined = combine("fedavg", given);
    const { total, modules: each } = productError(layout, given, combined);
    expect(total).toBeCloseTo(slow(given, combined), 6);
    expect(each.map(({ module }) => module)).toEqual(["query", "value"]);
  });
});
