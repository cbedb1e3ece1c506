/** Programs of this folder as processes of their own. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";

/** A running program. */
export interface Child {
  readonly process: ChildProcess;
  /** What it has printed so far. */
  lines(): readonly string[];
  /** Until it has printed so many lines; fails when it ends before. */
  printed(lines: number): Promise<void>;
  /** Until it is gone; its exit code, null where a signal ended it. */
  readonly ended: Promise<number | null>;
}

/** Starts `program`, a file of this folder. */
export function startChild(program: string, ...argv: readonly string[]): Child {
  const flags = ["--conditions=@fedtune/source", "--import", "tsx"];
  const child = spawn(process.execPath, [...flags, join(import.meta.dirname, program), ...argv], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [text, errors] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  const lines = () => text.split("\n").slice(0, -1);
  return {
    process: child,
    lines,
    ended,
    async printed(wanted) {
      while (lines().length < wanted) {
        if (child.exitCode !== null) throw new Error(`${program} ended: ${errors}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
  };
}
