import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, test } from "vitest";
import { chooseBackend } from "../backends/node-choose.ts";
import { wave } from "../backends/self-test.ts";
import { relativeNorm } from "../test-support/golden.ts";
import { coreLinear } from "./core-linear.ts";
import type { FrozenLinear } from "./linear.ts";
import { frozenLinear } from "./linear.ts";
import { loraLinear } from "./lora-linear.ts";
import { adaptedRowNorms, squaredRowNorms, withMagnitude } from "./magnitude.ts";
import { scaledLinear } from "./scaled-linear.ts";

const [ROWS, IN, OUT, RANK] = [6, 5, 4, 2];
const SCALING = 0.7;

interface Input {
  readonly name: string;
  readonly shape: readonly number[];
}

/** A layer over named inputs, ours and as the formula says it; every input gets a gradient. */
interface Case {
  readonly inputs: readonly Input[];
  ours(frozen: Frozen, inputs: readonly tf.Tensor[]): tf.Tensor;
  plain(frozen: Frozen, inputs: readonly tf.Tensor[]): tf.Tensor;
}

/** What a backward pass must find alive. */
interface Frozen {
  readonly base: FrozenLinear;
  readonly A: tf.Tensor2D;
  readonly B: tf.Tensor2D;
  readonly norms: tf.Tensor1D;
  close(): void;
}

const x: Input = { name: "x", shape: [ROWS, IN] };
const A: Input = { name: "A", shape: [RANK, IN] };
const B: Input = { name: "B", shape: [OUT, RANK] };
const R: Input = { name: "R", shape: [RANK, RANK] };
const d: Input = { name: "d", shape: [RANK] };
const v: Input = { name: "v", shape: [OUT] };
const valuesOf = ({ name, shape }: Input) =>
  tf.tensor(wave(tf.util.sizeFromShape([...shape]), name.charCodeAt(0)), [...shape]);

type Tensors = readonly [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];

/** W + s times a product, applied. */
function applied(at: tf.Tensor, base: FrozenLinear, product: tf.Tensor): tf.Tensor {
  const weight = tf.add(base.backward(), tf.mul(product, SCALING));
  return tf.add(tf.matMul(at as tf.Tensor2D, weight as tf.Tensor2D, false, true), base.bias!);
}

const cases: readonly [name: string, layer: Case][] = [
  [
    "core linear",
    {
      inputs: [x, A, R, B],
      ours({ base }, tensors) {
        const [at, a, r, b] = tensors as Tensors;
        const wants = { x: true, A: true, R: true, B: true };
        return coreLinear(at, { base, A: a, R: r, B: b, scaling: SCALING, wants });
      },
      plain({ base }, tensors) {
        const [at, a, r, b] = tensors as Tensors;
        return applied(at, base, tf.matMul(tf.matMul(b, r), a));
      },
    },
  ],
  [
    "scaled linear",
    {
      inputs: [x, d, v],
      ours({ base, A, B }, [at, first, last]) {
        return scaledLinear(at as tf.Tensor2D, {
          base,
          A,
          B,
          d: first as tf.Tensor1D,
          v: last as tf.Tensor1D,
          scaling: SCALING,
          wants: { x: true, d: true, v: true },
        });
      },
      plain({ base, A, B }, [at, first, last]) {
        const left = tf.mul(B, tf.reshape(last!, [-1, 1]));
        const right = tf.mul(A, tf.reshape(first!, [-1, 1]));
        return applied(at!, base, tf.matMul(left, right));
      },
    },
  ],
  [
    "lora linear with a magnitude",
    {
      inputs: [x, A, B, v],
      ours({ base, norms }, tensors) {
        const [at, a, b] = tensors as Tensors;
        const wants = { x: true, A: true, B: true };
        return withMagnitude(loraLinear(at, { base, A: a, B: b, scaling: SCALING, wants }), {
          base,
          magnitude: tensors[3] as tf.Tensor1D,
          norms: () => tf.clone(norms),
          wants: { y: true, magnitude: true },
        });
      },
      plain({ base, norms }, tensors) {
        const [at, a, b] = tensors as Tensors;
        const z = tf.sub(applied(at, base, tf.matMul(b, a)), base.bias!);
        return tf.add(tf.mul(z, tf.div(tensors[3]!, norms)), base.bias!);
      },
    },
  ],
];

