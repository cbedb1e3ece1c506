/** How long cells take: for people, and for `timings.json`. */
import { z } from "zod";

/** Seconds of every cell that is known. */
export interface Timekeeper {
  cellPlayed(hash: string, seconds: number): void;
  /** By the cells played so far; null before the first. */
  secondsLeft(): number | null;
  /** What goes to `timings.json`. */
  timings(jobs: number): unknown;
}

const timingsSchema = z.object({ cells: z.record(z.string(), z.object({ seconds: z.number() })) });

/**
 * Starts its watch.
 *
 * @param count cells to be played
 * @param before contents of an earlier `timings.json`: what it says of cells that are not played again is kept
 */
export function timekeeper(count: number, before: unknown): Timekeeper {
  const started = performance.now();
  const cells: Record<string, { seconds: number }> = {
    ...timingsSchema.safeParse(before).data?.cells,
  };
  let played = 0;
  const elapsed = (): number => (performance.now() - started) / 1000;
  return {
    cellPlayed(hash, seconds) {
      played += 1;
      cells[hash] = { seconds };
    },
    secondsLeft: () => (played === 0 ? null : (elapsed() / played) * (count - played)),
    timings: (jobs) => ({ jobs, cellsPlayed: played, wallSeconds: elapsed(), cells }),
  };
}
