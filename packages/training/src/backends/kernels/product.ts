/** One matrix product as a task, split between threads along its longer side. */
import type { Engine } from "./engine.ts";
import { float } from "./engine.ts";

/** A matrix in memory; strides in elements, so that a transposed one is a plain one with its strides exchanged. */
export interface Operand {
  readonly address: number;
  readonly rowStride: number;
  readonly columnStride: number;
}

/** C `[rows, columns]` = factor A B, plus what C holds (`accumulate`) or plus the row at `bias`. */
export interface Product {
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  readonly a: Operand;
  readonly b: Operand;
  /** Address of C, whose rows follow each other. */
  readonly c: number;
  readonly factor?: number;
  readonly accumulate?: boolean;
  /** Address, or 0 for none. */
  readonly bias?: number;
}

/** Elements from one product of a batch to the next; 0 repeats an operand. */
export interface BatchStrides {
  readonly a: number;
  readonly b: number;
}

/** Rows and columns of a tile, which chunks do not cut. */
const TILE = { rows: 4, columns: 8 } as const;
/** With more rows than this, those that the kernel packs at once, a product is cut along them, however many columns it has. */
const FEW_ROWS = 320;

/** Runs one product. */
export function runProduct(engine: Engine, product: Product): void {
  const { rows, columns, depth } = product;
  const byRows = rows >= columns || rows > FEW_ROWS;
  engine.run({
    kernel: byRows ? "productRows" : "productColumns",
    items: byRows ? rows : columns,
    grain: byRows ? TILE.rows : TILE.columns,
    work: 2 * rows * columns * depth,
    cells: cellsOf(product, { a: 0, b: 0 }),
    scratchBytes: engine.productScratchBytes(columns),
  });
}

/** Runs `count` products of one shape; the results follow each other. */
export function runBatch(
  engine: Engine,
  product: Product,
  { count, ...strides }: BatchStrides & { readonly count: number },
): void {
  const { rows, columns, depth } = product;
  engine.run({
    kernel: "productBatch",
    items: count,
    grain: 1,
    work: 2 * count * rows * columns * depth,
    cells: cellsOf(product, strides),
    scratchBytes: engine.productScratchBytes(columns),
  });
}

function cellsOf(product: Product, strides: BatchStrides): readonly number[] {
  const { rows, columns, depth, a, b, c } = product;
  return [
    ...[rows, columns, depth],
    ...[a.address, a.rowStride, a.columnStride],
    ...[b.address, b.rowStride, b.columnStride],
    ...[c, columns],
    ...[float(product.factor ?? 1), Number(product.accumulate ?? false), product.bias ?? 0],
    ...[strides.a, strides.b, rows * columns],
  ];
}
