import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { sampleResult } from "./test-support/sample.ts";
import { writeReport } from "./write-report.ts";

vi.mock("@napi-rs/canvas", () => {
  throw new Error("Cannot find native binding");
});

it("a report on a machine without the canvas has its figures as SVG and says why", async () => {
  const folder = await mkdtemp(join(tmpdir(), "fedtune-report-"));
  try {
    await writeReport(sampleResult({ seeds: [1] }), folder);
    const figures = await readdir(join(folder, "figures"));
    expect(figures.every((name) => name.endsWith(".svg"))).toBe(true);
    const page = await readFile(join(folder, "index.html"), "utf8");
    expect(page).toContain("@napi-rs/canvas, which draws PNG, does not load on this machine");
    expect(page).not.toContain(".png");
  } finally {
    await rm(folder, { recursive: true });
  }
});
