import type { Clock } from "@fedtune/core";

/** A clock whose pending calls all end with {@link ScopedClock.close}; afterwards nothing is called any more. */
export interface ScopedClock extends Clock {
  close(): void;
}

/** Makes a scope over `clock`, so that what was started through it leaves no timer behind. */
export function scopedClock(clock: Clock): ScopedClock {
  const pending = new Set<() => void>();
  let open = true;
  return {
    now: () => clock.now(),
    after(ms, callback) {
      if (!open) return () => undefined;
      const cancel = clock.after(ms, () => {
        pending.delete(stop);
        callback();
      });
      const stop = (): void => {
        pending.delete(stop);
        cancel();
      };
      pending.add(stop);
      return stop;
    },
    close() {
      open = false;
      for (const stop of [...pending]) stop();
    },
  };
}
