import { trainingSchema, utf8 } from "@fedtune/core";
import type { FactorRole, TrainJob, TrainResult } from "@fedtune/core";
import { plannedEvents, privacySchema } from "@fedtune/dp";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, test } from "vitest";
import { chiSquarePValue } from "../../../dp/src/test-support/statistics.ts";
import { chooseBackend } from "../backends/node-choose.ts";
import { nodeEntropy } from "../backends/node-entropy.ts";
import { createWorkerTrainer } from "../backends/worker-trainer.ts";
import { describeModel } from "../models/describe.ts";
import { fileData } from "../data/reference.ts";
import { goldenPath } from "../test-support/golden.ts";
import { noAbort, reviews, tinyJob, tinyTrainer } from "../test-support/jobs.ts";

beforeAll(async () => {
  await chooseBackend("wasm", { threads: 1 });
});

type Tiny = Awaited<ReturnType<typeof tinyTrainer>>;

const sgd = { batchSize: 4, learningRate: 0.5, optimizer: { name: "sgd" }, maxSteps: 1 };

/** A job over the ten reviews with record-level privacy. */
function privateJob(
  { checkpoint }: Pick<Tiny, "checkpoint">,
  {
    privacy = {},
    training = {},
    ...changes
  }: { privacy?: object; training?: object } & Partial<Omit<TrainJob, "privacy" | "training">> = {},
): TrainJob {
  return tinyJob(checkpoint, {
    ...changes,
    training: trainingSchema.parse({ ...sgd, ...training }),
    privacy: privacySchema.parse({
      mode: "record-level",
      samplingRate: 0.4,
      noiseMultiplier: 1,
      ...privacy,
    }),
  });
}

/** Trained values' change over the learning rate. */
function change(job: TrainJob, { factors }: Pick<TrainResult, "factors">): Float64Array {
  return Float64Array.from(
    factors,
    (value, i) => (job.start[i]! - value) / job.training.learningRate,
  );
}

const norm = (values: ArrayLike<number>): number => Math.hypot(...Array.from(values));
const difference = (a: Float64Array, b: Float64Array) => a.map((value, i) => value - b[i]!);

