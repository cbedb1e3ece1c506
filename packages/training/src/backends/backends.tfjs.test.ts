import * as tf from "@tensorflow/tfjs";
import { allowConsole } from "@fedtune/testkit";
import { describe, expect, test } from "vitest";
import { goldenPath } from "../test-support/golden.ts";
import { evaluationOf, noAbort, reviews, tinyJob, tinyTrainer } from "../test-support/jobs.ts";
import { trainingSchema } from "@fedtune/core";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileData } from "../data/reference.ts";
import type { Backend } from "./backend.ts";
import { chooseFrom } from "./backend.ts";
import { cpu } from "./cpu.ts";
import { chooseBackend } from "./node-choose.ts";
import { createWorkerTrainer } from "./worker-trainer.ts";

describe("backends", () => {
  test.each([
    ["cpu", "stock"],
    ["wasm", "own"],
    ["wasm", "stock"],
  ] as const)(
    "[TN10] %s with %s kernels passes its self-test and is what runs",
    async (name, kernels) => {
      const found = await chooseBackend(name, { kernels, threads: 1 });
      expect(found).toEqual({ name, kernels, threads: 1, notes: [] });
      expect(tf.getBackend()).toBe(name);
    },
  );

  test("[TN10] auto takes the first that works and says why others were passed over", async () => {
    allowConsole();
    const { name, notes } = await chooseBackend("auto");
    expect(["tfjs-node-gpu", "tfjs-node", "webgpu", "wasm"]).toContain(name);
    // On a busy machine several threads may not be worth it; that is told as well.
    for (const note of notes) expect(note).toMatch(/Cannot use backend|^wasm: one thread, since/);
  });

  test("[TN10] a backend that is not there is refused by name", async () => {
    const missing: Backend = {
      name: "webgpu",
      tfName: "webgpu",
      load: () => Promise.reject(new Error("no GPU")),
    };
    await expect(chooseFrom([missing, cpu], "webgpu")).rejects.toThrow(/backend "webgpu": no GPU/);
    await expect(chooseFrom([cpu], "wasm")).rejects.toThrow(/this platform has cpu/);
    expect(await chooseFrom([missing, cpu], "auto")).toMatchObject({
      name: "cpu",
      notes: [expect.stringContaining("no GPU")],
    });
    const refused: Backend = { name: "wasm", tfName: "nowhere", load: () => Promise.resolve() };
    await expect(chooseFrom([refused], "wasm")).rejects.toMatchObject({
      code: "backend-unavailable",
    });
  });

  test.each(["Transpose", "Erf", "BatchMatMul"])(
    "[TN10] wrong numbers of %s are found out",
    async (kernelName) => {
      await chooseBackend("cpu");
      const kernel = tf.getKernel(kernelName, "cpu");
      tf.unregisterKernel(kernelName, "cpu");
      const wrong = (params: Parameters<typeof kernel.kernelFunc>[0]) => {
        const found = kernel.kernelFunc(params);
        const [info] = Array.isArray(found) ? found : [found];
        const backend = params.backend as { readSync(id: object): Float32Array };
        const values = backend.readSync(info!.dataId);
        values.forEach((value, index) => (values[index] = value + 1));
        return found;
      };
      tf.registerKernel({ ...kernel, kernelFunc: wrong });
      try {
        await expect(chooseFrom([cpu], "cpu")).rejects.toMatchObject({ code: "backend-broken" });
      } finally {
        tf.unregisterKernel(kernelName, "cpu");
        tf.registerKernel(kernel);
      }
    },
  );
});

describe("a worker thread", () => {
  async function withWorker(
    use: (
      worker: ReturnType<typeof createWorkerTrainer>,
      data: ReturnType<typeof fileData>,
    ) => Promise<void>,
  ) {
    const folder = await mkdtemp(join(tmpdir(), "fedtune-"));
    const worker = createWorkerTrainer({ model: goldenPath("tiny-bert"), backend: "wasm" });
    try {
      await writeFile(join(folder, "reviews.tsv"), reviews);
      await use(worker, fileData({ kind: "file", path: join(folder, "reviews.tsv") }));
    } finally {
      await worker.close();
      await rm(folder, { recursive: true });
    }
  }

  test("[TN4] [TN16] gives the bytes that this thread gives", async () => {
    await chooseBackend("wasm");
    const { trainer, checkpoint } = await tinyTrainer();
    const job = tinyJob(checkpoint);
    const here = await trainer.train(job, noAbort);
    const metrics = await trainer.evaluate(evaluationOf(job), noAbort);
    await trainer.close();
    await withWorker(async (worker, data) => {
      expect(await worker.ready()).toMatchObject({ name: "wasm", kernels: "own" });
      const progress: number[] = [];
      const there = await worker.train(
        { ...job, data },
        { ...noAbort, onProgress: ({ done }) => progress.push(done) },
      );
      expect(there.factors).toEqual(here.factors);
      expect(progress).toEqual([1, 2, 3]);
      expect(await worker.evaluate(evaluationOf({ ...job, data }), noAbort)).toEqual(metrics);
    });
  });

  test("[TN7] [TN16] keeps error codes, stops on an abort, and starts anew after a crash", async () => {
    const { trainer, checkpoint } = await tinyTrainer();
    await trainer.close();
    const job = tinyJob(checkpoint);
    await withWorker(async (worker, data) => {
      const missing = fileData({ kind: "file", path: "/nowhere.tsv" });
      await expect(worker.train({ ...job, data: missing }, noAbort)).rejects.toMatchObject({
        code: "file-missing",
        data: { path: "/nowhere.tsv" },
      });
      const abort = new AbortController();
      const long = {
        ...job,
        data,
        training: trainingSchema.parse({ localEpochs: 1000, batchSize: 4 }),
      };
      const stopped = worker.train(long, { signal: abort.signal, onProgress: () => abort.abort() });
      await expect(stopped).rejects.toMatchObject({ code: "cancelled" });
      const crashed = worker.train(long, { ...noAbort, onProgress: () => void worker.close() });
      await expect(crashed).rejects.toMatchObject({ code: "training-failed", retryable: true });
      expect((await worker.train({ ...job, data }, noAbort)).examples).toBe(10);
    });
  });

  test("[TN16] a base model that cannot be loaded ends the job with its own error", async () => {
    const worker = createWorkerTrainer({ model: "/nowhere", backend: "cpu" });
    await expect(worker.ready()).rejects.toMatchObject({ code: "model-invalid" });
    await worker.close();
  });
});
