import { EventEmitter } from "node:events";
import { FedtuneError } from "@fedtune/core";
import { describe, expect, it } from "vitest";
import { watchInterrupts } from "./interrupt.ts";

function world() {
  const process = new EventEmitter();
  const log: string[] = [];
  const timers: (() => void)[] = [];
  const interrupt = watchInterrupts({
    process: process as unknown as NodeJS.Process,
    exit: (code) => log.push(`exit ${String(code)}`),
    note: (line) => log.push(line),
    reason: () => new FedtuneError("cancelled", "Interrupted"),
    after: (_ms, callback) => {
      timers.push(callback);
      return () => timers.splice(timers.indexOf(callback), 1);
    },
  });
  interrupt.onExit(() => log.push("child killed"));
  return { process, log, timers, interrupt };
}

describe("interrupts", () => {
  it("[CI13] the first aborts the work with a reason and lets it end", () => {
    const { process, log, interrupt } = world();
    process.emit("SIGINT");
    expect(interrupt.signal.reason).toMatchObject({ code: "cancelled" });
    expect(log).toEqual(["Stopping; once more stops at once."]);
  });

  it("[CI13] the second stops at once and takes children along", () => {
    const { process, log } = world();
    process.emit("SIGINT");
    process.emit("SIGTERM");
    expect(log.slice(1)).toEqual(["child killed", "exit 130"]);
  });

  it("[CI13] work that does not end in time is stopped", () => {
    const { process, log, timers } = world();
    process.emit("SIGINT");
    timers[0]?.();
    expect(log.slice(1)).toEqual(["child killed", "exit 130"]);
  });

  it("[CI13] closing takes handlers and timer away and stops what is left", () => {
    const { process, log, timers, interrupt } = world();
    process.emit("SIGINT");
    interrupt.close();
    expect(timers).toEqual([]);
    expect(process.eventNames()).toEqual([]);
    expect(log.at(-1)).toBe("child killed");
  });

  it("[CI13] however the process ends, children end with it", () => {
    const { process, log } = world();
    process.emit("exit");
    expect(log).toEqual(["child killed"]);
  });

  it("[CI13] what ended by itself is not stopped", () => {
    const { log, interrupt } = world();
    const done = interrupt.onExit(() => log.push("second child killed"));
    done();
    interrupt.close();
    expect(log).toEqual(["child killed"]);
  });
});
