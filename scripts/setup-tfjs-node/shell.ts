/** Running other programs. */
import { spawnSync } from "node:child_process";

interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

/** Runs a program with its output on this terminal; true when it exits with 0 in time. */
export function run(command: readonly string[], options: RunOptions = {}): boolean {
  return spawn(command, options, "inherit").status === 0;
}

/** Standard output of a program, or null when it is missing, fails or takes too long. */
export function capture(command: readonly string[], options: RunOptions = {}): string | null {
  const result = spawn(command, options, ["ignore", "pipe", "ignore"]);
  return result.status === 0 ? result.stdout : null;
}

function spawn(
  [program = "", ...rest]: readonly string[],
  options: RunOptions,
  stdio: "inherit" | ["ignore", "pipe", "ignore"],
) {
  return spawnSync(program, rest, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    timeout: options.timeoutMs,
    stdio,
    encoding: "utf8",
  });
}

export function say(message: string): void {
  console.log(`[tfjs-node] ${message}`);
}

/** Runs one step and prints how long it took. */
export function timed<T>(title: string, step: () => T): T {
  say(`${title} ...`);
  const start = performance.now();
  const result = step();
  say(`${title}: ${((performance.now() - start) / 1000).toFixed(1)} s`);
  return result;
}
