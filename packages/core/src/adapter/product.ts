/** What an adapter adds to each weight, as a product of two low-rank factors whatever its kind. */
import type { LowRank, Matrix } from "../linalg/matrix.ts";
import { matrixFrom, multiply } from "../linalg/matrix.ts";
import type { AdapterProduct, LinearModule } from "./kind.ts";
import type { Factor, FactorRole, Layout } from "./layout.ts";
import { factorView } from "./layout.ts";

/** Reads one module's product, without the kind's scaling, from values of the layout `[layout.size]`. */
export interface ModuleProduct {
  readonly module: LinearModule;
  /** Inner width of the product. */
  readonly rank: number;
  /** B is up `[out, r]`, A is down `[r, in]`. `over`, an earlier reading that is done with, may give its memory to this one. */
  read(values: Float32Array, over?: LowRank): LowRank;
}

/** The products of all modules of a layout; modules whose factors are not all there are left out. */
export function moduleProducts(
  layout: Layout,
  product: AdapterProduct,
  modules: readonly LinearModule[],
): ModuleProduct[] {
  const projections = layout.factors.filter(({ role }) => role === "projection");
  return modules.flatMap((module): ModuleProduct[] => {
    const own = (role: FactorRole): Factor | undefined =>
      layout.factors.find((factor) => factor.module === module.name && factor.role === role);
    const [down, up] = [own("down"), own("up")];
    if (down === undefined || up === undefined) return [];
    if (product === "diagonal") return diagonal(module, { down, up, projections });
    const core = product === "BRA" ? own("core") : undefined;
    if (product === "BRA" && core === undefined) return [];
    return [
      {
        module,
        rank: down.shape[0] ?? 0,
        read(values, over) {
          const right = matrixOf(values, down, over?.down);
          if (core === undefined) return { up: matrixOf(values, up, over?.up), down: right };
          return { up: multiply(matrixOf(values, up), matrixOf(values, core)), down: right };
        },
      },
    ];
  });
}

interface DiagonalFactors {
  readonly down: Factor;
  readonly up: Factor;
  /** A `[r, widest in]`, then B `[widest out, r]`. */
  readonly projections: readonly Factor[];
}

/** VeRA: `diag(b) B diag(d) A` over the shared projections, cut to the module. */
function diagonal(module: LinearModule, factors: DiagonalFactors): ModuleProduct[] {
  const { down, up, projections } = factors;
  const [A, B] = projections;
  if (A === undefined || B === undefined) return [];
  const rank = down.size;
  return [
    {
      module,
      rank,
      read(values) {
        const [b, d] = [factorView(values, up), factorView(values, down)];
        const [left, right] = [factorView(values, B), factorView(values, A)];
        const width = A.shape[1] ?? 0;
        return {
          up: filled(
            module.out,
            rank,
            (i, k) => (b[i] ?? 0) * (left[i * rank + k] ?? 0) * (d[k] ?? 0),
          ),
          down: filled(rank, module.in, (k, j) => right[k * width + j] ?? 0),
        };
      },
    },
  ];
}

function matrixOf(values: Float32Array, factor: Factor, over?: Matrix): Matrix {
  const own = factorView(values, factor);
  if (over?.data.length !== own.length) return matrixFrom(own, factor.shape);
  over.data.set(own);
  return over;
}

function filled(rows: number, cols: number, value: (i: number, j: number) => number): Matrix {
  const data = new Float64Array(rows * cols);
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) data[i * cols + j] = value(i, j);
  return { rows, cols, data };
}
