/** Cells over a queue: real workers at a real Postgres, one of which is killed. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  realPostgresBin,
  realPostgresTitle,
  startRealPostgres,
} from "../../../../packages/db/src/test-support/servers.ts";
import type { RealPostgres } from "../../../../packages/db/src/test-support/servers.ts";
import { startQueueWorker } from "./queue.ts";

const binary = fileURLToPath(new URL("../../bin/fedtune.mjs", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "fedtune-queue-"));
const children = new Set<ChildProcess>();
const experiment = join(folder, "experiment.yaml");
writeFileSync(
  experiment,
  JSON.stringify({
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
    seeds: { count: 2 },
  }),
);
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

/** The command, with what it said. */
function start(...argv: readonly string[]) {
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
}

const eventually = (read: () => string) => expect.poll(read, { timeout: 120_000, interval: 100 });
const cells = (out: string) =>
  readdirSync(join(folder, out, "cells"))
    .sort()
    .map((name) => [name, readFileSync(join(folder, out, "cells", name), "utf8")]);

describe("a queue of cells", () => {
  it("is in Postgres or Redis and nowhere else, and says when it cannot be reached", async () => {
    const options = { jobs: 1, play: () => Promise.reject(new Error()), onError: () => undefined };
    const at = (url: string) => Promise.resolve().then(() => startQueueWorker(url, options));
    await expect(at("mysql://127.0.0.1/x")).rejects.toMatchObject({
      code: "usage",
      message: expect.stringContaining("postgres:// or redis://") as string,
    });
    await expect(at("postgres://127.0.0.1:1/x")).rejects.toMatchObject({ code: "storage-failed" });
  });
});

describe.skipIf(realPostgresBin === null)(`workers at ${realPostgresTitle}`, () => {
  let postgres: RealPostgres;
  beforeAll(async () => {
    postgres = await startRealPostgres();
  });
  afterAll(() => postgres.stop());

  it("[SI11] play an experiment to the bytes of one machine, whichever of them is killed", async () => {
    const queue = ["--queue", postgres.url];
    const doomed = start("worker", ...queue, "--jobs", "1");
    await eventually(doomed.said).toContain("Waiting for cells");
    const queued = start("simulate", experiment, ...queue, "--out", join(folder, "queued"));
    await eventually(doomed.said).toContain("Played");
    doomed.child.kill("SIGKILL");
    const heir = start("worker", ...queue, "--jobs", "1");
    expect([await queued.ended, queued.said()]).toEqual([0, expect.any(String)]);
    expect(heir.said()).toContain("Played");
    heir.child.kill("SIGTERM");
    expect(await heir.ended).toBe(0);

    const alone = start("simulate", experiment, "--jobs", "1", "--out", join(folder, "alone"));
    expect([await alone.ended, alone.said()]).toEqual([0, expect.any(String)]);
    expect(cells("queued")).toEqual(cells("alone"));
    expect(cells("alone")).toHaveLength(4);
  });
});
