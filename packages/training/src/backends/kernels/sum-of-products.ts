/** `FedtuneSumOfProducts`: several matrix products into one result, each in place on top of the last. */
import type * as tf from "@tensorflow/tfjs";
import type { KernelCall, OwnKernel } from "./kernel.ts";
import { inputOf } from "./kernel.ts";
import { runProduct } from "./product.ts";

/**
 * Sum over i of `factors[i] op(a_i) op(b_i)`, plus the row `bias` if there is one; all float32 matrices.
 *
 * Inputs a0, b0, a1, b1, ...; attributes `factors`, `transposeA`, `transposeB` with an entry per product.
 */
export const sumOfProducts: OwnKernel = (call) => {
  const { engine, inputs } = call;
  const factors = call.attributes["factors"] as readonly number[];
  const products = factors.map((factor, index) => ({ factor, ...matrices(call, index) }));
  const [first] = products;
  if (first === undefined) throw new RangeError("Cannot add up no products");
  const { heap } = engine;
  const c = heap.output([first.rows, first.columns]);
  const bias = inputs["bias"] === undefined ? 0 : heap.address(inputs["bias"]);
  products.forEach((product, index) => {
    runProduct(engine, {
      ...product,
      c: heap.address(c),
      accumulate: index > 0,
      bias: index > 0 ? 0 : bias,
    });
  });
  return c;
};

function matrices(call: KernelCall, index: number) {
  const { heap } = call.engine;
  const turned = (name: string): boolean =>
    (call.attributes[name] as readonly boolean[])[index] === true;
  const a = matrix(inputOf(call, `a${index}`), turned("transposeA"));
  const b = matrix(inputOf(call, `b${index}`), turned("transposeB"));
  return {
    rows: a.rows,
    columns: b.columns,
    depth: a.columns,
    a: { ...a, address: heap.address(a.tensor) },
    b: { ...b, address: heap.address(b.tensor) },
  };
}

function matrix(tensor: tf.TensorInfo, turned: boolean) {
  const [rows = 0, columns = 0] = tensor.shape;
  return turned
    ? { tensor, rows: columns, columns: rows, rowStride: 1, columnStride: columns }
    : { tensor, rows, columns, rowStride: columns, columnStride: 1 };
}
