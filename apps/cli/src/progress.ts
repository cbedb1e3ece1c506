/** Progress on standard error: a bar in a terminal, a line now and then elsewhere. */
import { Presets, SingleBar } from "cli-progress";
import type { Stream } from "./io.ts";

/** Where there is no terminal, a line appears at most this often, and only when something changed. */
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
  /** Nothing outside of a terminal: for a bar whose news also come as notes. */
  readonly terminalOnly: boolean;
  /** Bars now on the screen; the bar adds and removes itself. */
  readonly bars: Set<Progress>;
}

const silent: Progress = { update: nothing, setTotal: nothing, stop: nothing };

/** Starts a bar; the caller stops it. */
export function startProgress(options: ProgressOptions): Progress {
  if (options.quiet) return silent;
  if (options.stderr.isTTY === true) return terminalBar(options);
  return options.terminalOnly ? silent : lines(options);
}

function terminalBar({ stderr, label, total, bars }: ProgressOptions): Progress {
  const bar = new SingleBar(
    {
      stream: stderr,
      format: "{label} {bar} {value}/{total} {duration_formatted}  {note}",
      barsize: 20,
      // A note overwrites the bar; it must come back although it has not changed.
      forceRedraw: true,
      hideCursor: true,
      clearOnComplete: true,
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

/** Says at once what is new; what comes sooner after it than {@link LINE_EVERY_MS} waits, and only the latest is said. */
function lines({ stderr, label, total: first }: ProgressOptions): Progress {
  let state = { done: 0, total: first, note: "" };
  let said = text();
  let timer: NodeJS.Timeout | undefined;
  return {
    update(done, note = state.note) {
      state = { ...state, done, note };
      changed();
    },
    setTotal(total) {
      state = { ...state, total };
    },
    stop() {
      clearTimeout(timer);
      timer = undefined;
      say();
    },
  };

  function text(): string {
    const { done, total, note } = state;
    return `${label} ${done}/${total}${note === "" ? "" : ` ${note}`}`;
  }

  function changed(): void {
    if (timer !== undefined || text() === said) return;
    say();
    timer = setTimeout(() => {
      timer = undefined;
      changed();
    }, LINE_EVERY_MS).unref();
  }

  function say(): void {
    const now = text();
    if (now === said) return;
    said = now;
    stderr.write(`${now}\n`);
  }
}

function nothing(): void {
  // A bar that nobody sees.
}