describe("a private job", () => {
  test("[DP21] does the planned steps and tells of them alone", async () => {
    const tiny = await tinyTrainer("tiny-bert", { entropy: nodeEntropy });
    const job = privateJob(tiny, { training: { maxSteps: null, localEpochs: 2 } });
    const progress: object[] = [];
    const { metrics, privacyEvents, examples } = await tiny.trainer.train(job, {
      ...noAbort,
      onProgress: (step) => progress.push(step),
    });
    expect({ metrics, examples }).toEqual({ metrics: { steps: 6 }, examples: 10 });
    expect(privacyEvents).toEqual([
      { mechanism: "poisson-gaussian", samplingRate: 0.4, noiseMultiplier: 1, steps: 6 },
    ]);
    const { privacy } = job;
    const settings = privacySchema.parse(privacy);
    if (settings.mode === "record-level")
      expect(plannedEvents(settings, job.training)).toEqual(privacyEvents);
    expect(progress).toEqual(Array.from({ length: 6 }, (_, i) => ({ done: i + 1, total: 6 })));
    await tiny.trainer.close();
  });

  test("[DP21] tells loss and counts only where the settings release them", async () => {
    const tiny = await tinyTrainer();
    const privacy = { noise: "seeded", metrics: "release", samplingRate: 1 };
    const { metrics } = await tiny.trainer.train(privateJob(tiny, { privacy }), noAbort);
    expect(Object.keys(metrics).sort()).toEqual([
      "clippedShare",
      "loss",
      "notFiniteShare",
      "seconds",
      "steps",
      "tokens",
    ]);
    expect(metrics["loss"]).toBeGreaterThan(0.3);
    const none = { ...privacy, samplingRate: 1e-9 };
    const empty = await tiny.trainer.train(privateJob(tiny, { privacy: none }), noAbort);
    expect(empty.metrics).toMatchObject({ steps: 1, tokens: 0 });
    expect(empty.metrics).not.toHaveProperty("loss");
    await tiny.trainer.close();
  });

  test("[DP10] [DP11] secure noise is never the same twice, seeded noise always", async () => {
    const tiny = await tinyTrainer("tiny-bert", { entropy: nodeEntropy });
    const train = (noise: string, seed: TrainJob["seed"] = [1, 2, 3, 4]) =>
      tiny.trainer.train(privateJob(tiny, { privacy: { noise }, seed }), noAbort);
    const [a, b] = [await train("secure"), await train("secure")];
    expect(a.factors).not.toEqual(b.factors);
    const [c, d] = [await train("seeded"), await train("seeded")];
    expect(c.factors).toEqual(d.factors);
    expect((await train("seeded", [5, 6, 7, 8])).factors).not.toEqual(c.factors);
    await tiny.trainer.close();
  });

  test("[DP11] is refused without a source of secure noise, unless it asks for a seeded one", async () => {
    const tiny = await tinyTrainer();
    await expect(tiny.trainer.train(privateJob(tiny), noAbort)).rejects.toMatchObject({
      code: "config-invalid",
      message: expect.stringContaining("given no entropy") as string,
    });
    await tiny.trainer.close();
  });

  test("[DP11] in a thread has noise of the thread's own", async () => {
    const { checkpoint, trainer } = await tinyTrainer();
    await trainer.close();
    const folder = await mkdtemp(join(tmpdir(), "fedtune-"));
    const path = join(folder, "reviews.tsv");
    await writeFile(path, reviews);
    const worker = createWorkerTrainer({ model: goldenPath("tiny-bert"), backend: "cpu" });
    const job = privateJob({ checkpoint }, { data: fileData({ kind: "file", path }) });
    const [a, b] = [await worker.train(job, noAbort), await worker.train(job, noAbort)];
    expect(a.privacyEvents).toHaveLength(1);
    expect(b.factors).not.toEqual(a.factors);
    await worker.close();
    await rm(folder, { recursive: true });
  });

  test.each([
    [{ privacy: { noiseMultiplier: null, targetEpsilon: 3 } }, "privacy.noiseMultiplier"],
    [{ privacy: { grouping: "per-role", hardened: true } }, "privacy.grouping"],
    [{ training: { maxGradNorm: 1 } }, "training.maxGradNorm"],
  ])("[DP19] %j is refused by field", async (changes, field) => {
    const tiny = await tinyTrainer("tiny-bert", { entropy: nodeEntropy });
    await expect(tiny.trainer.train(privateJob(tiny, changes), noAbort)).rejects.toMatchObject({
      code: "config-invalid",
      message: expect.stringContaining(field) as string,
    });
    await tiny.trainer.close();
  });

  test("[TN6] [TN7] leaves no tensor behind, nor when it is stopped", async () => {
    const before = tf.memory().numTensors;
    const tiny = await tinyTrainer("tiny-bert", { entropy: nodeEntropy });
    const job = privateJob(tiny, { training: { maxSteps: 20 } });
    await tiny.trainer.train(job, noAbort);
    const abort = new AbortController();
    const stopped = tiny.trainer.train(job, {
      signal: abort.signal,
      onProgress: ({ done }) => {
        if (done === 3) abort.abort();
      },
    });
    await expect(stopped).rejects.toMatchObject({ code: "cancelled" });
    await tiny.trainer.close();
    expect(tf.memory().numTensors).toBe(before);
  });

  test.each(["none", "user-level"])("mode %s trains as ever", async (mode) => {
    const tiny = await tinyTrainer();
    const training = trainingSchema.parse(sgd);
    const plain = await tiny.trainer.train(tinyJob(tiny.checkpoint, { training }), noAbort);
    const privacy = mode === "none" ? { mode } : { mode, expectedCohort: 2, noiseMultiplier: 1 };
    const job = tinyJob(tiny.checkpoint, { training, privacy: privacySchema.parse(privacy) });
    const found = await tiny.trainer.train(job, noAbort);
    expect(found.factors).toEqual(plain.factors);
    expect(found.privacyEvents).toEqual([]);
    await tiny.trainer.close();
  });
});

