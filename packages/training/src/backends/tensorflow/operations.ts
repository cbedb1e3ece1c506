/** Operations in a row, whose intermediate results are given back the moment they are spent: the next one finds their memory still in the cache. */
import type * as tf from "@tensorflow/tfjs";
import type { NativeAttribute, NativeBackend, NativeBinding, NativeTensor } from "./native.ts";

/** Which operands of a product are transposed in their last two axes. */
export interface Transposes {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

/**
 * Operations on tensors of the library, float32 unless said otherwise.
 *
 * What an operation gives is spent by the first one that takes it; {@link Operations.keep} lets it live until it is let go or all ends.
 */
export interface Operations {
  /** A tensor of TensorFlow.js, never spent. */
  readonly of: (tensor: tf.TensorInfo) => NativeTensor;
  /** Never spent. */
  readonly scalar: (value: number) => NativeTensor;
  readonly keep: (tensor: NativeTensor) => NativeTensor;
  readonly letGo: (tensor: NativeTensor) => void;
  readonly unary: (
    name: "Erf" | "Exp" | "Rsqrt" | "Softmax" | "Square",
    x: NativeTensor,
  ) => NativeTensor;
  /** Broadcasts. */
  readonly binary: (
    name: "AddV2" | "Mul" | "Sub",
    a: NativeTensor,
    b: NativeTensor,
  ) => NativeTensor;
  /** Over the last axis, which stays with extent 1. */
  readonly reduce: (name: "Mean" | "Sum", x: NativeTensor) => NativeTensor;
  /** Of matrices, or of as many pairs of them as the axes before the last two have; both of one type, which the product has too. */
  readonly matMul: (a: NativeTensor, b: NativeTensor, transposes?: Transposes) => NativeTensor;
  /** Rounds to the nearest bfloat16, which only {@link Operations.matMul} and {@link Operations.widen} take. */
  readonly narrow: (x: NativeTensor) => NativeTensor;
  /** From bfloat16 to float32, exactly. */
  readonly widen: (x: NativeTensor) => NativeTensor;
  readonly reshape: (x: NativeTensor, shape: readonly number[]) => NativeTensor;
  readonly transpose: (x: NativeTensor, permutation: readonly number[]) => NativeTensor;
}

/** Runs `work` and makes tensors of TensorFlow.js of what it gives; all else is given back, whether it fails or not. */
export function compute(
  backend: NativeBackend,
  work: (operations: Operations) => readonly NativeTensor[],
): tf.Tensor[] {
  const { binding } = backend;
  /** Our own tensors, and whether they stay when they are used. */
  const live = new Map<number, boolean>();
  try {
    const results = work(operationsOver(backend, live));
    return results.map((result) => {
      live.delete(result.id);
      return backend.createOutputTensor(result);
    });
  } finally {
    for (const id of live.keys()) binding.deleteTensor(id);
  }
}

function operationsOver(backend: NativeBackend, live: Map<number, boolean>): Operations {
  const { binding } = backend;
  const { attributes, constants } = preparedFor(binding);
  const run = (
    name: string,
    given: readonly NativeAttribute[],
    inputs: readonly NativeTensor[],
  ): NativeTensor => {
    const ids = inputs.map(({ id }) => id);
    const [found] = binding.executeOp(name, given, ids, 1);
    if (found === undefined) throw new RangeError(`Cannot run ${name}: it gave nothing`);
    live.set(found.id, false);
    for (const id of ids) if (live.get(id) === false) remove(id);
    return found;
  };
  const remove = (id: number): void => {
    if (live.delete(id)) binding.deleteTensor(id);
  };
  const constant = (shape: number[], values: Float32Array | Int32Array): NativeTensor => {
    const dtype = values instanceof Float32Array ? binding.TF_FLOAT : binding.TF_INT32;
    const key = `${dtype}:${shape.join()}:${values.join()}`;
    const found = constants.get(key) ?? {
      id: binding.createTensor(shape, dtype, values),
      shape,
      dtype,
    };
    constants.set(key, found);
    return found;
  };
  const integers = (values: readonly number[]): NativeTensor =>
    constant([values.length], Int32Array.from(values));
  return {
    of(tensor) {
      const [id = -1] = backend.getInputTensorIds([tensor]);
      return { id, shape: tensor.shape, dtype: binding.TF_FLOAT };
    },
    scalar: (value) => constant([], Float32Array.of(value)),
    keep(tensor) {
      if (live.has(tensor.id)) live.set(tensor.id, true);
      return tensor;
    },
    letGo: ({ id }) => remove(id),
    unary: (name, x) => run(name, attributes.plain, [x]),
    binary: (name, a, b) => run(name, attributes.plain, [a, b]),
    reduce: (name, x) => run(name, attributes.reduction, [x, integers([-1])]),
    matMul(a, b, { transposeA = false, transposeB = false } = {}) {
      const which = 2 * Number(transposeA) + Number(transposeB);
      const products =
        a.dtype === BFLOAT16 ? attributes.bfloat16Products : attributes.float32Products;
      // Not the library's MatMul, equally fast: with it a process under a sampling profiler dies of a damaged heap.
      return run("BatchMatMulV2", products[which] ?? [], [a, b]);
    },
    narrow: (x) => run("Cast", attributes.narrowing, [x]),
    widen: (x) => run("Cast", attributes.widening, [x]),
    reshape: (x, shape) => run("Reshape", attributes.shaped, [x, integers(shape)]),
    transpose: (x, permutation) =>
      run("Transpose", attributes.permuted, [x, integers(permutation)]),
  };
}

interface Attributes {
  readonly plain: readonly NativeAttribute[];
  readonly reduction: readonly NativeAttribute[];
  readonly shaped: readonly NativeAttribute[];
  readonly permuted: readonly NativeAttribute[];
  /** By 2 transposeA + transposeB. */
  readonly float32Products: readonly (readonly NativeAttribute[])[];
  readonly bfloat16Products: readonly (readonly NativeAttribute[])[];
  readonly narrowing: readonly NativeAttribute[];
  readonly widening: readonly NativeAttribute[];
}

/** The library's number of the type, which the addon does not name: `DT_BFLOAT16` of its `types.proto`. */
const BFLOAT16 = 14;

/** What calls share. Constants stay as long as the backend: few scalars, and axes and extents that there are only so many of. */
interface Prepared {
  readonly attributes: Attributes;
  readonly constants: Map<string, NativeTensor>;
}

const prepared = new WeakMap<NativeBinding, Prepared>();

function preparedFor(binding: NativeBinding): Prepared {
  const found = prepared.get(binding) ?? {
    attributes: makeAttributes(binding),
    constants: new Map<string, NativeTensor>(),
  };
  prepared.set(binding, found);
  return found;
}

function makeAttributes(binding: NativeBinding): Attributes {
  const type = (name: string, value: number) => ({ name, type: binding.TF_ATTR_TYPE, value });
  const flag = (name: string, value: boolean) => ({ name, type: binding.TF_ATTR_BOOL, value });
  const plain = [type("T", binding.TF_FLOAT)];
  const ways = [0, 1, 2, 3].map((which) => [which >= 2, which % 2 === 1] as const);
  const products = (dtype: number) =>
    ways.map(([a, b]) => [type("T", dtype), flag("adj_x", a), flag("adj_y", b)]);
  const cast = (from: number, to: number) => [
    type("SrcT", from),
    type("DstT", to),
    flag("Truncate", false),
  ];
  return {
    plain,
    reduction: [...plain, flag("keep_dims", true), type("Tidx", binding.TF_INT32)],
    shaped: [...plain, type("Tshape", binding.TF_INT32)],
    permuted: [...plain, type("Tperm", binding.TF_INT32)],
    float32Products: products(binding.TF_FLOAT),
    bfloat16Products: products(BFLOAT16),
    narrowing: cast(binding.TF_FLOAT, BFLOAT16),
    widening: cast(BFLOAT16, binding.TF_FLOAT),
  };
}
