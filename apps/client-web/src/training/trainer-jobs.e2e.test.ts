import { availableParallelism, loadavg } from "node:os";
import type { TrainJob } from "@fedtune/core";
import { plannedEvents, privacySchema } from "@fedtune/dp";
import { describeModel, fileData, loadModelConfig } from "@fedtune/training";
import { nodeFiles } from "@fedtune/training/node";
import { chromiumPath, withoutChromium } from "@fedtune/testkit/chromium";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { relativeNorm } from "../../../../packages/training/src/test-support/golden.ts";
import {
  household,
  inNode,
  jobFor,
  mini,
  reviewFile,
  reviewJob,
  tiny,
} from "./test-support/jobs.ts";
import type { Bench, Tab } from "./test-support/tab.ts";
import { openBench, openTab, plainJob } from "./test-support/tab.ts";
import type { TrainerHarness } from "./test-support/trainer-page.ts";

declare const harness: TrainerHarness;

const here = chromiumPath() !== null;
const noAbort = { signal: new AbortController().signal };

function evaluationOf({ run, rank, adapter, residuals, task, data }: TrainJob) {
  return { run, rank, adapter, residuals, task, data, batchSize: 16, maxLength: null };
}

const timeless = ({ seconds: _, ...metrics }: Readonly<Record<string, number>>) => metrics;

