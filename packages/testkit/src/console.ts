/**
 * The watch on console output. Product code speaks through its logger or returns text; whatever reaches the console
 * or the standard streams during a test fails that test, unless the test asked for it with {@link allowConsole}.
 */
import { inspect } from "node:util";
import { afterAll, afterEach, expect } from "vitest";

interface Watch {
  readonly lines: string[];
  allowed: boolean;
}

const methods = ["debug", "error", "info", "log", "trace", "warn"] as const;

// Shared through the global object: a test may load this module twice, by path and by package name.
const key = Symbol.for("@fedtune/testkit/console");
const shared = globalThis as unknown as { [key]: Watch | undefined };
const watch = (shared[key] ??= { lines: [], allowed: false });

/** Lets the current test write to the console; returns the live list of what it wrote. */
export function allowConsole(): readonly string[] {
  watch.allowed = true;
  return watch.lines;
}

/** Puts the watch in place for one test file; called once, by the setup file. */
export function failOnConsole(): void {
  for (const method of methods) {
    console[method] = (...args: unknown[]) => {
      watch.lines.push(`console.${method}: ${args.map(asText).join(" ")}`);
    };
  }
  for (const name of ["stdout", "stderr"] as const) watchStream(name);
  afterEach(check);
  afterAll(check);
}

function watchStream(name: "stdout" | "stderr"): void {
  const stream = process[name];
  stream.write = (chunk: unknown, ...rest: unknown[]): boolean => {
    watch.lines.push(`process.${name}: ${asText(chunk)}`);
    const done = rest.find((value): value is () => void => typeof value === "function");
    if (done !== undefined) queueMicrotask(done);
    return true;
  };
}

function check(): void {
  const lines = watch.lines.splice(0);
  const { allowed } = watch;
  watch.allowed = false;
  if (!allowed) {
    expect(lines, "a test wrote to the console; see allowConsole in @fedtune/testkit").toEqual([]);
  }
}

function asText(value: unknown): string {
  if (typeof value === "string") return value;
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  if (value instanceof Error) return value.stack ?? value.message;
  return inspect(value);
}
