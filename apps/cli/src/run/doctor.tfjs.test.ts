import { backendNames } from "@fedtune/training/node";
import { expect, it } from "vitest";
import { listBackends } from "./backends.ts";

it("[CI11] [TN10] every backend is tried; the ones in plain JavaScript and WebAssembly work everywhere", async () => {
  const findings = await listBackends();
  const states = new Map(findings.map(({ name, state }) => [name, state]));
  for (const name of backendNames) {
    if (name !== "tfjs-node") expect(states.has(`backend ${name}`)).toBe(true);
  }
  expect(states.get("backend wasm")).toBe("ok");
  expect(states.get("backend cpu")).toBe("ok");
  expect(findings.filter(({ found }) => found.includes("taken unless"))).toHaveLength(1);
  for (const { found } of findings) expect(found).not.toBe("");
  for (const { state, speed, computing } of findings) {
    expect([speed === undefined, computing === undefined]).toEqual(Array(2).fill(state !== "ok"));
    if (speed === undefined || computing === undefined) continue;
    // The hidden states of the step alone are 256 x 128 floats, and there are several.
    expect(speed.stepBytes).toBeGreaterThan(4 * 256 * 128 * 3);
    expect(computing.processBytes).toBeGreaterThan(speed.stepBytes);
    expect(computing.threads).toBeGreaterThanOrEqual(1);
    expect(speed.gflops).toBeGreaterThan(0.01);
    expect(speed.stepMs).toBeGreaterThan(0);
  }
});
