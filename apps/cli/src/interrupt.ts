/**
 * Ctrl-C: the first one aborts a signal and gives the work some seconds to end in good order, the second one, or the
 * end of those seconds, stops the process at once. What was registered with `onExit` is stopped in either case.
 */
import { exitCodes } from "./edge.ts";

/** How long work may take to end after the first interrupt: a coordinator drains for 25 s. */
const GRACE_MS = 30_000;

const names = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** What interrupts need of the process. */
export interface InterruptPorts {
  readonly process: Pick<NodeJS.Process, "on" | "off">;
  /** Ends the process. */
  readonly exit: (code: number) => void;
  readonly note: (line: string) => void;
  /** Makes the reason of the abort. */
  readonly reason: () => Error;
  readonly after: (ms: number, callback: () => void) => () => void;
}

/** A watch on interrupts for one call. */
export interface Interrupt {
  readonly signal: AbortSignal;
  readonly onExit: (stop: () => void) => () => void;
  /** Takes the handlers away and stops what is still registered. */
  close(): void;
}

/** Starts to watch; the caller closes. */
export function watchInterrupts({ process, exit, note, reason, after }: InterruptPorts): Interrupt {
  const controller = new AbortController();
  const stops = new Set<() => void>();
  let cancelTimer: (() => void) | undefined;
  const stopAll = (): void => {
    cancelTimer?.();
    for (const stop of stops) stop();
    stops.clear();
  };
  const leave = (): void => {
    stopAll();
    exit(exitCodes.interrupted);
  };
  const handle = (): void => {
    if (controller.signal.aborted) {
      leave();
      return;
    }
    note("Stopping; once more stops at once.");
    cancelTimer = after(GRACE_MS, leave);
    controller.abort(reason());
  };
  for (const name of names) process.on(name, handle);
  // However else the process ends: an error that nobody caught, a closed pipe.
  process.on("exit", stopAll);
  return {
    signal: controller.signal,
    onExit: (stop) => {
      stops.add(stop);
      return () => stops.delete(stop);
    },
    close: () => {
      for (const name of names) process.off(name, handle);
      process.off("exit", stopAll);
      stopAll();
    },
  };
}
