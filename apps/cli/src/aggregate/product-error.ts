/** How far a combined adapter is from the mean of the products, module by module. */
import {
  aggregationError,
  concatColumns,
  concatRows,
  factorView,
  matrixFrom,
  productNorm,
} from "@fedtune/core";
import type { Layout, LowRank, WeightedProduct } from "@fedtune/core";
import type { AdapterToCombine } from "./combine.ts";

/** Relative Frobenius distances `||mean of B_k A_k - B A|| / ||mean of B_k A_k||`; scalings cancel. */
export interface ProductError {
  readonly total: number;
  readonly modules: readonly { readonly module: string; readonly error: number }[];
}

/** Compares with the weighted mean of the products of up and down factors; weights must not sum to zero. */
export function productError(
  layout: Layout,
  adapters: readonly AdapterToCombine[],
  combined: Float32Array,
): ProductError {
  const modules = adaptedModules(layout).map((module) => {
    const clients = adapters.map(({ values, weight }) => ({
      ...productOf(layout, values, module),
      weight,
    }));
    const error = aggregationError(clients, productOf(layout, combined, module));
    return { module, error, ideal: idealNorm(clients) };
  });
  const distance = Math.hypot(
    ...modules.map(({ error, ideal }) => (error === 0 ? 0 : error * ideal)),
  );
  const ideal = Math.hypot(...modules.map((module) => module.ideal));
  return {
    total: distance === 0 ? 0 : distance / ideal,
    modules: modules.map(({ module, error }) => ({ module, error })),
  };
}

function adaptedModules(layout: Layout): string[] {
  return layout.factors.filter(({ role }) => role === "up").map(({ module }) => module);
}

function productOf(layout: Layout, values: Float32Array, module: string): LowRank {
  const matrix = (role: "up" | "down") => {
    const factor = layout.factors.find(
      (candidate) => candidate.module === module && candidate.role === role,
    );
    if (factor === undefined) throw new RangeError(`Cannot find the ${role} factor of "${module}"`);
    return matrixFrom(factorView(values, factor), factor.shape);
  };
  return { up: matrix("up"), down: matrix("down") };
}

/** `||sum p_k B_k A_k||`: the product of all factors side by side, without the full matrix. */
function idealNorm(clients: readonly WeightedProduct[]): number {
  const total = clients.reduce((sum, { weight }) => sum + weight, 0);
  const ups = clients.map(({ up, weight }) => ({
    ...up,
    data: up.data.map((x) => (x * weight) / total),
  }));
  return productNorm({ up: concatColumns(ups), down: concatRows(clients.map(({ down }) => down)) });
}