describe.skipIf(!here)(`jobs in a tab${here ? "" : ` (${withoutChromium})`}`, () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench();
  });
  afterAll(() => bench.close());

  async function inTab<Result>(work: (tab: Tab) => Promise<Result>): Promise<Result> {
    const tab = await openTab(bench);
    try {
      const result = await work(tab);
      expect(await tab.violations()).toEqual([]);
      return result;
    } finally {
      await tab.close();
    }
  }

  const rows = Array.from({ length: 320 }, (_, index) => 5 * index);
  const wholeJob = () =>
    jobFor(mini, household.path, {
      labels: household.labels,
      training: { batchSize: 16, learningRate: 1e-3 },
      data: fileData({ kind: "file", path: household.path, rows }),
    });

  test.each(process.env["TESTS"] === "full" ? [1, 2] : [2])(
    "[TN4] [TN16] a whole job gives Node's bits on %i threads, keeps the page free and the file here",
    async (threads) => {
      const job = await wholeJob();
      const there = await inNode(mini, household, async (trainer, at) => {
        const { factors, ...told } = await trainer.train(at(job), noAbort);
        const evaluation = { ...evaluationOf(at(job)), start: factors };
        const metrics = await trainer.evaluate(evaluation, noAbort);
        return { factors: [...factors], told, metrics };
      });
      await inTab(async (tab) => {
        await tab.open(mini, { backend: "wasm", threads }, household);
        const chosen = { name: "wasm", kernels: "own", threads, notes: [], passedOver: [] };
        expect(await tab.ready()).toMatchObject(chosen);
        const before = await tab.computedSeconds();
        const { factors, ...told } = await tab.train(job);
        const computed = (await tab.computedSeconds()) - before;
        expect(factors).toEqual(there.factors);
        expect({ ...told, metrics: timeless(told.metrics) }).toEqual({
          ...there.told,
          metrics: timeless(there.told.metrics),
        });
        expect(await tab.steps()).toEqual(Array.from({ length: 20 }, (_, step) => step + 1));
        const metrics = await tab.page.evaluate(
          ({ evaluation, start }) =>
            harness.trainer.evaluate(
              { ...evaluation, start: Float32Array.from(start) },
              harness.control(),
            ),
          { evaluation: evaluationOf(job), start: factors },
        );
        // Logits are the same bits; their exponentials and logarithms are each engine's own.
        const loss = expect.closeTo(there.metrics["loss"] ?? 0, 12) as number;
        expect(metrics).toEqual({ ...there.metrics, loss });
        // A task of 100 ms would be felt. What the page's thread computed in all bounds each of its tasks.
        expect(computed).toBeLessThan(0.1);
        // By the clock, tasks are also as long as they wait for a processor that others have.
        const tasks = await tab.page.evaluate(() => harness.longTasks);
        const isBusy = (loadavg()[0] ?? 0) > availableParallelism();
        expect(isBusy ? [] : tasks.filter((milliseconds) => milliseconds > 100)).toEqual([]);
        const { requests } = bench.site;
        expect(requests.length).toBeGreaterThan(5);
        expect(requests.filter(({ method, body }) => method !== "GET" || body !== "")).toEqual([]);
      });
    },
  );

  // The full tests have a grid of all backends.
  test.each([
    ["cpu", {}],
    ["wasm", { kernels: "stock" }],
  ] as const)("[TN2] three steps on %s %j are Node's to rounding", async (backend, options) => {
    const job = await reviewJob({ maxSteps: 3 });
    const there = await inNode(tiny, reviewFile, (trainer, at) => trainer.train(at(job), noAbort));
    await inTab(async (tab) => {
      await tab.open(tiny, { backend, ...options }, reviewFile);
      expect(await tab.ready()).toMatchObject({ name: backend, kernels: "stock" });
      const change = (factors: ArrayLike<number>) =>
        Array.from(factors, (value, index) => value - (job.start[index] ?? 0));
      const [found, wanted] = [change((await tab.train(job)).factors), change(there.factors)];
      expect(relativeNorm(found, wanted)).toBeLessThan(1e-4);
    });
  });

  test("[DP21] a private job draws its noise in the worker and tells what it spent", async () => {
    const settings = { mode: "record-level", samplingRate: 0.4, noiseMultiplier: 1 };
    const privacy = privacySchema.parse(settings);
    const job = await reviewJob({ maxSteps: 2 }, { privacy });
    await inTab(async (tab) => {
      await tab.open(tiny, { backend: "wasm", threads: 1 }, reviewFile);
      const [first, second] = [await tab.train(job), await tab.train(job)];
      if (privacy.mode !== "record-level") throw new Error("another mode");
      expect(first.privacyEvents).toEqual(plannedEvents(privacy, job.training));
      expect(second.factors).not.toEqual(first.factors);
    });
  });

  test("the model is described and tried as in Node", async () => {
    const job = await wholeJob();
    const texts = ["switch on the light in the kitchen", "", "wake me at seven"];
    const label = household.labels[0] ?? "";
    const file = {
      path: "try.tsv",
      text: `text\tlabel\n${texts.map((text) => `${text}\t${label}\n`).join("")}`,
    };
    const data = fileData({ kind: "file", path: file.path });
    const evaluation = { ...evaluationOf(job), start: job.start, data };
    const { logits } = await inNode(mini, file, (trainer, at) =>
      trainer.predict(at(evaluation), noAbort),
    );
    const classes = household.labels.length;
    const { layout, modules } = describeModel(await loadModelConfig(nodeFiles, mini.folder), {
      ...job.adapter,
      labels: household.labels,
    });
    await inTab(async (tab) => {
      await tab.open(mini, { backend: "wasm", threads: 1 });
      const found = await tab.page.evaluate(
        async ({ job: plain, start, texts: asked }) => {
          const { data: _, ...whole } = harness.job(plain, start);
          const tried = { ...whole, batchSize: 4, maxLength: null };
          const probabilities = await harness.trainer.classify(tried, asked);
          return {
            shape: await harness.trainer.describe(whole as never),
            probabilities: probabilities.map((row) => [...row]),
          };
        },
        { ...plainJob(job), texts },
      );
      expect(found.shape).toEqual(JSON.parse(JSON.stringify({ layout, modules })));
      expect(found.probabilities).toHaveLength(texts.length);
      found.probabilities.forEach((row, index) => {
        const own = logits.subarray(index * classes, (index + 1) * classes);
        const powers = Array.from(own, Math.exp);
        const sum = powers.reduce((total, power) => total + power, 0);
        row.forEach((value, at) => expect(value).toBeCloseTo((powers[at] ?? 0) / sum, 6));
      });
    });
  });

  test("a check of the device measures the run's own steps and leaves nothing behind", async () => {
    const { adapter, task, training, data } = await reviewJob({ localEpochs: 3 });
    const question = { adapter, task, training, data };
    await inTab(async (tab) => {
      await tab.open(tiny, { backend: "wasm", threads: 1 }, reviewFile);
      const check = (asked: object) =>
        tab.page.evaluate(
          (given) => harness.trainer.check(given as never, harness.control()),
          asked,
        );
      const [withFile, without] = [await check(question), await check({ ...question, data: null })];
      expect(withFile).toMatchObject({ backend: { name: "wasm" }, stepsPerRound: 9 });
      expect(without.stepsPerRound).toBeNull();
      for (const { gflops, stepSeconds, memory } of [withFile, without]) {
        expect(gflops).toBeGreaterThan(0);
        expect(stepSeconds).toBeGreaterThan(0);
        expect(memory.usedBytes).toBeGreaterThan(1e6);
        expect(memory.fileLimitBytes).toBeLessThan(memory.limitBytes);
      }
      const job = await reviewJob();
      const there = await inNode(tiny, reviewFile, (trainer, at) =>
        trainer.train(at(job), noAbort),
      );
      expect((await tab.train(job)).factors).toEqual([...there.factors]);
    });
  });
});
