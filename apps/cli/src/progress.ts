/** Progress on standard error: a bar in a terminal, a line now and then elsewhere. */
import { Presets, SingleBar } from "cli-progress";
import type { Stream } from "./io.ts";

/** How often a line appears where there is no terminal. */
const LINE_EVERY_MS = 2000;

/** One running bar. Stop it in `finally`: its timer and the hidden cursor would stay. */
export interface Progress {
  /** `note` is shown behind the bar, for example the loss. */
  update(done: number, note?: string): void;
  setTotal(total: number): void;
  stop(): void;
}

/** What a bar needs to know. */
export interface ProgressOptions {
  readonly stderr: Stream;
  readonly label: string;
  readonly total: number;
  readonly quiet: boolean;
  /** Bars now on the screen; the bar adds and removes itself. */
  readonly bars: Set<Progress>;
}

const silent: Progress = { update: nothing, setTotal: nothing, stop: nothing };

/** Starts a bar; the caller stops it. */
export function startProgress({ stderr, label, total, quiet, bars }: ProgressOptions): Progress {
  if (quiet) return silent;
  const bar = new SingleBar(
    {
      stream: stderr,
      format: "{label} {bar} {value}/{total} {note}",
      noTTYOutput: true,
      notTTYSchedule: LINE_EVERY_MS,
      hideCursor: true,
      clearOnComplete: stderr.isTTY === true,
      // The edge restores what must be restored; a second handler would end the process early.
      gracefulExit: false,
    },
    Presets.shades_classic,
  );
  bar.start(total, 0, { label, note: "" });
  const progress: Progress = {
    update: (done, note) => {
      bar.update(done, note === undefined ? {} : { note });
    },
    setTotal: (next) => {
      bar.setTotal(next);
    },
    stop: () => {
      bars.delete(progress);
      bar.stop();
    },
  };
  bars.add(progress);
  return progress;
}

function nothing(): void {
  // A bar that nobody sees.
}
