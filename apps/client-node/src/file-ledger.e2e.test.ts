import { isFedtuneError } from "@fedtune/core";
import { nodeHash } from "@fedtune/node-ports";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fileLedgers } from "./file-ledger.ts";

const key = {
  holder: "ward-3",
  dataset: "d".repeat(64),
  unit: "example",
  relation: "add-or-remove-one",
  delta: 1e-5,
} as const;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fedtune-ledger-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const ledgers = () => fileLedgers(join(folder, "ledgers"), nodeHash);
const open = () => ledgers().open(key);

describe("a ledger in a file", () => {
  it("[CL12] is not there at first, only grows, and is one file per holder, data set and guarantee", async () => {
    const ledger = open();
    expect(await ledgers().all()).toEqual([]);
    await ledgers().exclusive(async () => {
      expect(await ledger.load()).toBeNull();
      await ledger.append("one\n");
    });
    await ledgers().exclusive(() => open().append("two\n"));
    expect(await ledger.load()).toBe("one\ntwo\n");
    const other = ledgers().open({ ...key, delta: 1e-6 });
    await ledgers().exclusive(() => other.append("three\n"));
    expect(readdirSync(join(folder, "ledgers"))).toHaveLength(2);
    expect((await ledgers().all()).toSorted()).toEqual(["one\ntwo\n", "three\n"]);
  });

  it("[CL12] lets one piece of work at a time near it, also after one that failed", async () => {
    let inside = 0;
    let most = 0;
    const outcomes = await Promise.allSettled(
      Array.from({ length: 5 }, (_, k) =>
        ledgers().exclusive(async () => {
          most = Math.max(most, ++inside);
          await new Promise((resolve) => setTimeout(resolve, 5));
          inside -= 1;
          if (k === 1) throw new Error("failed");
          await open().append(`${k}\n`);
        }),
      ),
    );
    expect(most).toBe(1);
    expect(outcomes.map(({ status }) => status)).toEqual(
      Array.from({ length: 5 }, (_, k) => (k === 1 ? "rejected" : "fulfilled")),
    );
    expect((await open().load())?.split("\n").toSorted().join("")).toBe("0234");
  });

  it("[CL12] takes over from a process that is gone, and leaves no lock behind", async () => {
    await ledgers().exclusive(() => open().append("one\n"));
    const [file] = readdirSync(join(folder, "ledgers"));
    const lock = join(folder, "ledgers", "ledgers.lock");
    // No process has this number.
    writeFileSync(lock, String(2 ** 22 + 1));
    await ledgers().exclusive(() => open().append("two\n"));
    expect(existsSync(lock)).toBe(false);
    expect(readFileSync(join(folder, "ledgers", file ?? ""), "utf8")).toBe("one\ntwo\n");
  });

  it("[ST7] says storage-failed where it cannot be kept, before any work", async () => {
    writeFileSync(join(folder, "ledgers"), "a file where the folder should be");
    let worked = false;
    const attempt = ledgers().exclusive(() => Promise.resolve(void (worked = true)));
    await expect(attempt).rejects.toSatisfy((error) => isFedtuneError(error, "storage-failed"));
    expect(worked).toBe(false);
  });
});
