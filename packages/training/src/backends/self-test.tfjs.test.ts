import * as tf from "@tensorflow/tfjs";
import { allowConsole } from "@fedtune/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";
import { selfTest } from "./self-test.ts";

/** The smallest number that half floats know. */
const SMALLEST_HALF = 2 ** -24;

let multiply: tf.KernelConfig;
beforeEach(async () => {
  await tf.setBackend("cpu");
  multiply = tf.getKernel("Multiply", "cpu");
});
afterEach(() => {
  tf.unregisterKernel("Multiply", "cpu");
  tf.registerKernel(multiply);
});

test("[TN10] a backend that keeps small numbers passes", async () => {
  // TensorFlow.js advertises its native library.
  allowConsole();
  expect(await selfTest()).toBeNull();
});

test("[TN10] one that computes products with half floats does not", async () => {
  const halved: tf.KernelFunc = (params) => {
    const found = multiply.kernelFunc(params);
    const { dataId } = Array.isArray(found) ? found[0]! : found;
    const values = (params.backend as { readSync(id: object): Float32Array }).readSync(dataId);
    values.forEach((value, index) => {
      if (Math.abs(value) < SMALLEST_HALF) values[index] = 0;
    });
    return found;
  };
  tf.unregisterKernel("Multiply", "cpu");
  tf.registerKernel({ ...multiply, kernelFunc: halved });
  expect(await selfTest()).toBe("small numbers come back as [0, 0, 0]");
});
