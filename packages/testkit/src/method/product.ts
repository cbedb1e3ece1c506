/**
 * The obvious way to see what an adapter does: the change of every weight as a full matrix.
 *
 * Every adapter product is a case of `scaling * diag(b) B R diag(d) A`. What a kind lacks is fixed: seeded matrices
 * for A and B (VeRA, LoRA-XS), the identity for R, ones for b and d.
 */
import { rngFromSeed } from "@fedtune/core";
import type { Factor, FactorRole, FactoredResidual, LinearModule, Tier } from "@fedtune/core";

/** An adapter as a client holds it: its tier's vector and what has been added to the base. */
export interface HeldAdapter {
  readonly values: ArrayLike<number>;
  readonly residuals: readonly FactoredResidual[];
}

/** All that an adapter does: its weight changes, then every factor outside of the product (magnitude, head). */
export function effectOf(
  modules: readonly LinearModule[],
  tier: Tier,
  held: HeldAdapter,
): Float64Array {
  const others = tier.layout.factors.filter(({ role }) => role === "head" || role === "magnitude");
  const rest = others.flatMap((factor) => slice(held.values, factor));
  return concatenated([effectiveUpdate(modules, tier, held), rest]);
}

/** The change of every module's weight, one `[out, in]` after the other: base residuals plus the scaled product. */
export function effectiveUpdate(
  modules: readonly LinearModule[],
  tier: Tier,
  held: HeldAdapter,
): Float64Array {
  const changes = modules.map((module) => {
    const change = productOf(module, tier, held.values);
    for (const { rank, left, right, module: name } of held.residuals) {
      if (name !== module.name) continue;
      const base = multiply(matrix(module.out, rank, left), matrix(rank, module.in, right));
      base.data.forEach((value, i) => (change[i]! += value));
    }
    return change;
  });
  return concatenated(changes);
}

function concatenated(vectors: readonly ArrayLike<number>[]): Float64Array {
  const all = new Float64Array(vectors.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const vector of vectors) {
    all.set(vector, at);
    at += vector.length;
  }
  return all;
}

function productOf(module: LinearModule, tier: Tier, values: ArrayLike<number>): Float64Array {
  const { rank, scaling, layout } = tier;
  const own = (role: FactorRole) => {
    const factor = layout.factors.find((f) => f.module === module.name && f.role === role);
    return factor === undefined ? null : { factor, data: slice(values, factor) };
  };
  const [down, up, core] = [own("down"), own("up"), own("core")];
  const isVector = (side: typeof down) => side?.factor.shape.length === 1;
  const A =
    isVector(down) || down === null ? fixed(module, "A", rank) : matrix(rank, module.in, down.data);
  const B =
    isVector(up) || up === null ? fixed(module, "B", rank) : matrix(module.out, rank, up.data);
  const right = isVector(down) ? scaleRows(A, down?.data ?? []) : A;
  const left = isVector(up) ? scaleRows(B, up?.data ?? []) : B;
  const inner = core === null ? right : multiply(matrix(rank, rank, core.data), right);
  return multiply(left, inner).data.map((value) => scaling * value);
}

interface Matrix {
  readonly rows: number;
  readonly columns: number;
  /** Row-major. */
  readonly data: Float64Array;
}

function matrix(rows: number, columns: number, data: ArrayLike<number>): Matrix {
  return { rows, columns, data: Float64Array.from(data) };
}

const fixedFactors = new Map<string, Matrix>();

/** A frozen random factor that is not part of the adapter: A `[rank, in]` or B `[out, rank]`. */
function fixed(module: LinearModule, side: "A" | "B", rank: number): Matrix {
  const [rows, columns] = side === "A" ? [rank, module.in] : [module.out, rank];
  const key = `fixed ${side} of ${module.name}, ${String(rows)} x ${String(columns)}`;
  return remembered(fixedFactors, key, () => {
    const rng = rngFromSeed(key);
    const data = Float64Array.from({ length: rows * columns }, () => 2 * rng.uniform() - 1);
    return { rows, columns, data };
  });
}

/** The map's value, made on first use. */
export function remembered<T>(values: Map<string, T>, key: string, make: () => T): T {
  const known = values.get(key) ?? make();
  values.set(key, known);
  return known;
}

function multiply(left: Matrix, right: Matrix): Matrix {
  const data = new Float64Array(left.rows * right.columns);
  for (let i = 0; i < left.rows; i++) {
    for (let k = 0; k < left.columns; k++) {
      const factor = left.data[i * left.columns + k]!;
      for (let j = 0; j < right.columns; j++) {
        data[i * right.columns + j]! += factor * right.data[k * right.columns + j]!;
      }
    }
  }
  return { rows: left.rows, columns: right.columns, data };
}

function scaleRows({ rows, columns, data }: Matrix, by: ArrayLike<number>): Matrix {
  return { rows, columns, data: data.map((value, i) => value * by[Math.floor(i / columns)]!) };
}

function slice(values: ArrayLike<number>, { offset, size }: Factor): number[] {
  return Array.from({ length: size }, (_, i) => values[offset + i]!);
}
