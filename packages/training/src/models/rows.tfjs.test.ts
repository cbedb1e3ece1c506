/** Past the last attention only the token that a head reads is computed: counted in the products of a step. */
import * as tf from "@tensorflow/tfjs";
import { expect, test } from "vitest";
import { chooseBackend } from "../backends/node-choose.ts";
import { kindBeginnings, openJob, subjects } from "../test-support/example-oracle.ts";
import { goldenCheckpoint } from "../test-support/golden.ts";
import { lossAndGradient, paddedFor } from "../trainer/gradient.ts";

/** Rows of all products that are as wide as a feed-forward layer, in a step forward and back. */
async function wideRows(folder: string, labels: readonly string[]) {
  await chooseBackend("cpu");
  const checkpoint = await goldenCheckpoint(folder);
  const job = await openJob(checkpoint, { beginning: kindBeginnings[0]!, labels });
  const { model, binding, values, examples } = job;
  const batch = paddedFor(model, examples);
  const { kernels } = await tf.profile(() =>
    lossAndGradient({ model, binding, batch }, values, 1).then(({ loss }) => ({ loss })),
  );
  job.close();
  const { intermediateSize, layers } = model.config;
  const rows = kernels
    .filter(({ name }) => name.includes("MatMul"))
    .flatMap(({ outputShapes }) => outputShapes)
    .filter((shape) => shape.at(-1) === intermediateSize)
    .map((shape) => shape.at(-2));
  const count = (wanted: number): number => rows.filter((found) => found === wanted).length;
  return { layers, read: count(batch.batch), all: count(batch.batch * batch.length) };
}

test.each(subjects.filter(({ task }) => task === "labels"))(
  "$family in $folder: the last layer's feed-forward has one row an example, the others have one a token",
  async ({ folder }) => {
    const { layers, read, all } = await wideRows(folder, ["a", "b", "c"]);
    expect(layers).toBeGreaterThan(1);
    expect(read).toBeGreaterThanOrEqual(2);
    expect(all).toBe((layers - 1) * read);
  },
);

test("a language model reads every token, and the counter sees it", async () => {
  const { layers, read, all } = await wideRows("decoders/tiny-gpt2", []);
  expect(read).toBe(0);
  expect(all).toBeGreaterThanOrEqual(2 * layers);
  expect(all % layers).toBe(0);
});
