/** Gradients per example of every family under every kind of adapter, with TensorFlow.js' own kernels. */
import { beforeAll, describe, expect, test } from "vitest";
import { chooseBackend } from "../backends/node-choose.ts";
import { beginnings, expectAsAlone, subjects } from "../test-support/example-oracle.ts";

describe.each([
  ["cpu", "stock"],
  ["wasm", "stock"],
] as const)("on %s with %s kernels", (backend, kernels) => {
  beforeAll(async () => {
    expect(await chooseBackend(backend, { kernels })).toMatchObject({ kernels });
  });

  describe.each(subjects)("$family, $task", (subject) => {
    test.each(beginnings)(
      "[TN17] $kind, $init: gradients per example equal a loop of batches of one",
      async (beginning) => {
        await expectAsAlone(subject, beginning);
      },
    );
  });
});
