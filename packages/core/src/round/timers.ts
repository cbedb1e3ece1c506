/** The timers of one run by name: what is running, and until when. */
import type { Clock } from "../ports.ts";

/** Running timers; starting one anew replaces it. */
export interface Timers {
  /** Calls `fire` once; it is given a function that says whether this very timer was neither stopped nor replaced since. */
  start(name: string, ms: number, fire: (isDue: () => boolean) => void): void;
  stop(name: string): void;
  stopAll(): void;
  /** When a running timer fires, on the clock; null: it is not running. */
  due(name: string): number | null;
}

/** Makes timers on a clock. */
export function openTimers(clock: Clock): Timers {
  const running = new Map<string, { readonly cancel: () => void; readonly due: number }>();
  const stop = (name: string): void => {
    running.get(name)?.cancel();
    running.delete(name);
  };
  return {
    start(name, ms, fire) {
      stop(name);
      const timer = {
        due: clock.now() + ms,
        cancel: clock.after(ms, () => {
          fire(() => running.get(name) === timer && running.delete(name));
        }),
      };
      running.set(name, timer);
    },
    stop,
    stopAll() {
      for (const name of [...running.keys()]) stop(name);
    },
    due: (name) => running.get(name)?.due ?? null,
  };
}