/** The norms are those at the inputs of the test; the layer takes them as given. */
function openFrozen(): Frozen {
  const base = frozenLinear({ weight: wave(OUT * IN, 3), bias: wave(OUT, 4), shape: [OUT, IN] });
  base.backward();
  const [a, b] = [valuesOf(A) as tf.Tensor2D, valuesOf(B) as tf.Tensor2D];
  const norms = tf.tidy(() =>
    adaptedRowNorms({ base, A: a, B: b, scaling: SCALING, squares: squaredRowNorms(base) }),
  );
  const close = () => {
    base.dispose();
    tf.dispose([a, b, norms]);
  };
  return { base, A: a, B: b, norms, close };
}

/** A scalar that every output counts in differently. */
const weigh = (y: tf.Tensor): tf.Scalar =>
  tf.sum(tf.mul(y, tf.tensor2d(wave(ROWS * OUT, 9), [ROWS, OUT])));

describe.each(["cpu", "wasm"] as const)("adapted layers on %s", (backend) => {
  beforeAll(async () => {
    await chooseBackend(backend);
  });

  test.each(cases)("[TN2] %s and its gradients equal plain operations", (_, layer) => {
    const frozen = openFrozen();
    const before = tf.memory().numTensors;
    const run = (apply: Case["ours"]) => {
      const { value, gradients } = tf.tidy(() => {
        const inputs = layer.inputs.map(valuesOf);
        const found = tf.valueAndGrads((...args: tf.Tensor[]) => weigh(apply(frozen, args)))(
          inputs,
        );
        return { value: found.value, gradients: found.grads };
      });
      const numbers = [value, ...gradients].map((tensor) => Float32Array.from(tensor.dataSync()));
      tf.dispose([value, gradients]);
      return numbers;
    };
    const wanted = run(layer.plain);
    for (const [index, found] of run(layer.ours).entries())
      expect(relativeNorm(found, wanted[index]!)).toBeLessThan(1e-5);
    expect(tf.memory().numTensors).toBe(before);
    frozen.close();
  });
});

describe("on cpu", () => {
  beforeAll(async () => {
    await chooseBackend("cpu");
  });

  test.each(cases)("[TN2] gradients of %s equal finite differences", (_, layer) => {
    const frozen = openFrozen();
    const values = layer.inputs.map((input) => Float32Array.from(valuesOf(input).dataSync()));
    const lossAt = (at: readonly Float32Array[]): number =>
      tf.tidy(() => {
        const tensors = at.map((own, i) => tf.tensor(own, [...layer.inputs[i]!.shape]));
        return weigh(layer.ours(frozen, tensors)).dataSync()[0]!;
      });
    const gradients = tf.tidy(() =>
      tf.grads((...args: tf.Tensor[]) => weigh(layer.ours(frozen, args)))(
        layer.inputs.map(valuesOf),
      ),
    );
    // Each layer is linear in every single entry: a central difference of any width is exact up to rounding.
    const step = 0.5;
    for (const [i, own] of values.entries()) {
      const slopes = Array.from(own, (value, entry) => {
        const moved = (by: number) =>
          lossAt(values.map((other, k) => (k === i ? other.with(entry, value + by) : other)));
        return (moved(step) - moved(-step)) / (2 * step);
      });
      expect(relativeNorm(gradients[i]!.dataSync(), slopes)).toBeLessThan(1e-5);
    }
    tf.dispose(gradients);
    frozen.close();
  });

  test("[TN2] row norms of the adapted weight equal those of the formed weight, for any width", async () => {
    const [out, inputs] = [7, 150];
    const base = frozenLinear({
      ...{ weight: wave(out * inputs, 3), bias: wave(out, 4) },
      shape: [out, inputs],
    });
    const a = tf.tensor2d(wave(3 * inputs, 5), [3, inputs]);
    const b = tf.tensor2d(wave(out * 3, 6), [out, 3]);
    const squares = squaredRowNorms(base);
    const found = adaptedRowNorms({ base, A: a, B: b, scaling: 2.5, squares });
    const formed = tf.add(base.backward(), tf.mul(tf.matMul(b, a), 2.5));
    expect(relativeNorm(await found.data(), await tf.norm(formed, 2, 1).data())).toBeLessThan(1e-6);
    const plain = await tf.norm(base.backward(), 2, 1).square().data();
    expect(relativeNorm(await squares.data(), plain)).toBeLessThan(1e-6);
    tf.dispose([a, b, squares, found, formed]);
    base.dispose();
  });
});
