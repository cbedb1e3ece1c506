/** `FedtuneSumOfProducts`: what linear layers and their gradients consist of. */
import type { NativeCall, NativeKernel } from "./kernel.ts";
import { inputOf } from "./kernel.ts";
import type { NativeTensor } from "./native.ts";
import type { Multiply } from "./precision.ts";

/** Inputs a0, b0, a1, b1, .. and maybe bias; attributes factors, transposeA and transposeB, one each per product; gives the sum. */
export const sumOfProducts =
  (multiply: Multiply): NativeKernel =>
  (call) => {
    const { operations, inputs, attributes } = call;
    const { factors, ...transposes } = attributes as unknown as ProductAttributes;
    const products = factors.map((factor, index) =>
      product(call, {
        a: inputOf(call, `a${index}`),
        b: inputOf(call, `b${index}`),
        factor,
        transposeA: transposes.transposeA[index] ?? false,
        transposeB: transposes.transposeB[index] ?? false,
        multiply,
      }),
    );
    const addends = inputs["bias"] === undefined ? products : [...products, inputOf(call, "bias")];
    return [addends.reduce((sum, addend) => operations.binary("AddV2", sum, addend))];
  };

interface ProductAttributes {
  readonly factors: readonly number[];
  readonly transposeA: readonly boolean[];
  readonly transposeB: readonly boolean[];
}

interface Product {
  readonly a: NativeTensor;
  readonly b: NativeTensor;
  readonly factor: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly multiply: Multiply;
}

/** The factor multiplies the smaller operand. A long thin result is computed lying, which takes half the time. */
function product(
  { operations }: NativeCall,
  { factor, multiply, ...given }: Product,
): NativeTensor {
  const { transposeA, transposeB } = given;
  const scaled = (x: NativeTensor): NativeTensor =>
    factor === 1 ? x : operations.binary("Mul", x, operations.scalar(factor));
  const isFirstSmaller = sizeOf(given.a) < sizeOf(given.b);
  const a = isFirstSmaller ? scaled(given.a) : given.a;
  const b = isFirstSmaller ? given.b : scaled(given.b);
  if (transposeA && !transposeB && sizeOf(b) < sizeOf(a))
    return operations.transpose(multiply(operations, [b, a], { transposeA }), [1, 0]);
  return multiply(operations, [a, b], { transposeA, transposeB });
}

const sizeOf = ({ shape }: NativeTensor): number =>
  shape.reduce((size, extent) => size * extent, 1);
