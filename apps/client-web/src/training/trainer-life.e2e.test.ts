import { chromiumPath, launchChromium, withoutChromium } from "@fedtune/testkit/chromium";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { inNode, reviewFile, reviewJob, tiny } from "./test-support/jobs.ts";
import type { TestModel } from "./test-support/jobs.ts";
import type { Bench, Tab } from "./test-support/tab.ts";
import { openBench, openTab, plainJob } from "./test-support/tab.ts";
import type { TrainerHarness } from "./test-support/trainer-page.ts";

declare const harness: TrainerHarness;

const here = chromiumPath() !== null;
const noAbort = { signal: new AbortController().signal };
/** Longer than any test waits. */
const endless = { localEpochs: 1000 };

describe.skipIf(!here)(`the life of a tab's worker${here ? "" : ` (${withoutChromium})`}`, () => {
  let bench: Bench;
  let tab: Tab;
  beforeAll(async () => {
    bench = await openBench();
  });
  afterAll(() => bench.close());
  beforeEach(async () => {
    tab = await openTab(bench);
  });
  afterEach(async () => {
    const violations = await tab.violations();
    await tab.close();
    expect(violations).toEqual([]);
  });

  const openTiny = () => tab.open(tiny, { backend: "wasm", threads: 1 }, reviewFile);
  const workers = () => tab.page.evaluate(() => harness.workers.length);

  test("[TN7] [TN16] an abort stops a job between two steps, and the worker goes on with the next", async () => {
    await openTiny();
    const { code } = await tab.failure(await reviewJob(endless), 3);
    expect(code).toBe("cancelled");
    // On a busy machine the page is told late; of 3,000 steps it is still at the beginning.
    expect((await tab.steps()).length).toBeLessThan(500);
    expect((await tab.train(await reviewJob())).examples).toBe(10);
    expect(await workers()).toBe(1);
  });

  test("[TN16] a crash ends the job with an error of its own, and the next job starts anew to the same bits", async () => {
    await openTiny();
    const before = await tab.train(await reviewJob());
    const crash = await tab.page.evaluate(
      async ({ job, start }) => {
        const control = {
          ...harness.control(),
          // The worker looks into every message, and nothing catches what comes of this one.
          onProgress: () => harness.workers.at(-1)?.postMessage(null),
        };
        return harness.failure(harness.trainer.train(harness.job(job, start), control));
      },
      plainJob(await reviewJob(endless)),
    );
    expect(crash).toMatchObject({ code: "training-failed", data: { reason: "crashed" } });
    expect((await tab.train(await reviewJob())).factors).toEqual(before.factors);
    expect(await workers()).toBe(2);
  });

  test("[TN16] a worker whose code does not come is an error, not a wait without end", async () => {
    await tab.page.route(/training-worker/, (route) => route.abort());
    await openTiny();
    const failed = await tab.failure(await reviewJob());
    expect(failed).toMatchObject({ code: "training-failed", data: { reason: "crashed" } });
    await tab.page.unroute(/training-worker/);
    expect((await tab.train(await reviewJob())).examples).toBe(10);
  });

  test("[TN10] a lost graphics card ends the job, and the next one runs on the next backend and says so", async () => {
    const browser = await launchChromium({ gpu: "software" });
    const other = await openTab({ site: bench.site, browser });
    try {
      await other.open(tiny, { allowSoftware: true, threads: 1 }, reviewFile);
      const { name } = await other.ready();
      expect(["webgpu", "wasm"]).toContain(name);
      // Without software WebGPU in this Chromium there is no graphics card to lose: WebGL stands behind wasm.
      if (name !== "webgpu") return;
      const failing = other.failure(await reviewJob(endless));
      await other.page.waitForFunction(() => harness.steps.length > 0, null, { timeout: 120_000 });
      const control = await browser.newBrowserCDPSession();
      await control.send("Browser.crashGpuProcess");
      expect(await failing).toMatchObject({
        code: "training-failed",
        data: { reason: "device-lost", backend: "webgpu" },
      });
      expect((await other.train(await reviewJob())).examples).toBe(10);
      expect(await other.ready()).toMatchObject({
        name: "wasm",
        passedOver: [{ backend: "webgpu", reason: "lost" }],
        notes: [expect.stringContaining("Lost the graphics device of webgpu")],
      });
    } finally {
      await browser.close();
    }
  });

  test("[TN10] software graphics cards are passed over with their reason", async () => {
    await tab.open(tiny, { threads: 1 });
    const chosen = await tab.ready();
    expect(chosen).toMatchObject({ name: "wasm", kernels: "own", device: null });
    expect(chosen.passedOver).toEqual([
      {
        backend: "webgpu",
        reason: expect.stringMatching(/^(software|blocked|missing)$/) as string,
        message: expect.stringContaining("webgpu") as string,
      },
    ]);
  });

  test("[TN10] a page that shares its process with other origins trains on one thread and says why", async () => {
    const other = await openTab(bench, { url: bench.site.notIsolated });
    await other.open(tiny, { backend: "wasm", threads: 2 }, reviewFile);
    expect(await other.ready()).toMatchObject({
      ...{ name: "wasm", kernels: "own", threads: 1 },
      notes: ["wasm: one thread, since this page is not isolated from other origins"],
    });
    const job = await reviewJob();
    const there = await inNode(tiny, reviewFile, (trainer, at) => trainer.train(at(job), noAbort));
    expect((await other.train(job)).factors).toEqual([...there.factors]);
    await other.close();
  });

  test("a pace of 0 holds a job before its first step or a later one, and more lets it go on to the same bits", async () => {
    await openTiny();
    const free = await tab.train(await reviewJob());
    await tab.page.evaluate(() => harness.trainer.setPace(0));
    const held = await tab.page.evaluate(
      async ({ job, start }) => {
        const training = harness.trainer.train(harness.job(job, start), harness.control());
        await new Promise((resolve) => setTimeout(resolve, 500));
        const steps = harness.steps.length;
        harness.trainer.setPace(0.5);
        return { steps, factors: [...(await training).factors] };
      },
      plainJob(await reviewJob()),
    );
    expect(held).toEqual({ steps: 0, factors: free.factors });
    const count = () => tab.page.evaluate(() => harness.steps.length);
    const failing = tab.failure(await reviewJob(endless), 1500);
    await expect.poll(count, { timeout: 60_000 }).toBeGreaterThan(2);
    await tab.page.evaluate(() => harness.trainer.setPace(0));
    await expect
      .poll(async () => {
        const before = await count();
        await tab.page.waitForTimeout(500);
        return (await count()) - before;
      })
      .toBe(0);
    const steps = await count();
    expect(steps).toBeLessThan(1500);
    await tab.page.evaluate(() => harness.trainer.setPace(1));
    await expect.poll(count, { timeout: 60_000 }).toBeGreaterThan(steps);
    expect((await failing).code).toBe("cancelled");
  });

  test("[TN7] a held job can be aborted", async () => {
    await openTiny();
    await tab.page.evaluate(() => harness.trainer.setPace(0));
    const { code } = await tab.page.evaluate(
      async ({ job, start }) => {
        const abort = new AbortController();
        setTimeout(() => abort.abort(), 200);
        const control = { signal: abort.signal };
        await harness.trainer.ready();
        return harness.failure(harness.trainer.train(harness.job(job, start), control));
      },
      plainJob(await reviewJob()),
    );
    expect(code).toBe("cancelled");
  });

  test("a data file is read under its path, another one takes its place, and none is an error", async () => {
    await openTiny();
    expect((await tab.train(await reviewJob())).examples).toBe(10);
    const lines = reviewFile.text.split("\n").slice(0, 7);
    await tab.setFile({ path: reviewFile.path, text: lines.join("\n") });
    expect((await tab.train(await reviewJob())).examples).toBe(6);
    await tab.page.evaluate(() => harness.trainer.setFile("reviews.tsv", null));
    const missing = await tab.failure(await reviewJob());
    expect(missing).toMatchObject({ code: "file-missing", data: { path: "reviews.tsv" } });
    await tab.setFile({ path: reviewFile.path, text: "text\tlabel\ngood\tugly\n" });
    expect(await tab.failure(await reviewJob())).toMatchObject({
      code: "label-unknown",
      data: { path: "reviews.tsv", line: 2, label: "ugly" },
    });
  });

  test("a file that is larger than the memory allows is refused before it is read", async () => {
    await tab.open(tiny, { backend: "wasm", threads: 1, memoryLimitBytes: 1 });
    await tab.page.evaluate(() => {
      harness.trainer.setFile("reviews.tsv", new File([new Uint8Array(2 ** 24 + 1)], "big"));
    });
    expect(await tab.failure(await reviewJob())).toEqual({
      code: "data-invalid",
      message: "Cannot use reviews.tsv: it has 16777217 bytes, this device can take 16777216",
      data: { reason: "too-large", path: "reviews.tsv", bytes: 2 ** 24 + 1, limit: 2 ** 24 },
    });
  });

  test("[TN16] a closed trainer ends its worker and its threads, and starts again when it is asked", async () => {
    await tab.open(tiny, { backend: "wasm", threads: 2 }, reviewFile);
    expect(await tab.ready()).toMatchObject({ threads: 2 });
    expect(tab.page.workers().length).toBeGreaterThan(0);
    await tab.page.evaluate(() => harness.trainer.close());
    // Chromium gives a thread that sleeps in WebAssembly two seconds.
    await expect.poll(() => tab.page.workers().length, { timeout: 30_000 }).toBe(0);
    expect((await tab.train(await reviewJob())).examples).toBe(10);
  });
});

