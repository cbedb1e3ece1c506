import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { codeOf, securityBench } from "../test-support/security-bench.ts";
import type { SecurityBench } from "../test-support/security-bench.ts";
import { auditLog, holdToAudit } from "./audit.ts";
import type { AuditLog } from "./audit.ts";

let bench: SecurityBench;
let log: AuditLog;

beforeAll(async () => {
  bench = await securityBench();
});
afterAll(() => bench.close());
beforeEach(async () => {
  await tamper("DELETE FROM audit_events");
  log = auditLog(bench.ports);
});

const entry = { actor: "operator:ada", action: "run.created", subject: "run:toy", data: { n: 1 } };

/** What somebody with the database's password could do, past whatever guards its tables. */
async function tamper(statement: string): Promise<void> {
  await bench.prisma.$transaction([
    bench.prisma.$executeRaw`SET LOCAL session_replication_role = replica`,
    bench.prisma.$executeRawUnsafe(statement),
  ]);
}

async function written(count: number) {
  const heads = [];
  for (let i = 0; i < count; i++) heads.push(await log.append({ ...entry, data: { i } }));
  return heads;
}

describe("the audit log", () => {
  it("[SE9] keeps what happened in order, with nothing lost or doubled when all write at once", async () => {
    const others = [log, auditLog(bench.ports), auditLog(bench.ports)];
    const heads = await Promise.all(
      Array.from({ length: 60 }, (_, i) => others[i % 3]!.append({ ...entry, data: { i } })),
    );
    expect(new Set(heads.map(({ sequence }) => sequence)).size).toBe(60);
    const events = await log.list({ most: 100 });
    expect(events.map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: 60 }, (_, i) => 60 - i),
    );
    expect(new Set(events.map(({ data }) => data["i"])).size).toBe(60);
    expect(await log.verify()).toBeNull();
    expect(await log.head()).toEqual(heads.find(({ sequence }) => sequence === 60));
    expect((await log.list({ before: 3 })).map(({ sequence }) => sequence)).toEqual([2, 1]);
  });

  it("[SE9] gives back what was written, of all kinds of values", async () => {
    const data = {
      text: 'caf\u00e9 \u{1f600} "\\',
      big: 2 ** 53,
      small: 1e-7,
      yes: true,
      none: null,
    };
    await log.append({ ...entry, data });
    expect((await log.list())[0]).toMatchObject({ ...entry, data });
    expect(await log.verify()).toBeNull();
  });

  it.each([NaN, Infinity, -0, "\0", "\ud800"])(
    "refuses %j, which would come back different",
    (value) => {
      expect(() => log.append({ ...entry, data: { value } })).toThrow(RangeError);
    },
  );

  it.each([
    ["edited", "UPDATE audit_events SET actor = 'operator:eve' WHERE sequence = 3", 3, "edited"],
    ["edited in its data", "UPDATE audit_events SET data = '{}' WHERE sequence = 2", 2, "edited"],
    [
      "back-dated",
      "UPDATE audit_events SET at = at - interval '1 hour' WHERE sequence = 4",
      4,
      "edited",
    ],
    ["deleted", "DELETE FROM audit_events WHERE sequence = 3", 3, "missing"],
    ["deleted first", "DELETE FROM audit_events WHERE sequence = 1", 1, "missing"],
  ])("[SE9] shows that a row was %s", async (_, statement, sequence, problem) => {
    await written(5);
    await tamper(statement);
    const fault = await log.verify();
    expect(fault).toEqual({ sequence, problem });
    expect(() => holdToAudit(fault)).toThrow(expect.objectContaining({ code: "state-corrupt" }));
  });

  it("[SE9] shows rows that changed places", async () => {
    await written(5);
    await tamper("UPDATE audit_events SET sequence = 100 WHERE sequence = 2");
    await tamper("UPDATE audit_events SET sequence = 2 WHERE sequence = 3");
    await tamper("UPDATE audit_events SET sequence = 3 WHERE sequence = 100");
    expect(await log.verify()).toEqual({ sequence: 2, problem: "unlinked" });
  });

  it("[SE9] shows that the end was cut off, or all written anew, to who kept a head", async () => {
    const heads = await written(5);
    await tamper("DELETE FROM audit_events WHERE sequence > 3");
    const stranger = auditLog(bench.ports);
    expect(await stranger.verify()).toBeNull();
    expect(await stranger.verify(heads[4])).toEqual({ sequence: 4, problem: "missing" });
    expect(await stranger.verify(heads[2])).toBeNull();
    expect(await log.verify()).toEqual({ sequence: 4, problem: "missing" });
    await tamper("DELETE FROM audit_events");
    await written(1);
    expect(await log.verify(heads[0])).toBeNull();
    bench.time.ms += 1;
    await tamper("DELETE FROM audit_events");
    await written(1);
    expect(await log.verify(heads[0])).toEqual({ sequence: 1, problem: "edited" });
  });

  it("goes on after an append that failed", async () => {
    const { now } = bench.ports;
    let fails = true;
    const fragile = auditLog({ ...bench.ports, now: () => (fails ? new Date(NaN) : now()) });
    await expect(fragile.append(entry)).rejects.toThrow();
    fails = false;
    expect((await fragile.append(entry)).sequence).toBe(1);
    expect(await codeOf(log.append(entry))).toBeNull();
  });
});
