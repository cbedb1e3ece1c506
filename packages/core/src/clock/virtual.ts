/** Time that moves only when nothing else does: for simulation and tests. */
import type { Clock } from "../ports.ts";
import { timerQueue } from "./timer-queue.ts";

/** A clock whose time is advanced by its owner. */
export interface VirtualClock extends Clock {
  /** Counts real work (a training worker, a file) as busy: time stands still until it settles. */
  busy<T>(work: Promise<T>): Promise<T>;
  /** Moves to the next timer and fires it; false when there is none. */
  advance(): boolean;
  /**
   * Lets everything happen until `done` settles: drains what is ready, then advances to the next timer, again and again.
   * Throws RangeError when neither work nor timers are left and `done` is still open: nothing could ever settle it.
   */
  runUntil<T>(done: Promise<T>): Promise<T>;
}

/**
 * Makes a virtual clock at time 0.
 *
 * `settle` resolves after everything that is ready now has run, for example a macrotask of the platform.
 */
export function virtualClock(settle: () => Promise<void>): VirtualClock {
  const timers = timerQueue();
  let time = 0;
  let working = 0;
  let wake: (() => void) | null = null;
  const clock: VirtualClock = {
    now: () => time,
    after: (ms, callback) => timers.add(time + Math.max(0, ms), callback),
    async busy(work) {
      working += 1;
      try {
        return await work;
      } finally {
        working -= 1;
        wake?.();
      }
    },
    advance() {
      const next = timers.next();
      if (next === null) return false;
      time = next.at;
      next.callback();
      return true;
    },
    async runUntil(done) {
      const watch = { open: true };
      const close = (): void => {
        watch.open = false;
        wake?.();
      };
      done.then(close, close);
      for (;;) {
        await settle();
        if (!watch.open) return done;
        if (working > 0) await new Promise<void>((resolve) => (wake = resolve));
        else if (!clock.advance())
          throw new RangeError("Cannot go on: no work, no timers, and the awaited end is open");
      }
    },
  };
  return clock;
}
