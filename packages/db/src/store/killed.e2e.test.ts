import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { startDatabase } from "../start.ts";
import { startChild } from "../test-support/child.ts";
import { roundOf, run, runRow, updateOf } from "../test-support/rows.ts";
import { temporaryFolder } from "../test-support/temporary-folder.ts";
import { postgresStore } from "./postgres-store.ts";

const directory = join(temporaryFolder(), "postgres");

describe("a process that is killed while it writes", () => {
  it.each([
    ["alone", 60, "process"],
    ["and its database with it", 40, "both"],
    ["after its database", 90, "database first"],
  ] as const)(
    "[ST14] %s loses nothing that was acknowledged, and leaves no half round",
    async (_, writes, what) => {
      const child = startChild("write-loop.ts", directory);
      await child.printed(writes);
      const lock = join(directory, "postmaster.pid");
      const server = existsSync(lock) ? Number(readFileSync(lock, "utf8").split("\n")[0]) : 0;
      if (what === "database first") {
        process.kill(server, "SIGKILL");
        // It starts the server again, and goes on.
        await child.printed(writes + 20);
      }
      child.process.kill("SIGKILL");
      if (what === "both") process.kill(server, "SIGKILL");
      await child.ended;

      const database = await startDatabase({ url: null, directory });
      const store = postgresStore(database);
      const { last, attempt } = await store.openRun(runRow);
      const history = await store.getHistory(run);
      const rounds = history?.rounds ?? [];
      expect(rounds).toEqual(rounds.map((_, i) => roundOf(i + 1)));
      for (const line of child.lines()) {
        const [kind, round, index] = line.split(" ");
        if (kind === "round") expect(last?.round).toBeGreaterThanOrEqual(Number(round));
        else {
          const wanted = updateOf(Number(round), Number(index));
          expect(await store.getUpdate(run, wanted.round, wanted.index)).toEqual(wanted);
        }
      }
      expect([null, rounds.length + 1]).toContain(attempt?.round ?? null);
      await database.close();
      expect(existsSync(lock)).toBe(false);
    },
  );
});
