/** Gradients per example of every family under every kind of adapter, on every other backend of Node. */
import { beforeAll, describe, expect, test } from "vitest";
import { expectAsAlone } from "../test-support/example-expectation.ts";
import { beginnings, kindBeginnings, subjects } from "../test-support/example-oracle.ts";
import {
  findEngines,
  nativeEngines,
  softwareWebgpu,
  stockEngines,
} from "../test-support/oracle-engines.ts";

/** An imitated graphics card takes 15 s of the processor for the shaders of each pair. */
const extents = new Map([[softwareWebgpu.title, kindBeginnings]]);
const engines = await findEngines([...stockEngines, ...nativeEngines, softwareWebgpu]);

for (const { title, choose, kernels, tolerance, missing } of engines) {
  const skipped = missing === null ? "" : ` (skipped: ${missing})`;
  describe.skipIf(missing !== null)(`on ${title}${skipped}`, () => {
    beforeAll(async () => {
      expect(await choose()).toMatchObject({ kernels });
    });

    describe.each(subjects)("$family, $task", (subject) => {
      test.each(extents.get(title) ?? beginnings)(
        "[TN17] $kind, $init: gradients per example equal a loop of batches of one",
        async (beginning) => {
          await expectAsAlone({ subject, beginning }, tolerance);
        },
      );
    });
  });
}
