/** Sums of matrix products: what linear layers and their gradients consist of. */
import * as tf from "@tensorflow/tfjs";
import { runFused } from "./fused.ts";

/** factor op(a) op(b), where op transposes if asked to. */
export interface MatrixProduct {
  readonly a: tf.Tensor2D;
  readonly b: tf.Tensor2D;
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  readonly factor?: number;
}

/** The sum of the products, plus a row; one pass over the result where the backend has the kernel for it. */
export function sumOfProducts(
  products: readonly [MatrixProduct, ...MatrixProduct[]],
  bias?: tf.Tensor1D,
): tf.Tensor2D {
  const inputs: Record<string, tf.Tensor> = bias === undefined ? {} : { bias };
  products.forEach(({ a, b }, index) =>
    Object.assign(inputs, { [`a${index}`]: a, [`b${index}`]: b }),
  );
  const attributes = {
    factors: products.map(({ factor = 1 }) => factor),
    transposeA: products.map(({ transposeA = false }) => transposeA),
    transposeB: products.map(({ transposeB = false }) => transposeB),
  };
  const fused = runFused("FedtuneSumOfProducts", { inputs, attributes });
  if (fused !== null) return fused[0] as tf.Tensor2D;
  const [first, ...others] = products;
  const start = bias === undefined ? plainProduct(first) : biased(first, bias);
  return others.reduce((sum, product) => tf.add(sum, plainProduct(product)), start);
}

function biased(product: MatrixProduct, bias: tf.Tensor1D): tf.Tensor2D {
  const { a, b, transposeA = false, transposeB = false, factor = 1 } = product;
  if (factor !== 1) return tf.add(plainProduct(product), bias);
  return tf.fused.matMul({ a, b, transposeA, transposeB, bias }) as tf.Tensor2D;
}

/** The smaller operand is transposed by itself: stock wasm multiplies plain matrices ten times as fast as transposed ones. */
function plainProduct(product: MatrixProduct): tf.Tensor2D {
  const { a, b, transposeA = false, transposeB = false, factor = 1 } = product;
  const scaled = (x: tf.Tensor2D): tf.Tensor2D => (factor === 1 ? x : tf.mul(x, factor));
  if (transposeA && !transposeB && b.size < a.size)
    return scaled(tf.transpose(tf.matMul(tf.transpose(b), a)));
  const turned = (x: tf.Tensor2D, turn: boolean): tf.Tensor2D => (turn ? tf.transpose(x) : x);
  return scaled(tf.matMul(turned(a, transposeA), turned(b, transposeB)));
}
