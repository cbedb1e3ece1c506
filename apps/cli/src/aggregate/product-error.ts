/** How far a combined adapter is from the mean of the products, module by module. */
import {
  aggregationError,
  concatColumns,
  concatRows,
  factorView,
  matrixFrom,
  productNorm,
} from "@fedtune/core";
import type { AdapterKind, AdapterSettings, Layout, LowRank, WeightedProduct } from "@fedtune/core";

/** Relative Frobenius distances `||mean of s_k B_k A_k - s B A|| / ||mean of s_k B_k A_k||`. */
export interface ProductError {
  readonly total: number;
  readonly modules: readonly { readonly module: string; readonly error: number }[];
}

/** An adapter with what scales its product; ranks and scalings may differ from one to the next. */
export interface ScaledAdapter extends AdapterSettings {
  readonly kind: AdapterKind;
  readonly layout: Layout;
  readonly values: Float32Array;
}

/** Compares with the weighted mean of the products of up and down factors; weights must not sum to zero. */
export function productError(
  adapters: readonly (ScaledAdapter & { readonly weight: number })[],
  combined: ScaledAdapter,
): ProductError {
  const modules = adaptedModules(combined.layout).map((module) => {
    const clients = adapters.map((adapter) => ({
      ...productOf(adapter, module),
      weight: adapter.weight,
    }));
    const error = aggregationError(clients, productOf(combined, module));
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

/** The scaling goes into B. */
function productOf(adapter: ScaledAdapter, module: string): LowRank {
  const { kind, layout, values } = adapter;
  const matrix = (role: "up" | "down") => {
    const factor = layout.factors.find(
      (candidate) => candidate.module === module && candidate.role === role,
    );
    if (factor === undefined) throw new RangeError(`Cannot find the ${role} factor of "${module}"`);
    return matrixFrom(factorView(values, factor), factor.shape);
  };
  const [up, scaling] = [matrix("up"), kind.scaling(adapter)];
  return { up: { ...up, data: up.data.map((x) => x * scaling) }, down: matrix("down") };
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
