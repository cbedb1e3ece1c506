import { describe, expect, it } from "vitest";
import { createIo } from "../io.ts";
import { captured } from "../test-support/capture.ts";
import { runDoctor } from "./doctor.ts";
import type { Finding } from "./doctor.ts";

async function doctor(backends: readonly Finding[], json: boolean) {
  const [stdout, stderr] = [captured(), captured()];
  const io = createIo({ stdout: stdout.stream, stderr: stderr.stream }, json ? { json } : {}, {
    signal: new AbortController().signal,
    onExit: () => () => undefined,
  });
  const code = await runDoctor(io, () => Promise.resolve(backends));
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

const works: Finding = { name: "backend wasm", state: "ok", found: "computes right" };
const missing: Finding = { name: "backend webgpu", state: "missing", found: "not installed" };
const broken: Finding = { name: "backend wasm", state: "broken", found: "wrong sums" };

describe("fedtune doctor", () => {
  it("[CI11] says what is there and what is missing, and exits with 0 when one backend works", async () => {
    const { code, stdout, stderr } = await doctor([missing, works], false);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^node +ok +\d+\.\d+\.\d+ on /m);
    expect(stdout).toMatch(/^backend webgpu +missing +not installed$/m);
    expect(stdout).toMatch(/This machine can train\.\n$/);
  });

  it("[CI11] [CI15] exits with 5 when none works", async () => {
    const { code, stdout } = await doctor([missing, broken], false);
    expect(code).toBe(5);
    expect(stdout).toContain("no backend works");
  });

  it("[CI11] [CI12] prints the same as one JSON value", async () => {
    const { stdout } = await doctor([works], true);
    expect(JSON.parse(stdout)).toMatchObject({ ready: true });
    expect((JSON.parse(stdout) as { findings: unknown[] }).findings).toContainEqual(works);
  });
});
