/** The wire over a real Redis, which is cut off, killed, stopped and filled. */
import { nodeClock } from "@fedtune/node-ports";
import { createServer } from "node:http";
import { inspect } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { listen } from "../listen.ts";
import { relayPlace } from "../operations/relay-place.ts";
import { tcpProxy } from "../test-support/tcp-proxy.ts";
import type { TcpProxy } from "../test-support/tcp-proxy.ts";
import { openRedisWire } from "./redis-wire.ts";
import type { RedisWireOptions } from "./redis-wire.ts";
import { hasRedis, redisTitle, startRedis } from "./test-support/redis-server.ts";
import type { RedisServer } from "./test-support/redis-server.ts";
import {
  counted,
  openEnd,
  reach,
  untilWhole,
  wireConformance,
} from "./test-support/wire-conformance.ts";
import type { WireBench } from "./test-support/wire-conformance.ts";

const pauseMs = 50;
/** Of tests, on a machine that does other things. */
const patience = { timeout: 30_000 };
const openAt = (url: string, self: string, more: Partial<RedisWireOptions> = {}) =>
  openRedisWire({
    ...{ place: relayPlace(url), self, cluster: "one", clock: nodeClock, pauseMs },
    failed: () => undefined,
    ...more,
  });

interface RedisBench extends WireBench {
  cut(self: string): void;
}

