import * as tf from "@tensorflow/tfjs";
import { adapterKind, factorView, rngFromSeed, trainingSchema } from "@fedtune/core";
import type { TrainJob } from "@fedtune/core";
import { beforeAll, describe, expect, test } from "vitest";
import { chooseBackend } from "../backends/node-choose.ts";
import { describeModel } from "../models/describe.ts";
import { evaluationOf, noAbort, tinyJob, tinyTrainer } from "../test-support/jobs.ts";
import { relativeNorm } from "../test-support/golden.ts";

beforeAll(async () => {
  await chooseBackend("wasm");
});

const settings = (input: object) =>
  trainingSchema.parse({ batchSize: 4, learningRate: 0.01, ...input });
const zerosOf = (values: Float32Array): number[] =>
  [...values.keys()].filter((position) => values[position] === 0);
const layoutOf = (checkpoint: Parameters<typeof describeModel>[0], job: TrainJob) =>
  describeModel(checkpoint, { ...job.adapter, labels: job.task.labels }).layout;

describe.each(["tiny-bert", "tiny-bert-encoder", "tiny-roberta", "tiny-distilbert"])(
  "%s",
  (base) => {
    test.each([[["up"]], [["head"]], [["down", "head"]]] as const)(
      "[TN3] training %j leaves every other factor bit for bit",
      async (train) => {
        const { trainer, checkpoint } = await tinyTrainer(base);
        const job = tinyJob(checkpoint, { train: [...train] });
        // B is zero at the start, where A has no gradient.
        job.start.forEach((value, index) => (job.start[index] = value + 0.01 * Math.cos(index)));
        const given = job.start.slice();
        const { factors } = await trainer.train(job, noAbort);
        expect(job.start).toEqual(given);
        for (const factor of layoutOf(checkpoint.config, job).factors) {
          const same = factorView(factors, factor).every((value, index) =>
            Object.is(value, given[factor.offset + index]),
          );
          expect(same, factor.name).toBe(!(train as readonly string[]).includes(factor.role));
        }
        await trainer.close();
      },
    );

    test.each([null, "record-level"])(
      "[TN3] zeros of roles that keep them stay zero, with privacy %s",
      async (mode) => {
        const { trainer, checkpoint } = await tinyTrainer(base);
        const privacy = { mode, noiseMultiplier: 1, samplingRate: 0.5, noise: "seeded" } as const;
        const changes = mode === null ? {} : { privacy: { ...privacy, mode: "record-level" } };
        const job = tinyJob(checkpoint, { freezeZeros: ["down", "up"], ...changes } as object);
        job.start.forEach((_, index) => (job.start[index] = index % 3 === 0 ? 0 : 0.01));
        const { factors } = await trainer.train(job, noAbort);
        for (const factor of layoutOf(checkpoint.config, job).factors) {
          if (factor.role === "head") continue;
          const zeros = zerosOf(factorView(job.start, factor));
          expect(zerosOf(factorView(factors, factor)), factor.name).toEqual(zeros);
        }
        expect(zerosOf(factors).length, "those of the head move").toBeLessThan(
          zerosOf(job.start).length,
        );
        await trainer.close();
      },
    );

    test.each(["lora", "rslora"])(
      "[TN5] %s lowers the loss and raises the accuracy on its own data",
      async (kind) => {
        const { trainer, checkpoint } = await tinyTrainer(base);
        const job = tinyJob(checkpoint, {
          adapter: { ...tinyJob(checkpoint).adapter, kind },
          training: settings({ localEpochs: 20 }),
        });
        const before = await trainer.evaluate(evaluationOf(job), noAbort);
        const { factors, examples, metrics, privacyEvents } = await trainer.train(job, noAbort);
        const after = await trainer.evaluate(evaluationOf({ ...job, start: factors }), noAbort);
        expect(after["loss"]).toBeLessThan(0.8 * (before["loss"] ?? 0));
        expect(after).toMatchObject({ examples: 10 });
        expect(after["accuracy"]).toBeGreaterThanOrEqual(0.8);
        expect({ examples, privacyEvents }).toEqual({ examples: 10, privacyEvents: [] });
        expect(metrics).toMatchObject({ steps: 60 });
        await trainer.close();
      },
    );
  },
);

