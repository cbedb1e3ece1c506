/** The experiments of this repository in a hurry: every cell, with two rounds of two steps. */
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../support/repository.ts";

/** How a hurried run of some experiments, or of all, went. */
export interface Hurried {
  readonly code: number;
  /** By experiment: done, skipped or failed, and why. */
  readonly outcomes: ReadonlyMap<string, string>;
  readonly stderr: string;
}

/** Plays experiments with `--quick` into a folder, all of them where none is named. */
export function playQuickly(out: string, ...names: readonly string[]): Promise<Hurried> {
  const script = join(root, "scripts/experiments/reproduce.ts");
  const argv = ["--import", "tsx", script, "--quick", "--out", out, ...names];
  return new Promise((resolve) => {
    const child = execFile(process.execPath, argv, { cwd: root }, (_, stdout, stderr) => {
      const lines = stdout.matchAll(/^([a-z0-9-]+) +((?:done|skipped|failed).*)$/gm);
      const outcomes = new Map(
        [...lines].map(([, name = "", outcome = ""]) => [name, outcome] as const),
      );
      resolve({ code: child.exitCode ?? 1, outcomes, stderr });
    });
  });
}

/** How every cell of a hurried experiment ended. */
export function endsOf(out: string, name: string): readonly string[] {
  const folder = join(out, "quick", name, "cells");
  return readdirSync(folder).map((file) => {
    const { status } = JSON.parse(readFileSync(join(folder, file), "utf8")) as { status: string };
    return status;
  });
}
