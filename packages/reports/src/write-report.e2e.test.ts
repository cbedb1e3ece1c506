import { createCanvas, loadImage } from "@napi-rs/canvas";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeReport } from "./write-report.ts";
import { sampleResult } from "./test-support/sample.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fedtune-report-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** Hash of every file by its path. */
async function hashes(of: string): Promise<Record<string, string>> {
  const names = await readdir(of, { recursive: true, withFileTypes: true });
  const files = names
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  const pairs = files.sort().map(async (path) => {
    const hash = createHash("sha256").update(await readFile(path));
    return [path.slice(of.length + 1), hash.digest("hex")] as const;
  });
  return Object.fromEntries(await Promise.all(pairs));
}

describe("a report's folder", () => {
  const names = [
    "aggregation-error",
    "final",
    "metric-over-bytes",
    "metric-over-epsilon",
    "metric-over-rounds",
    "metric-over-time",
    "partition",
  ];

  it("has the page, its tables, and every figure as SVG and PNG", async () => {
    await writeReport(sampleResult(), folder);
    expect(Object.keys(await hashes(folder))).toEqual([
      ...names.flatMap((name) => [`figures/${name}.png`, `figures/${name}.svg`]),
      ...["index.html", "results.csv", "results.json", "rounds.csv", "summary.csv"],
    ]);
  });

  it("[SI16] has the same bytes when it is written again, over itself and elsewhere", async () => {
    const result = sampleResult({ failed: 2 });
    await writeReport(result, join(folder, "a"));
    const first = await hashes(join(folder, "a"));
    await writeReport(result, join(folder, "a"));
    await writeReport(structuredClone(result), join(folder, "b"));
    expect(await hashes(join(folder, "a"))).toEqual(first);
    expect(await hashes(join(folder, "b"))).toEqual(first);
  });

  it("has images of twice the drawing's size, in which text is drawn", async () => {
    await writeReport(sampleResult(), folder);
    const image = await loadImage(join(folder, "figures/final.png"));
    expect(image.width).toBe(2 * 792);
    const context = createCanvas(image.width, image.height).getContext("2d");
    context.drawImage(image, 0, 0);
    // The title's ink.
    const { data } = context.getImageData(32, 36, 380, 24);
    const dark = data.filter((value, at) => at % 4 === 0 && value < 80).length;
    expect(dark).toBeGreaterThan(500);
    expect(dark).toBeLessThan(4000);
  });

  it("keeps what it does not own", async () => {
    await writeFile(join(folder, "experiment.json"), "{}");
    await writeReport(sampleResult({ seeds: [1] }), folder);
    expect(await readFile(join(folder, "experiment.json"), "utf8")).toBe("{}");
  });

  it("that cannot be written is an error with the path", async () => {
    await mkdir(join(folder, "results.csv", "not empty"), { recursive: true });
    await expect(writeReport(sampleResult({ seeds: [1] }), folder)).rejects.toMatchObject({
      code: "storage-failed",
      data: { path: join(folder, "results.csv") },
    });
    await writeFile(join(folder, "file"), "");
    await expect(writeReport(sampleResult(), join(folder, "file"))).rejects.toMatchObject({
      code: "storage-failed",
    });
    expect((await readdir(folder)).filter((name) => name.endsWith(".draft"))).toEqual([]);
  });
});
