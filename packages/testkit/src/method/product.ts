/**
 * The obvious way to see what an adapter does: the change of every weight as a full matrix.
 *
 * Every adapter product is a case of `scaling * diag(b) B R diag(d) A`. Without an R it is the identity, without vectors b
 * and d they are ones; vectors go with the shared projections A and B, of which a module has the first columns and rows.
 */
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
      const base = multiply(
        { rows: module.out, columns: rank, data: Float64Array.from(left) },
        { rows: rank, columns: module.in, data: Float64Array.from(right) },
      );
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
  const { scaling, layout } = tier;
  const own = (role: FactorRole, owner = module.name): Factor | undefined =>
    layout.factors.find((factor) => factor.module === owner && factor.role === role);
  const [down, up, core] = [own("down"), own("up"), own("core")];
  if (down === undefined || up === undefined) {
    throw new RangeError(`Cannot multiply the factors of "${module.name}": A or B is missing`);
  }
  const projections = layout.factors.filter(({ role }) => role === "projection");
  const side = (factor: Factor, projection: Factor | undefined): Matrix => {
    if (factor.shape.length === 2) return matrix(factor, values);
    if (projection === undefined)
      throw new RangeError(`Cannot multiply "${factor.name}" without a projection`);
    return matrix(projection, values);
  };
  const A = firstColumns(side(down, projections[0]), module.in);
  const B = firstRows(side(up, projections[1]), module.out);
  const right = down.shape.length === 1 ? scaleRows(A, slice(values, down)) : A;
  const left = up.shape.length === 1 ? scaleRows(B, slice(values, up)) : B;
  const inner = core === undefined ? right : multiply(matrix(core, values), right);
  return multiply(left, inner).data.map((value) => scaling * value);
}

interface Matrix {
  readonly rows: number;
  readonly columns: number;
  /** Row-major. */
  readonly data: Float64Array;
}

function matrix({ shape, offset, size }: Factor, values: ArrayLike<number>): Matrix {
  const [rows = 0, columns = 0] = shape;
  return {
    rows,
    columns,
    data: Float64Array.from({ length: size }, (_, i) => values[offset + i]!),
  };
}

function firstRows({ columns, data }: Matrix, rows: number): Matrix {
  return { rows, columns, data: data.slice(0, rows * columns) };
}

function firstColumns(M: Matrix, columns: number): Matrix {
  const data = M.data.filter((_, i) => i % M.columns < columns);
  return { rows: M.rows, columns, data };
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
