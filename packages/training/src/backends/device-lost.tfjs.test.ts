import * as tf from "@tensorflow/tfjs";
import { FedtuneError } from "@fedtune/core";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fileData } from "../data/reference.ts";
import type { FragileTrainer } from "../test-support/fragile.ts";
import { fragileTrainer } from "../test-support/fragile.ts";
import { noAbort, reviews, tinyJob, tinyTrainer } from "../test-support/jobs.ts";
import type { Backend } from "./backend.ts";
import { chooseFrom } from "./backend.ts";
import { cpu } from "./cpu.ts";
import { lossToldBy, lostBackend } from "./device-lost.ts";
import { chooseBackend } from "./node-choose.ts";

/** Dawn itself, where its package and an adapter are there; SwiftShader's is named by VK_ICD_FILENAMES. */
const hasDawn = isInstalled("webgpu");
const whyNot = hasDawn ? "" : " (the package webgpu is not installed)";

function isInstalled(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(name);
    return true;
  } catch {
    return false;
  }
}

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fedtune-"));
  await writeFile(join(folder, "reviews.tsv"), reviews);
});
afterEach(() => rm(folder, { recursive: true }));

async function reviewJob() {
  await chooseBackend("cpu");
  const { trainer, checkpoint } = await tinyTrainer();
  const job = tinyJob(checkpoint);
  const { factors } = await trainer.train(job, noAbort);
  await trainer.close();
  const data = fileData({ kind: "file", path: join(folder, "reviews.tsv") });
  return { job: { ...job, data }, factors };
}

/** Loses the device after the first step. */
function losing({ lose }: FragileTrainer) {
  return { ...noAbort, onProgress: lose };
}

describe("a device that is lost in the middle of a step", () => {
  test("[TN26] [TN16] ends the job in its own error, and the next job has the device that came back", async () => {
    const { job, factors } = await reviewJob();
    const fragile = fragileTrainer("imitated");
    const { trainer } = fragile;
    try {
      expect(await trainer.ready()).toMatchObject({ name: "webgpu" });
      await expect(trainer.train(job, losing(fragile))).rejects.toMatchObject({
        code: "training-failed",
        retryable: true,
        message: "Lost the graphics device of webgpu: the driver was reset",
        data: { reason: "device-lost", backend: "webgpu" },
      });
      expect((await trainer.train(job, noAbort)).factors).toEqual(factors);
      expect(await trainer.ready()).toMatchObject({ name: "webgpu", notes: [] });
      expect(fragile.backends).toEqual(["webgpu", "webgpu"]);
    } finally {
      await trainer.close();
    }
  });

  test("[TN26] and does not come back, or is lost again, gives way to the next backend, which says so", async () => {
    const { job, factors } = await reviewJob();
    for (const comesBack of [false, true]) {
      const fragile = fragileTrainer("imitated");
      const { trainer } = fragile;
      try {
        await expect(trainer.train(job, losing(fragile))).rejects.toThrow(/Lost the graphics/);
        if (comesBack) await expect(trainer.train(job, losing(fragile))).rejects.toThrow(/Lost/);
        else fragile.stayAway();
        expect((await trainer.train(job, noAbort)).factors).toEqual(factors);
        expect(await trainer.ready()).toMatchObject({
          name: "cpu",
          notes: [
            comesBack
              ? expect.stringContaining("Lost the graphics device of webgpu")
              : expect.stringContaining("there is no GPU adapter"),
          ],
        });
        expect(fragile.backends.at(-1)).toBe("cpu");
      } finally {
        await trainer.close();
      }
    }
  });

  test.skipIf(!hasDawn)(`[TN26] [TN16] is the same with Dawn's own${whyNot}`, async (context) => {
    const { job, factors } = await reviewJob();
    const fragile = fragileTrainer("dawn");
    const { trainer } = fragile;
    try {
      const { name, notes } = await trainer.ready();
      context.skip(name !== "webgpu", `no adapter: ${notes.join("; ")}`);
      await expect(trainer.train(job, losing(fragile))).rejects.toMatchObject({
        code: "training-failed",
        data: { reason: "device-lost", backend: "webgpu" },
      });
      const again = await trainer.train(job, noAbort);
      expect(await trainer.ready()).toMatchObject({ name: "webgpu" });
      const largest = again.factors.reduce(
        (most, value, index) => Math.max(most, Math.abs(value - (factors[index] ?? Number.NaN))),
        0,
      );
      expect(largest).toBeLessThan(1e-4);
    } finally {
      await trainer.close();
    }
  });
});

describe("what a dead device is known by", () => {
  test("[TN26] are the words of CUDA, but not those of a full memory, and only on its backend", () => {
    const lost = (text: string, backend = "tfjs-node-gpu") => {
      const told = lossToldBy(new Error(text), backend);
      return told === null ? null : lostBackend(told);
    };
    const dead =
      "Could not synchronize CUDA stream: CUDA_ERROR_ILLEGAL_ADDRESS: an illegal memory access";
    expect(lost(dead)).toBe("tfjs-node-gpu");
    expect(lost("Failed to run: CUBLAS_STATUS_EXECUTION_FAILED")).toBe("tfjs-node-gpu");
    expect(lost(dead, "tfjs-node")).toBeNull();
    expect(lost("CUDA_ERROR_OUT_OF_MEMORY: out of memory")).toBeNull();
    expect(lost("CUBLAS_STATUS_ALLOC_FAILED")).toBeNull();
    expect(lostBackend(new FedtuneError("training-failed", "no"))).toBeNull();
  });

  test("[TN10] a backend whose self-test dies is passed over like one that computes wrongly", async () => {
    const dead: Backend = {
      ...{ name: "tfjs-node-gpu", tfName: "dead" },
      load() {
        tf.registerBackend("dead", tf.findBackendFactory("cpu"));
        return Promise.resolve();
      },
    };
    await cpu.load();
    // Nothing can be computed on it: it has no kernels.
    await expect(chooseFrom([dead], "tfjs-node-gpu")).rejects.toMatchObject({
      code: "backend-broken",
    });
    expect(await chooseFrom([dead, cpu], "auto")).toMatchObject({ name: "cpu" });
  });
});