/** The model at another origin, which the policy forbids a worker to ask. */
function elsewhere(origin: string): TestModel {
  return { ...tiny, files: tiny.files.map((file) => ({ ...file, url: `${origin}${file.url}` })) };
}

describe.skipIf(!here)("the watch of these tests", () => {
  test("sees long tasks, computing pages and breaches of the policy", async () => {
    const bench = await openBench();
    const tab = await openTab(bench);
    const before = await tab.computedSeconds();
    await tab.page.evaluate(async () => {
      const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
      await sleep(10);
      const end = performance.now() + 150;
      while (performance.now() < end);
      await sleep(100);
    });
    const tasks = await tab.page.evaluate(() => harness.longTasks);
    const computed = (await tab.computedSeconds()) - before;
    await tab.page.evaluate(() => {
      const image = document.createElement("img");
      image.src = "/somewhere.png";
      document.body.append(image);
    });
    await tab.open(elsewhere(bench.site.notIsolated));
    const { failure } = await tab.page.evaluate(async () => ({
      failure: await harness.failure(harness.trainer.ready()),
    }));
    expect(failure.code).toBe("blob-missing");
    const seen = async () => (await tab.violations()).join("\n");
    await expect.poll(seen).toMatch(/img-src/);
    await expect.poll(seen).toMatch(/connect-src/);
    await bench.close();
    expect(Math.max(...tasks)).toBeGreaterThan(100);
    expect(computed).toBeGreaterThan(0);
  });
});
