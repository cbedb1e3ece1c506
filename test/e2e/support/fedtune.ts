/** The real command in processes of its own, as a user starts it. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect } from "vitest";
import { root } from "../../support/repository.ts";

/** How a process ended and what it said. */
export interface Outcome {
  /** The exit code, or the signal that ended it. */
  readonly code: number | NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process under way. */
export interface Running {
  readonly child: ChildProcess;
  /** Its process id, which is also its group's. */
  readonly pid: number;
  readonly ended: Promise<Outcome>;
  /** Resolves when its output matches; rejects when it ends before that. */
  says(pattern: RegExp): Promise<RegExpMatchArray>;
}

const binary = join(root, "apps/cli/bin/fedtune.mjs");
const running = new Set<Running>();

/** Starts the command as the leader of a process group, from a folder that is not the repository. */
export function start(...argv: readonly string[]): Running {
  const env = { ...process.env };
  // What vitest sets for its own processes.
  for (const name of ["NODE_OPTIONS", "FORCE_COLOR", "VITEST"]) Reflect.deleteProperty(env, name);
  const child = spawn(process.execPath, [binary, ...argv], { cwd: tmpdir(), env, detached: true });
  const said = { stdout: "", stderr: "" };
  const waiting = new Set<() => void>();
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      said[name] += text;
      for (const check of waiting) check();
    });
  }
  const ended = new Promise<Outcome>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      running.delete(self);
      resolve({ code: code ?? signal, ...said });
    });
  });
  const self: Running = {
    child,
    pid: child.pid ?? 0,
    ended,
    says: (pattern) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          const match = `${said.stdout}\n${said.stderr}`.match(pattern);
          if (match === null) return;
          waiting.delete(check);
          resolve(match);
        };
        waiting.add(check);
        check();
        void ended.then((outcome) => {
          reject(new Error(`Ended without ${String(pattern)}: ${JSON.stringify(outcome)}`));
        });
      }),
  };
  running.add(self);
  return self;
}

/** Runs the command to its end. */
export function fedtune(...argv: readonly string[]): Promise<Outcome> {
  return start(...argv).ended;
}

/** The last line of standard output as JSON: a verb's result with `--json`. */
export function resultOf<T>({ stdout }: Outcome): T {
  return JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "") as T;
}

/** Resolves when no process of a group is left; the compiler of a killed process needs a moment to notice. */
export async function groupEnds(pid: number): Promise<void> {
  await expect.poll(() => groupLives(pid), { timeout: 15_000 }).toBe(false);
}

function groupLives(pid: number): boolean {
  try {
    process.kill(-pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** A folder for one test file, gone at its end; whatever still runs then is ended. */
export function workFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "fedtune-e2e-"));
  afterAll(() => {
    for (const { pid } of running) process.kill(-pid, "SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}
