import { runId } from "@fedtune/core";
import { nodeHash } from "@fedtune/node-ports";
import { clientStateConformance, expectSameRecord, recordOf } from "@fedtune/testkit";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fileClientState } from "./file-state.ts";
import { bigRecord } from "./test-support/big-record.ts";

const run = runId("suite");
let folder: string;
let file: string;

beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), "fedtune-state-")), "client");
  file = join(folder, "suite.record");
});
afterEach(() => rm(join(folder, ".."), { recursive: true }));

clientStateConformance("file", () =>
  Promise.resolve({
    state: fileClientState(folder, nodeHash),
    reopen: () => Promise.resolve(fileClientState(folder, nodeHash)),
    close: () => Promise.resolve(),
  }),
);

describe("a client's record on disk", () => {
  it("[CL8] refuses a file with any one bit changed, moves it aside and starts afresh", async () => {
    await fileClientState(folder, nodeHash).save(recordOf(1, 5));
    const whole = await readFile(file);
    for (let at = 0; at < whole.length; at += 7) {
      const broken = Uint8Array.from(whole);
      broken[at] = (broken[at] ?? 0) ^ 0x10;
      await expectRefused(broken);
    }
  });

  it("[CL8] refuses a file of any shorter or greater length", async () => {
    await fileClientState(folder, nodeHash).save(recordOf(1, 5));
    const whole = await readFile(file);
    for (const length of [0, 1, 15, 16, 40, whole.length - 32, whole.length - 1]) {
      await expectRefused(whole.subarray(0, length));
    }
    await expectRefused(Buffer.concat([whole, Buffer.alloc(1)]));
  });

  it("[CL8] refuses the record of another run under this run's name", async () => {
    const other = { ...recordOf(1), run: runId("other") };
    await fileClientState(folder, nodeHash).save(other);
    await expectRefused(await readFile(join(folder, "other.record")));
  });

  it("[CL8] keeps what it moves aside", async () => {
    await fileClientState(folder, nodeHash).save(recordOf(1));
    await writeFile(file, "not a record");
    const error = await fileClientState(folder, nodeHash)
      .load(run)
      .catch((cause: unknown) => cause);
    const { movedTo } = (error as { data: { movedTo: string } }).data;
    expect(await readFile(movedTo, "utf8")).toBe("not a record");
  });

  it("[ST7] a failed save leaves the old record, and the next save works", async () => {
    const state = fileClientState(folder, nodeHash);
    await state.save(recordOf(1));
    const unwritable = { ...recordOf(2), run: runId("x".repeat(64)) };
    const tooLong = fileClientState(join(folder, "y".repeat(300)), nodeHash);
    await expect(tooLong.save(unwritable)).rejects.toMatchObject({ code: "storage-failed" });
    await state.save(recordOf(3));
    expectSameRecord(await state.load(run), recordOf(3));
  });

  it("[ST5] [CL2] a process killed while it saves leaves the old record or the new one, whole", async () => {
    let latest = 0;
    for (let kill = 0; kill < 4; kill++) {
      await saveUntilKilled(2 + 3 * kill);
      const record = await fileClientState(folder, nodeHash).load(run);
      const seed = record?.held?.round ?? 0;
      expect(seed).toBeGreaterThanOrEqual(latest);
      expectSameRecord(record, bigRecord(seed));
      latest = seed;
    }
    expect(latest).toBeGreaterThan(8);
    // What a killed process was writing is never taken for a record, and the next save is not in its way.
    expect((await readdir(folder)).filter((name) => name.endsWith(".record"))).toEqual([
      "suite.record",
    ]);
  });

  async function expectRefused(bytes: Uint8Array): Promise<void> {
    await writeFile(file, bytes);
    const state = fileClientState(folder, nodeHash);
    await expect(state.load(run)).rejects.toMatchObject({ code: "state-corrupt" });
    expect(existsSync(file)).toBe(false);
    expect(await state.load(run)).toBeNull();
  }
});

/** Lets a child process save one record after the other, and kills it after so many saves have begun. */
async function saveUntilKilled(saves: number): Promise<void> {
  const script = join(import.meta.dirname, "test-support/save-loop.ts");
  const flags = ["--conditions=@fedtune/source", "--import", "tsx"];
  const child = spawn(process.execPath, [...flags, script, folder], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let seen = 0;
  child.stdout.on("data", (chunk: Buffer) => {
    seen += chunk.filter((byte) => byte === 10).length;
    if (seen >= saves) child.kill("SIGKILL");
  });
  await new Promise((resolve) => child.once("close", resolve));
}
