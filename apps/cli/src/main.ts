import { exitCodeOf, exitCodes, failureJson, failureOf, failureText } from "./edge.ts";
import type { CommonOptions, Io, Terminal } from "./io.ts";
import { createProgram } from "./program.ts";
import type { Enter } from "./verb.ts";

/** How long the process may take to fall silent after its work is done. */
const LINGER_MS = 2000;

/**
 * Runs one command line; resolves to its exit code.
 *
 * @param argv what follows the program's name
 */
export async function main(argv: readonly string[], terminal: Terminal = process): Promise<number> {
  endQuietlyOnClosedPipe(terminal);
  const call: { code: number; interrupted: boolean } = { code: exitCodes.ok, interrupted: false };
  const enter: Enter = async (options, body) => {
    call.code = await runBody({ terminal, options }, async (io) => {
      io.signal.addEventListener("abort", () => (call.interrupted = true), { once: true });
      return (await body(io)) ?? (io.signal.aborted ? exitCodes.interrupted : exitCodes.ok);
    });
  };
  try {
    await createProgram(enter).parseAsync(argv.length === 0 ? ["--help"] : argv, { from: "user" });
  } catch (error) {
    call.code = report(error, argv, terminal);
  }
  // Whatever failed then failed because it was told to stop.
  if (call.interrupted && call.code !== exitCodes.ok) call.code = exitCodes.interrupted;
  if (terminal === process) setTimeout(() => process.exit(call.code), LINGER_MS).unref();
  return call.code;
}

/** Loads what bodies need, watches for interrupts while one runs, and stops what it left. */
async function runBody(
  { terminal, options }: { readonly terminal: Terminal; readonly options: CommonOptions },
  body: (io: Io) => Promise<number>,
): Promise<number> {
  const [{ FedtuneError }, { createIo }, { watchInterrupts }] = await Promise.all([
    import("@fedtune/core"),
    import("./io.ts"),
    import("./interrupt.ts"),
  ]);
  const interrupt = watchInterrupts({
    process,
    exit: (code) => process.exit(code),
    note: (line) => terminal.stderr.write(`${line}\n`),
    reason: () => new FedtuneError("cancelled", "Interrupted"),
    after: (ms, callback) => {
      const timer = setTimeout(callback, ms);
      return () => {
        clearTimeout(timer);
      };
    },
  });
  try {
    return await body(createIo(terminal, options, interrupt));
  } finally {
    interrupt.close();
  }
}

/** Prints an error where it belongs; returns the exit code. */
function report(error: unknown, argv: readonly string[], { stdout, stderr }: Terminal): number {
  if (isHelp(error)) return exitCodes.ok;
  const failure = failureOf(error);
  const words = argv.slice(0, argv.includes("--") ? argv.indexOf("--") : argv.length);
  const verbose = words.includes("--verbose") || (process.env["FEDTUNE_DEBUG"] ?? "") !== "";
  if (words.includes("--json")) stdout.write(`${JSON.stringify(failureJson(failure))}\n`);
  stderr.write(`${failureText(failure, { verbose })}\n`);
  return exitCodeOf(failure);
}

function isHelp(error: unknown): boolean {
  const code: unknown = error instanceof Error ? Reflect.get(error, "code") : null;
  return (
    code === "commander.helpDisplayed" || code === "commander.help" || code === "commander.version"
  );
}

/** `fedtune methods | head -1` is no failure. */
function endQuietlyOnClosedPipe({ stdout }: Terminal): void {
  stdout.once("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(exitCodes.ok);
    throw error;
  });
}
