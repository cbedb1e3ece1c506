/** Jobs over images: from files to a trained adapter, with and without record-level privacy. */
import { adapterKind, initialAdapter, rngFromSeed, trainingSchema } from "@fedtune/core";
import type { TrainJob } from "@fedtune/core";
import { privacySchema } from "@fedtune/dp";
import { beforeAll, describe, expect, test } from "vitest";
import { chooseBackend } from "../backends/node-choose.ts";
import { nodeImages } from "../backends/node-images.ts";
import { imageData } from "../data/image-reference.ts";
import { fileData } from "../data/reference.ts";
import { memoryFiles } from "../files.ts";
import { describeModel } from "../models/describe.ts";
import { goldenCheckpoint } from "../test-support/golden.ts";
import { evaluationOf, noAbort, tinyJob } from "../test-support/jobs.ts";
import { createTrainer } from "./trainer.ts";

const path = "d/images-idx3-ubyte";
const side = 9;

/** Forty images of noise, of which those of label 1 are brighter. */
function files() {
  const rng = rngFromSeed(3);
  const labels = Array.from({ length: 40 }, (_, index) => index % 2);
  const pixels = labels.flatMap((label) =>
    Array.from({ length: side * side }, () => 60 * label + rng.below(160)),
  );
  const header = (magic: number, ...shape: number[]) =>
    [magic, ...shape].flatMap((value) => [0, 0, value >> 8, value & 255]);
  return memoryFiles({
    [path]: Uint8Array.from([...header(2051, labels.length, side, side), ...pixels]),
    "d/labels-idx1-ubyte": Uint8Array.from([...header(2049, labels.length), ...labels]),
  });
}

async function setUp() {
  const checkpoint = await goldenCheckpoint("vit/tiny-vit-gray");
  const trainer = createTrainer({
    ...{ checkpoint, tokenizer: null, files: files(), images: nodeImages, clock: performance },
    pause: () => Promise.resolve(),
  });
  const labels = ["0", "1"];
  const adapter = { kind: "lora", rank: 2, loraAlpha: 4, targetModules: ["query", "value"] };
  const { layout } = describeModel(checkpoint.config, { ...adapter, labels });
  const settings = { ...adapter, kind: adapterKind("lora") };
  const changes: Partial<TrainJob> = {
    ...{ adapter, start: initialAdapter(layout, settings, rngFromSeed(7)) },
    task: { kind: "image-classification", labels },
    data: imageData({ kind: "images", path }),
    training: trainingSchema.parse({ batchSize: 8, localEpochs: 6, learningRate: 0.02 }),
  };
  return { trainer, checkpoint, job: tinyJob(checkpoint, changes) };
}

describe("a job over images", () => {
  beforeAll(() => chooseBackend("wasm"));

  test("[TN5] lowers its loss, and tells labels apart", async () => {
    const { trainer, job } = await setUp();
    const before = await trainer.evaluate(evaluationOf(job), noAbort);
    const { factors, examples, metrics } = await trainer.train(job, noAbort);
    const after = await trainer.evaluate(evaluationOf({ ...job, start: factors }), noAbort);
    expect(examples).toBe(40);
    expect(metrics["tokens"]).toBe(6 * 40 * 10);
    expect(after["loss"]).toBeLessThan(0.7 * before["loss"]!);
    expect(after["accuracy"]).toBeGreaterThan(0.9);
    await trainer.close();
  });

  test("protects single images", async () => {
    const { trainer, job } = await setUp();
    const privacy = privacySchema.parse({
      ...{ mode: "record-level", noise: "seeded", metrics: "release" },
      ...{ noiseMultiplier: 1, clipNorm: 1, delta: 1e-3, samplingRate: 0.2 },
    });
    const found = await trainer.train({ ...job, privacy }, noAbort);
    expect(found.privacyEvents.length).toBeGreaterThan(0);
    expect(found.factors.some((value, index) => value !== job.start[index])).toBe(true);
    await trainer.close();
  });

  test("is refused where task, base model and data are not of one kind", async () => {
    const { trainer, job } = await setUp();
    const train = (changes: Partial<TrainJob>) => trainer.train({ ...job, ...changes }, noAbort);
    const refused = { code: "config-conflict" };
    await expect(train({ data: fileData({ kind: "file", path }) })).rejects.toMatchObject(refused);
    const texts = { kind: "sequence-classification" as const, labels: ["0", "1"] };
    await expect(train({ task: texts })).rejects.toMatchObject(refused);
    await expect(train({ task: texts })).rejects.toThrow(/family "vit", which reads images/);
    await trainer.close();
  });
});
