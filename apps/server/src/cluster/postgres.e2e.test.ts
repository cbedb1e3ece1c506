/** Leases and wires over a real Postgres. */
import { runId } from "@fedtune/core";
import { startDatabase } from "@fedtune/db";
import type { StartedDatabase } from "@fedtune/db";
import { nodeClock } from "@fedtune/node-ports";
import { mailbox } from "@fedtune/testkit";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { leaseTable } from "./lease-table.ts";
import { openPostgresWire } from "./postgres-wire.ts";

let folder: string;
let database: StartedDatabase;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fedtune-cluster-"));
  database = await startDatabase({ url: null, directory: join(folder, "db") });
});
afterAll(async () => {
  await database.close();
  await rm(folder, { recursive: true, force: true });
});

const run = runId("r");
const hour = 3_600_000;

describe("leases in Postgres", () => {
  beforeEach(async () => {
    await database.pool.query("DELETE FROM runs");
    await database.pool.query("DELETE FROM processes");
    await database.pool.query("INSERT INTO runs (id, config_hash, config) VALUES ('r', 'h', '{}')");
  });
  const tables = () =>
    [leaseTable(database.pool, "ada"), leaseTable(database.pool, "bob")] as const;
  /** As if that time had passed for the database. */
  const expire = () =>
    database.pool.query("UPDATE runs SET lease_until = lease_until - interval '2 hours'");

  it("[OP5] go to one of many that ask at once, and to nobody else until they end", async () => {
    const many = Array.from({ length: 12 }, (_, i) => leaseTable(database.pool, `p${i}`));
    const got = await Promise.all(many.map((table) => table.acquire(run, hour)));
    expect(got.filter(Boolean)).toHaveLength(1);
    const owner = `p${got.indexOf(true)}`;
    expect(await many[0]!.runs()).toEqual([{ run, owner }]);
    await expire();
    expect(await many[0]!.runs()).toEqual([{ run, owner: null }]);
    expect(await leaseTable(database.pool, "late").acquire(run, hour)).toBe(true);
    // The one before finds that it owns nothing, and gives nothing back that is another's.
    const before = many[got.indexOf(true)]!;
    expect(await before.renew([run], hour)).toEqual(new Set());
    await before.release(run);
    expect(await before.runs()).toEqual([{ run, owner: "late" }]);
  });

  it("[OP5] are renewed and released by their owner", async () => {
    const [ada, bob] = tables();
    expect(await ada.acquire(run, hour)).toBe(true);
    await expire();
    expect(await ada.renew([run, runId("other")], hour)).toEqual(new Set([run]));
    expect(await bob.acquire(run, hour)).toBe(false);
    await ada.release(run);
    expect(await bob.acquire(run, hour)).toBe(true);
  });

  it("[OP5] are for runs that go on only", async () => {
    const [ada] = tables();
    await database.pool.query("UPDATE runs SET status = 'completed'");
    expect(await ada.acquire(run, hour)).toBe(false);
    expect(await ada.acquire(runId("unknown"), hour)).toBe(false);
    expect(await ada.runs()).toEqual([]);
  });

  it("[OP5] know who lives", async () => {
    const [ada, bob] = tables();
    await ada.beat(hour);
    expect(await bob.beat(hour)).toEqual(new Set(["ada", "bob"]));
    await database.pool.query(
      "UPDATE processes SET heartbeat_at = heartbeat_at - interval '2 hours' WHERE id = 'ada'",
    );
    expect(await bob.beat(hour)).toEqual(new Set(["bob"]));
    await bob.leave();
    expect(await ada.beat(hour)).toEqual(new Set(["ada"]));
  });
});

describe("a wire over Postgres", () => {
  async function pair() {
    const [ada, bob, eve] = await Promise.all(
      ["ada", "bob", "eve"].map((self) =>
        openPostgresWire({ pool: database.pool, self, clock: nodeClock, pauseMs: 200 }),
      ),
    );
    const ends = [ada!, bob!, eve!].map((wire) => {
      const texts = mailbox<string>();
      const gaps = mailbox<null>();
      wire.listen({
        heard: (from, text) => texts.put(`${from}: ${text}`),
        interrupted: () => gaps.put(null),
      });
      return { wire, texts, gaps };
    });
    const close = async () => {
      for (const { wire } of ends) await wire.close();
    };
    return { ada: ends[0]!, bob: ends[1]!, eve: ends[2]!, close };
  }

  it("[OP6] carries texts to one process or to all others, unchanged and in order", async () => {
    const { ada, bob, eve, close } = await pair();
    const odd = [`{"a":"\\u0000 ' \\" % %41 äöü 漢字 😀 \u2028"}`, "", "same", "same"];
    for (const text of odd) ada.wire.send("bob", text);
    for (const text of odd) expect(await bob.texts.take()).toBe(`ada: ${text}`);
    ada.wire.send(null, "all");
    expect(await eve.texts.take()).toBe("ada: all");
    expect(await bob.texts.take()).toBe("ada: all");
    expect(ada.texts.waiting).toEqual([]);
    await close();
  });

  it("[OP6] carries texts of any length, and many at once", async () => {
    const { ada, bob, eve, close } = await pair();
    const long = Array.from({ length: 100_000 }, (_, i) =>
      String.fromCodePoint(32 + (i % 2_000)),
    ).join("");
    const texts = Array.from({ length: 500 }, (_, i) =>
      i % 100 === 50 ? `${i}${long}` : String(i),
    );
    for (const text of texts) {
      ada.wire.send("bob", text);
      eve.wire.send("bob", text);
    }
    const heard = { ada: [] as string[], eve: [] as string[] };
    for (let i = 0; i < 2 * texts.length; i++) {
      const [, from, text] = /^(ada|eve): (.*)$/su.exec(await bob.texts.take())!;
      heard[from as "ada"].push(text!);
    }
    expect(heard.ada).toEqual(texts);
    expect(heard.eve).toEqual(texts);
    await close();
  });

  it("[OP6] says when it was cut, and goes on", async () => {
    const { ada, bob, close } = await pair();
    await database.pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE pid <> pg_backend_pid() AND query NOT ILIKE '%terminate%' AND backend_type = 'client backend'`,
    );
    await Promise.all([ada.gaps.take(), bob.gaps.take()]);
    ada.wire.send("bob", "again");
    expect(await bob.texts.take()).toBe("ada: again");
    await close();
  });
});
