import { isFedtuneError, virtualClock } from "@fedtune/core";
import type { RoundState } from "@fedtune/core";
import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import { drainer } from "./drain.ts";
import type { DrainOptions } from "./drain.ts";

function scene(options: Partial<DrainOptions> = {}) {
  const clock = virtualClock(() => new Promise((resolve) => setImmediate(resolve)));
  const calls: string[] = [];
  const errors: unknown[] = [];
  const drain = drainer({
    ...{ clock, timeoutMs: 10_000, phases: () => [] },
    refuse: () => calls.push("refuse"),
    farewell: () => calls.push("farewell"),
    closing: [
      async () => void calls.push("server"),
      () => Promise.reject(new Error("broken")),
      async () => void calls.push("database"),
    ],
    failed: (error) => errors.push(error),
    ...options,
  });
  return { clock, calls, errors, drain };
}

/** A request that goes through the guard; what ends it, or the refusal. */
function request(drain: ReturnType<typeof drainer>, method: string) {
  const response = Object.assign(new EventEmitter(), {
    headers: new Map<string, string>(),
    set(name: string, value: string) {
      this.headers.set(name, value);
    },
  });
  let passed = false;
  let code: string | null = null;
  try {
    void drain.guard({ method } as never, response as never, () => (passed = true));
  } catch (error) {
    code = isFedtuneError(error) ? error.code : "?";
  }
  return {
    passed,
    code,
    headers: Object.fromEntries(response.headers),
    end: () => response.emit("close"),
  };
}

describe("a drain", () => {
  it("[OP2] waits for uploads and commits under way, then closes all in order, whatever fails", async () => {
    let phase: RoundState["phase"] = "aggregating";
    const { clock, calls, errors, drain } = scene({ phases: () => [phase, "collecting"] });
    const upload = request(drain, "PUT");
    expect(upload.passed).toBe(true);
    clock.after(300, () => upload.end());
    clock.after(900, () => {
      expect(calls).toEqual(["refuse"]);
      phase = "waiting";
    });
    const drained = await clock.runUntil(drain.begin());
    expect(drained).toEqual({ waitedMs: 900, left: 0 });
    expect(calls).toEqual(["refuse", "farewell", "server", "database"]);
    expect(errors).toHaveLength(1);
    expect(await drain.begin()).toBe(drained);
  });

  it("[OP2] takes nothing new meanwhile and says when to come back; readers are served", async () => {
    const { clock, drain } = scene();
    const upload = request(drain, "PUT");
    const end = drain.begin();
    expect(drain.draining).toBe(true);
    for (const method of ["PUT", "POST", "DELETE", "PATCH"]) {
      const refused = request(drain, method);
      expect(refused).toMatchObject({
        passed: false,
        code: "draining",
        headers: { "Retry-After": "5" },
      });
    }
    const reading = request(drain, "GET");
    expect(reading.passed).toBe(true);
    expect(drain.underWay()).toBe(2);
    reading.end();
    upload.end();
    expect(await clock.runUntil(end)).toMatchObject({ left: 0 });
  });

  it("[OP2] does not wait for ever", async () => {
    const { clock, calls, drain } = scene();
    request(drain, "PUT");
    expect(await clock.runUntil(drain.begin())).toEqual({ waitedMs: 10_000, left: 1 });
    expect(calls).toContain("database");
  });
});
