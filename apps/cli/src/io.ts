/** How a verb speaks: results on standard output, everything else on standard error. */
import { createColors } from "picocolors";
import type { Interrupt } from "./interrupt.ts";
import { startProgress } from "./progress.ts";
import type { Progress } from "./progress.ts";

/** A stream of the terminal, or what stands for it in a test. */
export type Stream = NodeJS.WritableStream & { readonly isTTY?: boolean };

/** The two streams of the process. */
export interface Terminal {
  readonly stdout: Stream;
  readonly stderr: Stream;
}

/** Options that every verb has. */
export interface CommonOptions {
  readonly json?: true | undefined;
  readonly quiet?: true | undefined;
  readonly verbose?: true | undefined;
}

/** What a verb's body gets from the edge. */
export interface Io {
  /** Whether standard output is for a program. */
  readonly json: boolean;
  readonly verbose: boolean;
  /** Aborted by the first interrupt; its reason is a FedtuneError `cancelled`. */
  readonly signal: AbortSignal;
  /** Colours of standard output; plain in a pipe. */
  readonly colors: ReturnType<typeof createColors>;
  /** The verb's result: one JSON document with `--json`, else its text. Called once. */
  result(value: unknown, text: () => string): void;
  /** One line of a stream of JSON lines; nothing without `--json`. For verbs that report while they run. */
  event(value: unknown): void;
  /** One line for people, on standard error; nothing with `--quiet`. */
  note(line: string): void;
  /**
   * A bar on standard error, lines where that is no terminal; `total` may be unknown at first (0). With `terminalOnly`
   * no lines: for a bar whose news also come as notes.
   */
  progress(label: string, total: number, how?: { readonly terminalOnly: boolean }): Progress;
  /** Registers what must not outlive the process, for example killing a child; the result takes it back. */
  onExit(stop: () => void): () => void;
}

/** The verb's side of the process for one call. */
export function createIo(
  { stdout, stderr }: Terminal,
  options: CommonOptions,
  interrupt: Pick<Interrupt, "signal" | "onExit">,
): Io {
  const json = options.json === true;
  const quiet = options.quiet === true;
  const bars = new Set<Progress>();
  const writeJson = (value: unknown): void => {
    stdout.write(`${JSON.stringify(value)}\n`);
  };
  return {
    json,
    verbose: options.verbose === true,
    signal: interrupt.signal,
    colors: colorsOf(stdout),
    result: (value, text) => {
      if (json) writeJson(value);
      else stdout.write(`${text()}\n`);
    },
    event: (value) => {
      if (json) writeJson(value);
    },
    note: (line) => {
      if (!quiet)
        stderr.write(bars.size > 0 && stderr.isTTY === true ? aboveBar(line) : `${line}\n`);
    },
    progress: (label, total, { terminalOnly } = { terminalOnly: false }) =>
      startProgress({ stderr, label, total, quiet, terminalOnly, bars }),
    onExit: interrupt.onExit,
  };
}

/** Writes over the bar, which draws itself again one line below and, when done, returns to the place saved here. */
function aboveBar(line: string): string {
  return `\r\u001b[K${line}\n\u001b7`;
}

/** picocolors decides by the stream that was asked about; NO_COLOR and FORCE_COLOR are obeyed. */
function colorsOf(stream: Stream): ReturnType<typeof createColors> {
  const { env } = process;
  const wanted = env["FORCE_COLOR"] !== undefined && env["FORCE_COLOR"] !== "0";
  const refused = (env["NO_COLOR"] ?? "") !== "" || env["TERM"] === "dumb";
  return createColors(wanted || (stream.isTTY === true && !refused));
}
