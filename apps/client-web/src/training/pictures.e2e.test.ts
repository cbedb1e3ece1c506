/** Pictures in a tab are those of Node: decoded to the same pixels, trained on to the same numbers. */
import { imageData } from "@fedtune/training";
import { createWorkerTrainer, nodeImages } from "@fedtune/training/node";
import { chromiumPath, withoutChromium } from "@fedtune/testkit/chromium";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { jobFor, vit } from "./test-support/jobs.ts";
import type { Bench, Tab } from "./test-support/tab.ts";
import { openBench, openTab, plainJob } from "./test-support/tab.ts";
import type { PlainPicture, TrainerHarness } from "./test-support/trainer-page.ts";

declare const harness: TrainerHarness;

const here = chromiumPath() !== null;
const [height, width] = [19, 23];
const colours = (seed: number): Uint8Array =>
  Uint8Array.from(
    { length: 3 * height * width },
    (_, at) => (at * 37 + seed * 101 + at * at) % 256,
  );
const raw = (seed: number) => sharp(colours(seed), { raw: { height, width, channels: 3 } });

/** Twelve pictures of two labels, in both lossless formats. */
const pictures: readonly PlainPicture[] = await Promise.all(
  Array.from({ length: 12 }, async (_, index) => {
    const isPng = index % 3 > 0;
    const packed = isPng ? raw(index).png() : raw(index).webp({ lossless: true });
    const name = `${String(index).padStart(2, "0")}.${isPng ? "png" : "webp"}`;
    return {
      folder: index % 2 === 0 ? "dark" : "light",
      name,
      bytes: [...(await packed.toBuffer())],
    };
  }),
);

describe.skipIf(!here)(`pictures in a tab${here ? "" : ` (${withoutChromium})`}`, () => {
  let bench: Bench;
  let tab: Tab;
  beforeAll(async () => {
    bench = await openBench();
    tab = await openTab(bench);
    await tab.open(vit, { backend: "wasm", threads: 1 });
  });
  afterAll(() => bench.close());

  const decode = (bytes: Uint8Array): Promise<readonly number[]> =>
    tab.page.evaluate((plain) => harness.decode(plain), [...bytes]);

  test.each([
    ["a PNG", () => raw(1).png()],
    ["a PNG of 16 bits", () => raw(2).toColourspace("rgb16").png()],
    ["a PNG of a palette", () => raw(3).png({ palette: true, colours: 16 })],
    ["a gray PNG", () => raw(4).toColourspace("b-w").png()],
    ["an opaque PNG with an alpha channel", () => raw(5).ensureAlpha(1).png()],
    ["a PNG with a colour profile", () => raw(6).withIccProfile("p3").png()],
    ["a lossless WebP", () => raw(7).webp({ lossless: true })],
  ])("[TN4] %s has the pixels that it has in Node", async (_, make) => {
    const bytes = new Uint8Array(await make().toBuffer());
    const { channels, pixels, ...size } = await nodeImages.decode(bytes);
    const inColours =
      channels === 3 ? [...pixels] : [...pixels].flatMap((gray) => [gray, gray, gray]);
    expect(await decode(bytes)).toEqual([size.height, size.width, ...inColours]);
  });

  test("what is no picture is refused", async () => {
    const cut = (await raw(1).png().toBuffer()).subarray(0, 200);
    for (const bytes of [Uint8Array.from(cut), new TextEncoder().encode("<svg/>")])
      await expect(decode(bytes)).rejects.toThrow();
  });

  test("[TN4] training on them gives Node's bits; trying one gives its probabilities", async () => {
    const job = await jobFor(vit, "pictures", {
      labels: ["dark", "light"],
      training: { batchSize: 4, localEpochs: 2 },
      task: { kind: "image-classification", labels: ["dark", "light"] },
      data: imageData({ path: "pictures", kind: "images", format: "folder" }),
    });
    await tab.page.evaluate((all) => harness.setPictures("pictures", all), pictures);
    const { factors, examples } = await tab.train(job);
    expect(examples).toBe(12);
    const expected = await inNode(async (path, trainer) => {
      const at = { ...job, data: { ...job.data, path } };
      return trainer.train(at, { signal: new AbortController().signal });
    });
    expect(factors).toEqual([...expected.factors]);
    const tried = await tab.page.evaluate(
      ({ plain, all }) => harness.classifyPictures(harness.job(plain.job, plain.start), all),
      { plain: plainJob(job), all: pictures },
    );
    expect(tried).toHaveLength(12);
    for (const [dark = 0, light = 0] of tried) expect(dark + light).toBeCloseTo(1, 5);
    expect(await tab.violations()).toEqual([]);
  });

  test("a device is checked without pictures, too", async () => {
    const { adapter, task, training } = await jobFor(vit, "none", {
      labels: ["dark", "light"],
      training: { batchSize: 2 },
    });
    const report = await tab.page.evaluate(
      (question) => harness.trainer.check(question, harness.control()),
      { adapter, task: { ...task, kind: "image-classification" as const }, training, data: null },
    );
    expect(report.stepSeconds).toBeGreaterThan(0);
  });
});

async function inNode<Result>(
  work: (path: string, trainer: ReturnType<typeof createWorkerTrainer>) => Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), "fedtune-pictures-"));
  const trainer = createWorkerTrainer({ model: vit.folder, backend: "wasm", threads: 1 });
  try {
    for (const { folder: label, name, bytes } of pictures) {
      await mkdir(join(folder, label), { recursive: true });
      await writeFile(join(folder, label, name), Uint8Array.from(bytes));
    }
    return await work(folder, trainer);
  } finally {
    await trainer.close();
    await rm(folder, { recursive: true });
  }
}