describe("one step", () => {
  test.each([0.5, 3])(
    "[DP22] of no example moves values by noise of deviation %s * clipNorm / batchSize * learningRate",
    async (noiseMultiplier) => {
      const tiny = await tinyTrainer("tiny-bert", { entropy: nodeEntropy });
      const privacy = { noiseMultiplier, clipNorm: 2, samplingRate: 1e-12 };
      const job = privateJob(tiny, { privacy });
      const moved = change(job, await tiny.trainer.train(job, noAbort));
      const deviation = (noiseMultiplier * 2) / 4;
      const p = chiSquarePValue(norm(moved) ** 2 / deviation ** 2, moved.length);
      // Secure noise cannot be repeated: the test fails by chance once in ten million runs.
      expect(p).toBeGreaterThan(5e-8);
      expect(p).toBeLessThan(1 - 5e-8);
      await tiny.trainer.close();
    },
  );

  test("[DP12] [DP22] over examples whose gradients are not finite is a step of noise", async () => {
    const tiny = await tinyTrainer("tiny-bert", { entropy: nodeEntropy });
    const privacy = { noiseMultiplier: 0.5, clipNorm: 2, samplingRate: 1 };
    const job = privateJob(tiny, { privacy });
    job.start[5] = Number.NaN;
    const { factors, metrics } = await tiny.trainer.train(job, noAbort);
    const moved = change(job, { factors }).filter((_, index) => index !== 5);
    const p = chiSquarePValue(norm(moved) ** 2 / (0.5 * 2 * 0.25) ** 2, moved.length);
    expect(p).toBeGreaterThan(5e-8);
    expect(p).toBeLessThan(1 - 5e-8);
    expect(metrics).toEqual({ steps: 1 });
    await tiny.trainer.close();
  });

  test("[DP22] without clipping and with little noise is the plain step over the same examples", async () => {
    const tiny = await tinyTrainer();
    const whole = { batchSize: 10, learningRate: 0.5 };
    // The noise has a norm of 0.01 * sqrt(values) / 10 times the clip norm; its exact stream is known, and taken away.
    const privacy = { noise: "seeded", noiseMultiplier: 0.01, clipNorm: 20, samplingRate: 1 };
    const job = privateJob(tiny, { privacy, training: whole });
    const noiseOnly = privateJob(tiny, {
      privacy: { ...privacy, samplingRate: 1e-12 },
      training: whole,
    });
    const noise = change(noiseOnly, await tiny.trainer.train(noiseOnly, noAbort));
    const found = change(job, await tiny.trainer.train(job, noAbort));
    const plain = { ...job, privacy: { mode: "none" } } as TrainJob;
    const wanted = change(plain, await tiny.trainer.train(plain, noAbort));
    expect(norm(difference(difference(found, noise), wanted)) / norm(wanted)).toBeLessThan(1e-3);
    await tiny.trainer.close();
  });

  const lines = ["a good film\tgood", "very bad\tbad", "it was bad\tbad", "great\tgood"];
  const file = (rows: readonly string[]) => ({
    "reviews.tsv": utf8(`text\tlabel\n${rows.map((row) => `${row}\n`).join("")}`),
  });

  const kinds: readonly (readonly [kind: string, train: readonly FactorRole[]])[] = [
    ["lora", ["down", "up", "head"]],
    ["dora", ["down", "up", "magnitude", "head"]],
    ["vera", ["down", "up", "head"]],
    ["lora-xs", ["core"]],
  ];
  test.each(kinds)(
    "[DP12] of %s on neighbouring data under the same randomness differs by at most clipNorm",
    async (kind, train) => {
      const privacy = { noise: "seeded", noiseMultiplier: 1, clipNorm: 0.001, samplingRate: 1 };
      const run = async (rows: readonly string[]) => {
        const tiny = await tinyTrainer("tiny-bert", { files: file(rows) });
        const adapter = { ...tinyJob(tiny.checkpoint).adapter, kind };
        const { layout } = describeModel(tiny.checkpoint.config, {
          ...adapter,
          labels: ["good", "bad"],
        });
        const start = Float32Array.from({ length: layout.size }, (_, i) => 0.1 + 0.1 * Math.sin(i));
        const job = privateJob(tiny, { privacy, adapter, start, train });
        const { factors } = await tiny.trainer.train(job, noAbort);
        await tiny.trainer.close();
        return change(job, { factors });
      };
      const whole = await run(lines);
      const moves: number[] = [];
      for (const left of lines.keys())
        moves.push(4 * norm(difference(whole, await run(lines.filter((_, i) => i !== left)))));
      // Values are float32 near 0.1, and every example is far above the clip norm.
      expect(Math.max(...moves)).toBeLessThan(1.01 * privacy.clipNorm);
      expect(Math.min(...moves)).toBeGreaterThan(0.99 * privacy.clipNorm);
    },
  );
});
