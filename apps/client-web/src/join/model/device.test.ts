import { describe, expect, test } from "vitest";
import type { DeviceState, Road } from "../../participant/index.ts";
import { deviceFacts, invitation, road } from "../test-support/fixture.ts";
import { devicePageView } from "./device.ts";

const mains = { source: "mains", charge: 0.82 } as const;
const view = (device: DeviceState, change: Partial<Road> = {}) =>
  devicePageView({ ...road, ...change, device }, mains);

describe("the check of a device", () => {
  test("before it, three lines wait", () => {
    const { lines, summary } = view({ kind: "none" });
    expect(lines.map(({ state }) => state)).toEqual(["waits", "waits", "waits"]);
    expect(summary).toEqual([]);
  });

  test("the download shows how far it is", () => {
    const { lines } = view({
      kind: "checking",
      step: "download",
      doneBytes: 45e6,
      totalBytes: 90e6,
    });
    expect(lines[0]).toMatchObject({
      state: "running",
      share: 0.5,
      value: "45\u202FMB of 90\u202FMB",
    });
  });

  test.each(["backend", "speed"] as const)("%s is checked after the model is here", (step) => {
    const { lines } = view({ kind: "checking", step, doneBytes: null, totalBytes: null });
    expect(lines[0]?.state).toBe("good");
    expect(lines.filter(({ state }) => state === "running")).toHaveLength(1);
  });

  test("a device that is fit shows what was found, how long it takes, and what one agrees to", () => {
    const found = view({ kind: "fit", facts: deviceFacts });
    expect(found.lines.map(({ value }) => value)).toEqual([
      ...["90.9\u202FMB, here and whole", "Graphics card (WebGPU)", "1.5 steps/s"],
      ...["612\u202FMB", "Chrome 156", "mains"],
    ]);
    expect(found.time).toEqual({
      value: "about 25\u202Fmin of work",
      note: "about 40\u202Fs in each round, 40 rounds to come",
    });
    expect(found.summary).toEqual([
      "**messages-2026.csv** with 1,842 messages is used here, and stays here.",
      "**148\u202FkB** of numbers leave in each round, at most 5.9\u202FMB in all.",
      "An expert who sees them is right at most **65 times in 100** about one message.",
    ]);
    expect([found.fallback, found.box]).toEqual([null, null]);
  });

  test("a fallback says why and what it costs", () => {
    const passedOver = [
      { backend: "webgpu", reason: "missing", message: "navigator.gpu is not there" },
    ] as const;
    const facts = {
      ...deviceFacts,
      backend: "wasm",
      threads: 4,
      roundSeconds: 330,
      passedOver,
    } as const;
    const { fallback, lines } = view({ kind: "fit", facts });
    expect(fallback?.title).toBe("Training will use the processor");
    expect(fallback?.text).toBe(
      "The graphics card cannot be used: this browser has no WebGPU. It works without it, but slower: about 3\u202Fh 40\u202Fmin in all.",
    );
    expect(lines[1]?.value).toBe("Processor, 4 threads");
  });

  test("without a promise there is a box to tick", () => {
    const none = { ...invitation, privacy: { mode: "none" } as const };
    const { box, summary } = view({ kind: "fit", facts: deviceFacts }, { invitation: none });
    expect(box).toContain("no promise");
    expect(summary[2]).toContain("no numerical promise");
  });

  test("a device that cannot take part says why", () => {
    const problem = {
      code: "backend-unavailable",
      message: "",
      data: {},
      retryable: false,
    } as const;
    expect(view({ kind: "problem", problem }).problem?.kind).toBe("backend-missing");
  });
});
