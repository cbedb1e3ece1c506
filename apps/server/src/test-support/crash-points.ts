/** Ports that kill their process, without a word to anybody, at a numbered point. */
import type { Blobs, Store } from "@fedtune/core";

/** Writes of a store that something may be lost around. */
const storeWrites = [
  "enrol",
  "openAttempt",
  "putUpdate",
  "putRefusal",
  "endAttempt",
  "commitRound",
  "putEvaluation",
  "finishRun",
] as const;

/** A point to die at: the n-th call of a port's method, counted from 1. */
export interface CrashPoint {
  /** Before a call begins, while it is under way, or once it is done and before anybody is told. */
  readonly moment: "before" | "during" | "after";
  readonly call: (typeof storeWrites)[number] | "blobs.put" | "blobs.get";
  readonly occurrence: number;
}

/** Wraps both ports; with `null` they are as they were. */
export function crashing<Ports extends { readonly store: Store; readonly blobs: Blobs }>(
  ports: Ports,
  point: CrashPoint | null,
): Ports {
  if (point === null) return ports;
  let calls = 0;
  const wrap = <Args extends readonly unknown[], Result>(
    call: CrashPoint["call"],
    work: (...args: Args) => Promise<Result>,
  ): ((...args: Args) => Promise<Result>) => {
    if (call !== point.call) return work;
    return async (...args) => {
      const isHere = ++calls === point.occurrence;
      if (isHere && point.moment === "before") die();
      const working = work(...args);
      if (isHere && point.moment === "during") setImmediate(die);
      const result = await working;
      if (isHere) die();
      return result;
    };
  };
  const { store, blobs } = ports;
  const writes = Object.fromEntries(
    storeWrites.map((call) => [
      call,
      wrap(call, store[call] as (...args: unknown[]) => Promise<unknown>),
    ]),
  ) as unknown as Pick<Store, (typeof storeWrites)[number]>;
  return {
    ...ports,
    store: { ...store, ...writes },
    blobs: { ...blobs, put: wrap("blobs.put", blobs.put), get: wrap("blobs.get", blobs.get) },
  };
}

/** As `kill -9` from outside: no handler runs, nothing is flushed. */
function die(): void {
  process.kill(process.pid, "SIGKILL");
}
