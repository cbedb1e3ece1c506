/** A small experiment, and commands that play it over a queue. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";

const binary = fileURLToPath(new URL("../../../bin/fedtune.mjs", import.meta.url));

/** A command that runs. */
export interface Command {
  readonly child: ChildProcess;
  /** Its exit status. */
  readonly ended: Promise<number | null>;
  /** All that it has said so far. */
  readonly said: () => string;
}

export interface QueuedExperiment {
  /** The command, `fedtune ...argv`. */
  start(...argv: readonly string[]): Command;
  /** `fedtune worker` at a queue, one cell at a time; resolves when it waits for cells. */
  worker(queue: string): Promise<Command>;
  /** `fedtune simulate` of the experiment into that folder. */
  simulate(out: string, ...argv: readonly string[]): Command;
  /** The results in that folder, by name. */
  cells(out: string): readonly (readonly [name: string, text: string])[];
  /** Kills what still runs, and takes the folders away. */
  close(): void;
}

/** Waits until a command has said that. */
export async function untilSaid({ said }: Command, words: string): Promise<void> {
  await expect.poll(said, { timeout: 120_000, interval: 100 }).toContain(words);
}

/** Writes an experiment of two variants and so many seeds. */
export function queuedExperiment(seeds: number): QueuedExperiment {
  const folder = mkdtempSync(join(tmpdir(), "fedtune-queue-"));
  const file = join(folder, "experiment.yaml");
  writeFileSync(file, JSON.stringify({ ...experiment, seeds: { count: seeds } }));
  const children = new Set<ChildProcess>();
  const start = (...argv: readonly string[]): Command => {
    const env = { ...process.env };
    for (const name of ["NODE_OPTIONS", "VITEST"]) Reflect.deleteProperty(env, name);
    const child = spawn(process.execPath, [binary, ...argv], { env });
    children.add(child);
    const said: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => said.push(text));
    }
    const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
    return { child, ended, said: () => said.join("") };
  };
  return {
    start,
    async worker(queue) {
      const worker = start("worker", "--queue", queue, "--jobs", "1");
      await untilSaid(worker, "Waiting for cells");
      return worker;
    },
    simulate: (out, ...argv) => start("simulate", file, ...argv, "--out", join(folder, out)),
    cells: (out) =>
      readdirSync(join(folder, out, "cells"))
        .sort()
        .map((name) => [name, readFileSync(join(folder, out, "cells", name), "utf8")]),
    close() {
      for (const child of children) child.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const experiment = {
  name: "queued",
  base: {
    training: { maxSteps: 1, batchSize: 4, maxLength: 16 },
    rounds: { numRounds: 1 },
    simulation: { data: "household-intents", clients: 2 },
  },
  variants: [
    { name: "a", set: { "method.name": "fedavg" } },
    { name: "b", set: { "method.name": "ffa-lora" } },
  ],
};
