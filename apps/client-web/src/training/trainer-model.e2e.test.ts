import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { digest } from "@fedtune/core";
import { chromiumPath, withoutChromium } from "@fedtune/testkit/chromium";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mini, reviewFile, reviewJob, tiny } from "./test-support/jobs.ts";
import type { Bench, Tab } from "./test-support/tab.ts";
import { openBench, openTab } from "./test-support/tab.ts";
import type { TrainerHarness } from "./test-support/trainer-page.ts";

declare const harness: TrainerHarness;

const here = chromiumPath() !== null;
const wasm = { backend: "wasm", threads: 1 } as const;

describe.skipIf(!here)(`engine and model of a tab${here ? "" : ` (${withoutChromium})`}`, () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench();
  });
  afterAll(() => bench.close());

  const asked = (start: string) =>
    bench.site.requests.filter(({ path }) => path.startsWith(start)).map(({ path }) => path);
  const failureOfReady = (tab: Tab) =>
    tab.page.evaluate(() => harness.failure(harness.trainer.ready()));
  const last = async (tab: Tab) =>
    (await tab.progress()).filter(({ phase }) => phase === "model").at(-1);

  test("a page has nothing of the engine before it asks, and asks for little", async () => {
    const tab = await openTab(bench);
    expect(asked("/assets").filter((path) => !/trainer-[^/]*\.js$/.test(path))).toEqual([]);
    expect(asked("/assets")).toHaveLength(1);
    await tab.open(tiny, wasm, reviewFile);
    await tab.ready();
    const size = async (path: string) =>
      gzipSync(await readFile(join(bench.site.folder, path)), { level: 9 }).length;
    const sizes = new Map<string, number>();
    for (const path of asked("/assets")) sizes.set(path, await size(path));
    const total = [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
    const ofPage = [...sizes].filter(([path]) => path.includes("browser-trainer"));
    expect(ofPage).toHaveLength(1);
    expect(ofPage[0]?.[1]).toBeLessThan(5_000);
    // JavaScript and TensorFlow.js' binary; WebGL and WebGPU have files of their own, which wasm does not load.
    expect(total).toBeLessThan(460_000);
    const all = await readdir(join(bench.site.folder, "assets"));
    expect(all.length).toBeGreaterThan(sizes.size);
    await tab.close();
  });

  test("a model is fetched once, then found on the device, and deleted on demand", async () => {
    const tab = await openTab(bench);
    await tab.open(mini, wasm);
    await tab.ready();
    const totalBytes = mini.files.reduce((sum, { bytes }) => sum + bytes, 0);
    const whole = { phase: "model", loadedBytes: totalBytes, totalBytes };
    expect(await last(tab)).toEqual({ ...whole, fetchedBytes: totalBytes });
    expect(asked("/mini")).toHaveLength(mini.files.length);
    const again = await openTab(bench, { context: tab.context });
    await again.open(mini, wasm);
    await again.ready();
    expect(await last(again)).toEqual({ ...whole, fetchedBytes: 0 });
    expect(asked("/mini")).toEqual([]);
    const phases = (await again.progress()).map(({ phase }) => phase);
    expect(phases.slice(-2)).toEqual(["backend", "ready"]);
    await again.page.evaluate(() => harness.deleteModels());
    const third = await openTab(bench, { context: tab.context });
    await third.open(mini, wasm);
    await third.ready();
    expect(asked("/mini")).toHaveLength(mini.files.length);
    await tab.close();
  });

  test("a model file of other bytes, another size or nowhere is refused, not kept, and asked for again", async () => {
    const tab = await openTab(bench);
    const [first, ...rest] = tiny.files;
    const other = { ...first!, hash: digest("0".repeat(64)) };
    await tab.open({ ...tiny, files: [other, ...rest] }, wasm);
    expect(await failureOfReady(tab)).toMatchObject({
      code: "blob-corrupt",
      message: expect.stringContaining(first!.hash) as string,
      data: { file: first!.name },
    });
    await tab.open({ ...tiny, files: [{ ...first!, bytes: first!.bytes - 1 }, ...rest] }, wasm);
    expect((await failureOfReady(tab)).code).toBe("blob-corrupt");
    await tab.open({ ...tiny, files: [{ ...first!, url: "/tiny/nothing" }, ...rest] }, wasm);
    expect(await failureOfReady(tab)).toMatchObject({
      code: "blob-missing",
      message: expect.stringContaining("404") as string,
    });
    await tab.open(tiny, wasm, reviewFile);
    expect((await tab.train(await reviewJob())).examples).toBe(10);
    expect(asked("/tiny").filter((path) => path === first!.url)).toHaveLength(3);
    await tab.close();
  });

  test("model files are asked for with the page's headers, and only those that are not here", async () => {
    const tab = await openTab(bench);
    const openSigned = () =>
      tab.page.evaluate(
        (model) =>
          harness.open({
            ...{ model, backend: "wasm", threads: 1 },
            authorize: ({ name }) => Promise.resolve({ "x-signature": `for ${name}` }),
          }),
        tiny.files,
      );
    await openSigned();
    await tab.ready();
    const signed = bench.site.requests.filter(({ path }) => path.startsWith("/tiny"));
    expect(signed.map(({ headers }) => headers["x-signature"])).toEqual(
      tiny.files.map(({ name }) => `for ${name}`),
    );
    await tab.page.evaluate(async (model) => {
      await harness.deleteModels();
      await harness.open({
        ...{ model, backend: "wasm", threads: 1 },
        authorize: () => Promise.reject(new Error("the key is gone")),
      });
    }, tiny.files);
    expect(await failureOfReady(tab)).toMatchObject({
      code: "training-failed",
      message: "the key is gone",
    });
    await tab.close();
  });
});
