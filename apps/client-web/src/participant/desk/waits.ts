/** Waiting for a network that comes back, and noticing that a device was asleep. */
import { tell } from "./desk.ts";
import type { Desk } from "./desk.ts";

/** Waits of one session. */
export interface Waits {
  /** Resolves after `ms`, or earlier when there is a network again or the signal is aborted. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  end(): void;
}

/** How often the clocks are looked at. */
const LOOK_MS = 15_000;
/** A look that comes so late was slept through. */
const ASLEEP_MS = 45_000;

/** Begins to watch; at most one session of a desk does. */
export function startWaits(desk: Desk): Waits {
  const { clock, wallTime } = desk.ports;
  let last = wallTime();
  let cancel = arm();
  return {
    wait: (ms, signal) => waitFor(desk, ms, signal),
    end() {
      cancel();
    },
  };

  function arm(): () => void {
    return clock.after(LOOK_MS, () => {
      const now = wallTime();
      if (now - last > ASLEEP_MS) tell(desk, { type: "away", because: "asleep", at: now });
      last = now;
      cancel = arm();
    });
  }
}

function waitFor({ ports, wakers }: Desk, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      cancel();
      wakers.delete(end);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const cancel = ports.clock.after(ms, end);
    wakers.add(end);
    signal.addEventListener("abort", end, { once: true });
    if (signal.aborted) end();
  });
}
