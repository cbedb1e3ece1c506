import { virtualClock } from "@fedtune/core";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { checkOrigin, hostsFor } from "./headers.ts";
import { tokenBucket } from "./limits.ts";
import { serverLog } from "./log.ts";
import type { ServerLog } from "./log.ts";
import { scopedClock } from "./scoped-clock.ts";

const clockAtZero = () => virtualClock(() => Promise.resolve());

describe("a token bucket", () => {
  it("[TR10] lets a burst through, then so many per second", () => {
    let now = 0;
    const allowed = tokenBucket(
      { now: () => now, after: () => () => undefined },
      { burst: 3, perSecond: 2 },
    );
    const taken = () => Array.from({ length: 10 }, allowed).filter(Boolean).length;
    expect(taken()).toBe(3);
    now += 1000;
    expect(taken()).toBe(2);
    now += 3_600_000;
    expect(taken()).toBe(3);
  });
});

describe("a clock with an end", () => {
  it("[TR14] calls nothing after its end, and frees every timer", () => {
    const clock = clockAtZero();
    const scoped = scopedClock(clock);
    let called = 0;
    scoped.after(10, () => (called += 1));
    scoped.after(20, () => (called += 1))();
    expect(clock.advance()).toBe(true);
    scoped.after(30, () => (called += 1));
    scoped.close();
    scoped.after(40, () => (called += 1));
    expect(clock.advance()).toBe(false);
    expect(called).toBe(1);
  });
});

describe("names and origins", () => {
  const local = hostsFor("127.0.0.1", null);

  it.each([
    ["127.0.0.1:7777", undefined],
    ["localhost:7777", "http://localhost:7777"],
    ["[::1]:7777", "http://[::1]:7777"],
  ])("[TR11] admits host %s with origin %s on loopback", (host, origin) => {
    expect(() => {
      checkOrigin({ host, origin }, local);
    }).not.toThrow();
  });

  it.each([
    ["evil.example:7777", undefined],
    ["evil.example:7777", "http://evil.example:7777"],
    ["localhost:7777", "http://localhost:8888"],
    ["localhost:7777", "null"],
    ["localhost:7777", "not an origin"],
    ["", undefined],
  ])("[TR11] refuses host %s with origin %s on loopback", (host, origin) => {
    expect(() => {
      checkOrigin({ host, origin }, local);
    }).toThrow(expect.objectContaining({ code: "origin-refused" }));
  });

  it("[TR11] elsewhere any name serves, but only its own pages; named hosts are the only ones", () => {
    expect(hostsFor("0.0.0.0", null)).toBeNull();
    expect(() => {
      checkOrigin({ host: "lab.example", origin: "https://lab.example" }, null);
    }).not.toThrow();
    expect(() => {
      checkOrigin({ host: "lab.example", origin: "https://evil.example" }, null);
    }).toThrow();
    expect(hostsFor("0.0.0.0", ["lab.example"])).toEqual(["lab.example"]);
  });
});

describe("the log", () => {
  it("[HT5] writes named fields only, whatever else it is given", () => {
    const lines: string[] = [];
    const log = serverLog(pino({ level: "trace" }, { write: (line: string) => lines.push(line) }));
    const extra = {
      key: "canary",
      body: "canary",
      headers: { authorization: "canary" },
      values: new Uint8Array(9),
    };
    const run = {
      run: "toy",
      client: "ada",
      code: "not-finite",
      round: 1,
      attempt: 1,
      accepted: 3,
      seconds: 1,
    } as const;
    const request = { host: "h", port: 1, method: "GET", path: "/", status: 200, ms: 1 };
    const calls: Record<keyof ServerLog, () => void> = {
      listening: () => {
        log.listening({ ...request, ...extra });
      },
      closed: () => {
        log.closed();
      },
      connected: () => {
        log.connected("c1");
      },
      disconnected: () => {
        log.disconnected("c1", "toy");
      },
      dismissed: () => {
        log.dismissed("c1", "timeout");
      },
      requested: () => {
        log.requested({ ...request, ...extra });
      },
      refused: () => {
        log.refused({ ...run, ...extra });
      },
      committed: () => {
        log.committed({ ...run, ...extra });
      },
      abandoned: () => {
        log.abandoned({ ...run, ...extra });
      },
      failed: () => {
        log.failed("a request", Object.assign(new Error("why"), extra));
      },
    };
    for (const call of Object.values(calls)) call();
    expect(lines).toHaveLength(Object.keys(calls).length);
    expect(lines.join("")).not.toContain("canary");
    expect(lines.join("")).not.toContain("values");
  });
});
