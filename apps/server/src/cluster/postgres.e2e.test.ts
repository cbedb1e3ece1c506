/** Leases and wires over a real Postgres. */
import { runId } from "@fedtune/core";
import { openDatabase, startDatabase } from "@fedtune/db";
import type { StartedDatabase } from "@fedtune/db";
import { nodeClock } from "@fedtune/node-ports";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  realPostgresBin,
  realPostgresTitle,
  startRealPostgres,
} from "../../../../packages/db/src/test-support/servers.ts";
import type { RealPostgres } from "../../../../packages/db/src/test-support/servers.ts";
import { tcpProxy } from "../test-support/tcp-proxy.ts";
import { leaseTable } from "./lease-table.ts";
import { openPostgresWire } from "./postgres-wire.ts";
import { wireConformance } from "./test-support/wire-conformance.ts";
import type { WireBench } from "./test-support/wire-conformance.ts";

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

interface Way {
  readonly url: string;
  cut(): void;
  close(): Promise<unknown>;
}

/** Every process has a way of its own to the database. */
function bench(wayOf: (self: string) => Promise<Way>): WireBench {
  const ways = new Map<string, Way>();
  const closing: { close(): Promise<unknown> }[] = [];
  return {
    async open(self) {
      const way = await wayOf(self);
      ways.set(self, way);
      const opened = openDatabase(way.url);
      closing.push(opened, way);
      return openPostgresWire({ pool: opened.pool, self, clock: nodeClock, pauseMs: 50 });
    },
    cut: (self) => ways.get(self)?.cut(),
    async close() {
      for (const each of closing) await each.close();
    },
  };
}

wireConformance("a wire over Postgres", {
  start: async () =>
    bench(async (self) => {
      const url = new URL(database.url);
      url.searchParams.set("application_name", self);
      return {
        url: url.href,
        cut: () => void database.pool.query(terminateSql, [self]),
        close: async () => undefined,
      };
    }),
  hasCuts: true,
  service: null,
});

const terminateSql =
  "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1";

describe.skipIf(realPostgresBin === null)(`over ${realPostgresTitle}`, () => {
  let postgres: RealPostgres;
  beforeAll(async () => {
    postgres = await startRealPostgres();
  });
  afterAll(() => postgres.stop());

  wireConformance("a wire", {
    start: async () =>
      bench(async () => {
        const proxy = await tcpProxy(postgres.port);
        const url = new URL(postgres.url);
        url.port = new URL(proxy.url).port;
        return { ...proxy, url: url.href };
      }),
    hasCuts: true,
    service: () => postgres,
  });
});