describe.skipIf(!hasRedis)(`over ${redisTitle}`, () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());
  beforeEach(() => redis.admin.flushall());

  /** Every process has a way of its own to Redis. */
  async function start(more: Partial<RedisWireOptions> = {}): Promise<RedisBench> {
    const proxies = new Map<string, TcpProxy>();
    return {
      async open(self) {
        const proxy = await tcpProxy(redis.port);
        proxies.set(self, proxy);
        return openAt(`redis://127.0.0.1:${new URL(proxy.url).port}`, self, more);
      },
      cut: (self) => proxies.get(self)?.cut(),
      async close() {
        for (const proxy of proxies.values()) await proxy.close();
      },
    };
  }

  wireConformance("a wire", { start: () => start(), hasCuts: true, service: () => redis });

  const opened: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const each of opened.splice(0).reverse()) await each.close();
  });

  async function pair(more: Partial<RedisWireOptions> = {}) {
    const bench = await start(more);
    const [ada, bob] = [await openEnd(bench, "ada"), await openEnd(bench, "bob")];
    opened.push(bench, ada.wire, bob.wire);
    return { ...bench, ada, bob };
  }

  it("[OP7] loses nothing in short cuts, and so interrupts nobody", async () => {
    const { cut, ada, bob } = await pair();
    const texts = counted(ada, bob);
    for (const cutting of ["ada", "bob", "ada", "bob"]) {
      texts.send(500);
      // Somewhere in what is under way.
      await new Promise((resolve) => setTimeout(resolve, 2));
      cut(cutting);
      texts.send(500);
      await untilWhole(ada);
    }
    for (let i = 0; i < texts.sent(); i++) expect(await bob.texts.take()).toBe(`ada: n${i}`);
    expect([ada.gaps.waiting, bob.gaps.waiting]).toEqual([[], []]);
  });

  it("[OP7] takes nothing twice from a Redis that hung and comes back to itself", async () => {
    const { ada, bob } = await pair({ pauseMs: 20 });
    const texts = counted(ada, bob);
    texts.send(100);
    redis.signal("SIGSTOP");
    texts.send(100);
    // Redis has the commands and answers none: the connections are given up, and others are made.
    const problem = () => ada.wire.check().then(() => "", String);
    await expect.poll(problem, patience).toContain("is lost");
    redis.signal("SIGCONT");
    await untilWhole(ada);
    texts.send(100);
    await reach(ada, bob, "end");
    texts.expectSound();
  });

  it("[OP7] waits with its texts while Redis has no room for them", async () => {
    const { ada, bob } = await pair();
    await redis.admin.config("SET", "maxmemory", "1");
    const texts = counted(ada, bob);
    texts.send(100);
    const works = () =>
      ada.wire.check().then(
        () => true,
        () => false,
      );
    await expect.poll(works, patience).toBe(false);
    texts.send(100);
    await redis.admin.config("SET", "maxmemory", "0");
    for (let i = 0; i < texts.sent(); i++) expect(await bob.texts.take()).toBe(`ada: n${i}`);
    expect([ada.gaps.waiting, bob.gaps.waiting]).toEqual([[], []]);
  });

  /** Makes an inbox that its process does not read, by a user who may not sign in any more. */
  async function withoutBob(more: Partial<RedisWireOptions> = {}) {
    const bench = await start(more);
    const allow = (isAllowed: boolean) =>
      redis.admin.call(
        ...["ACL", "SETUSER", "bob", isAllowed ? "on" : "off", ">pass/word"],
        ...["~fedtune:*", "+@all", "-@admin"],
      );
    await allow(true);
    const proxy = await tcpProxy(redis.port);
    const url = `redis://bob:pass%2Fword@127.0.0.1:${new URL(proxy.url).port}`;
    const ada = await openEnd(bench, "ada");
    const reasons: string[] = [];
    const failed = (error: unknown) => void reasons.push(inspect(error, { depth: 10 }));
    const bob = await openEnd({ open: (self) => openAt(url, self, { ...more, failed }) }, "bob");
    opened.push(bench, proxy, ada.wire, bob.wire);
    await allow(false);
    proxy.cut();
    await expect(bob.wire.check()).rejects.toMatchObject({ code: "storage-failed" });
    return { ada, bob, reasons, back: () => allow(true) };
  }

  const inbox = "fedtune:one:inbox:bob";

  it("[OP7] keeps so many texts for who does not read, and tells who missed some", async () => {
    const { ada, bob, back } = await withoutBob({ capacity: 300 });
    ada.wire.send("bob", "first");
    for (let i = 0; i < 5_000; i++) ada.wire.send("bob", `n${i}`);
    ada.wire.send("bob", "last");
    const last = async () => (await redis.admin.xrevrange(inbox, "+", "-", "COUNT", 1))[0]?.[1];
    await expect.poll(last, patience).toContain("last");
    expect(await redis.admin.xlen(inbox)).toBeLessThan(500);
    await back();
    await bob.gaps.take();
    await reach(ada, bob, "again");
    expect(new Set(bob.texts.waiting)).toEqual(new Set(["ada: again"]));
    expect(ada.gaps.waiting).toEqual([]);
  });

  it("[OP7] goes on after the last text that was read when it was away for a while", async () => {
    const { ada, bob, reasons, back } = await withoutBob();
    for (let i = 0; i < 1_000; i++) ada.wire.send("bob", `n${i}`);
    await expect.poll(() => reasons, patience).toEqual([expect.stringContaining("WRONGPASS")]);
    expect(reasons.join("")).not.toContain("pass/word");
    await back();
    for (let i = 0; i < 1_000; i++) expect(await bob.texts.take()).toBe(`ada: n${i}`);
    expect(bob.gaps.waiting).toEqual([]);
  });

  it("[OP7] forgets a process that stays away, and tells it when it comes back", async () => {
    const { ada, bob, back } = await withoutBob();
    await expect.poll(() => redis.admin.exists(inbox), patience).toBe(0);
    ada.wire.send("bob", "lost");
    ada.wire.send(null, "lost too");
    await ada.wire.check();
    expect(await redis.admin.exists(inbox)).toBe(0);
    const members = () => redis.admin.smembers("fedtune:one:members");
    await expect.poll(members, patience).toEqual(["ada"]);
    await back();
    await bob.gaps.take();
    await reach(ada, bob, "again");
    expect(new Set(bob.texts.waiting)).toEqual(new Set(["ada: again"]));
  });

  it("[OP7] leaves no key that stays for ever, and none of who left", async () => {
    const { ada, bob } = await pair();
    ada.wire.send("bob", "hello");
    await bob.texts.take();
    const keys = await redis.admin.keys("*");
    expect(keys.sort()).toEqual([
      "fedtune:one:inbox:ada",
      "fedtune:one:inbox:bob",
      "fedtune:one:members",
    ]);
    for (const key of keys) expect(await redis.admin.pttl(key), key).toBeGreaterThan(0);
    // What was read is taken away, up to the mark.
    await expect.poll(() => redis.admin.xlen(inbox), patience).toBe(1);
    await ada.wire.close();
    await bob.wire.close();
    expect(await redis.admin.keys("*")).toEqual([]);
  });

  it("[OP7] never hears another cluster on the same Redis", async () => {
    const [one, other] = [await start(), await start({ cluster: "other" })];
    const ada = await openEnd(one, "ada");
    const [bob, strange] = [await openEnd(one, "bob"), await openEnd(other, "bob")];
    opened.push(one, other, ada.wire, bob.wire, strange.wire);
    ada.wire.send(null, "all");
    ada.wire.send("bob", "you");
    expect([await bob.texts.take(), await bob.texts.take()]).toEqual(["ada: all", "ada: you"]);
    strange.wire.send("ada", "hello");
    strange.wire.send(null, "hello");
    await strange.wire.check();
    await reach(bob, ada, "end");
    expect([strange.texts.waiting, new Set(ada.texts.waiting)]).toEqual([
      [],
      new Set(["bob: end"]),
    ]);
  });

  it("[OP4] names the host of a Redis that cannot be used, and what is wrong, but no secret", async () => {
    await redis.admin.call("ACL", "SETUSER", "eve", "on", ">hunter2", "~other:*", "+@all");
    const web = createServer((_, response) => response.end("hunter2"));
    const { port } = await listen(web, "127.0.0.1", 0);
    const refused = async (url: string) => {
      const error: unknown = await openAt(url, "ada").catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: "storage-failed" });
      const all = inspect(error, { depth: 10 });
      expect(all).not.toContain("hunter");
      expect(all).toContain("127.0.0.1:");
      return (error as Error).message;
    };
    const at = `127.0.0.1:${redis.port}`;
    expect(await refused("redis://:hunter2@127.0.0.1:1")).toContain("nothing listens there");
    expect(await refused(`redis://bob:hunter1@${at}`)).toContain("WRONGPASS");
    expect(await refused(`redis://eve:hunter2@${at}`)).toContain("NOPERM");
    expect(await refused(`redis://${at}/99`)).toContain("index is out of range");
    expect(await refused(`rediss://:hunter2@${at}`)).toMatch(/Cannot reach/);
    expect(await refused(`redis://:hunter2@127.0.0.1:${port}`)).toMatch(/Cannot reach/);
    await new Promise((resolve) => web.close(resolve));
  });
});