describe("one trainer", () => {
  test("[TN4] the same job gives the same bytes, another seed others", async () => {
    const { trainer, checkpoint } = await tinyTrainer();
    const job = tinyJob(checkpoint, { training: settings({ localEpochs: 2 }) });
    const first = await trainer.train(job, noAbort);
    const second = await trainer.train(job, noAbort);
    const other = await trainer.train({ ...job, seed: [5, 6, 7, 8] }, noAbort);
    expect(second.factors).toEqual(first.factors);
    expect(other.factors).not.toEqual(first.factors);
    await trainer.close();
  });

  test("[TN6] 200 steps leave neither tensors nor bytes behind", async () => {
    const { trainer, checkpoint } = await tinyTrainer();
    await trainer.train(tinyJob(checkpoint, { training: settings({ maxSteps: 2 }) }), noAbort);
    const { numTensors, numBytes } = tf.memory();
    await trainer.train(
      tinyJob(checkpoint, { training: settings({ localEpochs: 100, maxSteps: 200 }) }),
      noAbort,
    );
    expect(tf.memory()).toMatchObject({ numTensors, numBytes });
    await trainer.close();
  });

  test("[TN6] [TN7] an abort stops within one step, an error at once, and neither leaves a tensor", async () => {
    const start = tf.memory().numTensors;
    const { trainer, checkpoint } = await tinyTrainer();
    const job = tinyJob(checkpoint, { training: settings({ localEpochs: 50 }) });
    await trainer.train({ ...job, training: settings({ maxSteps: 1 }) }, noAbort);
    const { numTensors } = tf.memory();
    const abort = new AbortController();
    const steps: number[] = [];
    const stopped = trainer.train(job, {
      signal: abort.signal,
      onProgress: ({ done }) => {
        steps.push(done);
        if (done === 3) abort.abort();
      },
    });
    await expect(stopped).rejects.toMatchObject({ code: "cancelled" });
    expect(steps).toEqual([1, 2, 3]);
    await expect(trainer.train(job, { signal: abort.signal })).rejects.toMatchObject({
      code: "cancelled",
    });
    await expect(
      trainer.train({ ...job, start: new Float32Array(3) }, noAbort),
    ).rejects.toMatchObject({ code: "shape-mismatch" });
    expect(tf.memory().numTensors).toBe(numTensors);
    await trainer.close();
    expect(tf.memory().numTensors).toBe(start);
  });

  test.each([1, 3])(
    "[TN8] micro-batches of %i give the step of the whole batch",
    async (microBatchSize) => {
      const { trainer, checkpoint } = await tinyTrainer();
      const once = { batchSize: 10, maxSteps: 1, optimizer: { name: "sgd" }, learningRate: 0.1 };
      const whole = await trainer.train(tinyJob(checkpoint, { training: settings(once) }), noAbort);
      const parts = await trainer.train(
        tinyJob(checkpoint, { training: settings({ ...once, microBatchSize }) }),
        noAbort,
      );
      const { start } = tinyJob(checkpoint);
      const change = (factors: Float32Array) =>
        factors.map((value, index) => value - (start[index] ?? 0));
      expect(relativeNorm(change(parts.factors), change(whole.factors))).toBeLessThan(1e-5);
      expect(parts.metrics["loss"]).toBeCloseTo(whole.metrics["loss"] ?? 0, 5);
      await trainer.close();
    },
  );

  test("[TN9] a value that is not finite ends the job and names the step", async () => {
    const { trainer, checkpoint } = await tinyTrainer();
    const job = tinyJob(checkpoint);
    job.start[5] = Number.NaN;
    await expect(trainer.train(job, noAbort)).rejects.toMatchObject({
      code: "not-finite",
      data: { step: 1 },
    });
    await trainer.close();
  });

  test("[TN15] base residuals are folded once each, and the pristine base comes back without them", async () => {
    const { trainer, checkpoint } = await tinyTrainer();
    const module = "encoder.layer.0.attention.self.query";
    const residual = (id: string, phase: number) => {
      const part = (size: number) =>
        Float32Array.from({ length: size }, (_, index) => 0.3 * Math.sin(index + phase));
      return { id, modules: [{ module, rank: 2, left: part(64), right: part(64) }] };
    };
    const [a, b] = [residual("a", 1), residual("b", 2)];
    const logits = async (residuals: readonly (typeof a)[]) =>
      (
        await trainer.predict(
          evaluationOf(tinyJob(checkpoint, { residuals: [...residuals] })),
          noAbort,
        )
      ).logits;
    const none = await logits([]);
    const both = await logits([a, b]);
    expect(await logits([a, b])).toEqual(both);
    expect(await logits([])).toEqual(none);
    expect(await logits([a])).not.toEqual(none);
    expect(await logits([a, b])).toEqual(both);
    const misfit = {
      id: "c",
      modules: [{ module, rank: 2, left: new Float32Array(3), right: new Float32Array(64) }],
    };
    await expect(logits([misfit])).rejects.toMatchObject({ code: "shape-mismatch" });
    await trainer.close();
  });

  test("[TN15] a residual of B and A has the effect of the adapter with the same product", async () => {
    const { trainer, checkpoint } = await tinyTrainer();
    const job = tinyJob(checkpoint);
    const adapted = Float32Array.from(job.start);
    const rng = rngFromSeed(3);
    const { layout, scaling } = describeModel(checkpoint.config, {
      ...job.adapter,
      labels: job.task.labels,
    });
    for (const factor of layout.factors) {
      if (factor.role === "up")
        factorView(adapted, factor).forEach(
          (_, index, view) => (view[index] = rng.uniform() - 0.5),
        );
    }
    const modules = layout.factors.flatMap((down) => {
      const up = layout.factors.find(({ module, role }) => module === down.module && role === "up");
      if (down.role !== "down" || up === undefined) return [];
      const left = factorView(adapted, up).map((value) => value * scaling);
      return [
        { module: down.module, rank: job.rank, left, right: factorView(adapted, down).slice() },
      ];
    });
    const beside = await trainer.predict(evaluationOf({ ...job, start: adapted }), noAbort);
    const folded = await trainer.predict(
      evaluationOf({ ...job, residuals: [{ id: "x", modules }] }),
      noAbort,
    );
    expect(relativeNorm(folded.logits, beside.logits)).toBeLessThan(1e-5);
    expect(adapterKind("lora").scaling(job.adapter)).toBe(scaling);
    await trainer.close();
  });
});
