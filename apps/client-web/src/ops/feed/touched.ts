/** Gathers what has to be read anew, so that a busy run is not read more often than it can be looked at. */
import type { Clock } from "@fedtune/core";
import type { RunPart } from "./patches.ts";

/** Least time between two readings of the same parts. */
const readingPauseMs = 2_000;

/** What waits to be read. */
export interface TouchedParts {
  add(parts: Iterable<RunPart>): void;
  close(): void;
}

/** The first touch is read at once, what follows within the pause together at its end. */
export function touchedParts(
  clock: Clock,
  read: (parts: ReadonlySet<RunPart>) => void,
): TouchedParts {
  let waiting = new Set<RunPart>();
  let stop: (() => void) | null = null;
  const flush = (): void => {
    stop = null;
    if (waiting.size === 0) return;
    const parts = waiting;
    waiting = new Set();
    stop = clock.after(readingPauseMs, flush);
    read(parts);
  };
  return {
    add(parts) {
      for (const part of parts) waiting.add(part);
      if (stop === null) flush();
    },
    close() {
      stop?.();
      stop = null;
      waiting = new Set();
    },
  };
}
