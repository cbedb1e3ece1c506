/** Gradients per example on the backends that need something installed: pairs that stand for all, which the full tests take. */
import { beforeAll, describe, expect, test } from "vitest";
import { expectAsAlone } from "../test-support/example-expectation.ts";
import { coveringPairs } from "../test-support/example-oracle.ts";
import { findEngines, nativeEngines, softwareWebgpu } from "../test-support/oracle-engines.ts";

/** An imitated graphics card takes 15 s of the processor for the shaders of one pair. */
const extents = new Map([[softwareWebgpu.title, coveringPairs.slice(0, 1)]]);
const engines = await findEngines([...nativeEngines, softwareWebgpu]);

for (const { title, choose, kernels, tolerance, missing } of engines) {
  const skipped = missing === null ? "" : ` (skipped: ${missing})`;
  describe.skipIf(missing !== null)(`on ${title}${skipped}`, () => {
    beforeAll(async () => {
      expect(await choose()).toMatchObject({ kernels });
    });

    test.each(extents.get(title) ?? coveringPairs)(
      "[TN17] $subject.family, $subject.task, $beginning.kind, $beginning.init: gradients per example equal a loop of batches of one",
      { timeout: 600_000 },
      async (pair) => {
        await expectAsAlone(pair, tolerance);
      },
    );
  });
}
