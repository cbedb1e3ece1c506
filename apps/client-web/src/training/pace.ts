/** Pauses between steps: how much of the time a worker computes. */

/** A pace that can be changed while it is kept. */
export interface Pace {
  /** Above 0 and up to 1; 0 holds. */
  set(share: number): void;
  /** A job begins: what came before its first step was no step. */
  begin(): void;
  /** Lets other work have its turn, and waits as the pace asks; called before each step. */
  pause(): Promise<void>;
  /** Ends the wait that is going on, whatever the pace. */
  wake(): void;
}

/** What a pace needs of the platform. */
export interface PacePorts {
  readonly now: () => number;
  /** Calls back once; the result cancels it. */
  readonly after: (milliseconds: number, callback: () => void) => () => void;
  /** Resolves once messages that have arrived were taken. */
  readonly turn: () => Promise<void>;
}

/** Keeps a pace: after a step of `t` it waits `t (1 - share) / share`. */
export function keepPace(initial: number, { now, after, turn }: PacePorts): Pace {
  let share = initial;
  let began: number | null = null;
  let wakes = 0;
  let endWait = (): void => undefined;
  const wait = (milliseconds: number): Promise<void> =>
    new Promise((resolve) => {
      const cancel = Number.isFinite(milliseconds) ? after(milliseconds, resolve) : undefined;
      endWait = () => {
        cancel?.();
        resolve();
      };
    });
  return {
    set(wanted) {
      share = Math.min(1, Math.max(0, wanted));
      endWait();
    },
    begin() {
      began = null;
    },
    async pause() {
      const step = began === null ? 0 : now() - began;
      const before = wakes;
      await turn();
      const due = share > 0 ? (step * (1 - share)) / share : 0;
      if (due > 0 && wakes === before) await wait(due);
      while (share === 0 && wakes === before) await wait(Number.POSITIVE_INFINITY);
      began = now();
    },
    wake() {
      wakes += 1;
      endWait();
    },
  };
}
