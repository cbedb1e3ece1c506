/** What may happen to a tab in the middle of a run, in a real Chromium against a real coordinator: nothing is lost. */
import { runId } from "@fedtune/core";
import { chromiumPath, launchChromium, withoutChromium } from "@fedtune/testkit/chromium";
import type { Browser, BrowserContext } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { runConfig, startTestCoordinator } from "./test-support/coordinator.ts";
import type { TestCoordinator } from "./test-support/coordinator.ts";
import { openTab } from "./test-support/tab.ts";
import { watchedProxy } from "./test-support/watched-proxy.ts";
import type { WatchedProxy } from "./test-support/watched-proxy.ts";

const isThere = chromiumPath() !== null;
const title = (text: string): string => (isThere ? text : `${text} (${withoutChromium})`);

/** Rounds that last some seconds, so that there is a middle of them. */
const slow = { training: { maxSteps: 60 } };

describe.skipIf(!isThere)(title("a data holder's tab in the middle of a run"), () => {
  let coordinator: TestCoordinator;
  let browser: Browser;
  let context: BrowserContext;
  let proxy: WatchedProxy;
  beforeAll(async () => {
    coordinator = await startTestCoordinator();
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser.close();
    await coordinator.close();
  });
  beforeEach(async () => {
    context = await browser.newContext();
    proxy = await watchedProxy(coordinator.port);
  });
  afterEach(async () => {
    await context.close();
    await proxy.close();
  });

  /** A link by way of the proxy. */
  const invited = async (run: string): Promise<string> =>
    (await coordinator.invite(run)).replace(coordinator.url, proxy.url);

  it("[WP10] [CL2] that is killed before its update has arrived sends the same bytes again, without training", async () => {
    const { ended } = await coordinator.play(runConfig("killed", { rounds: { numRounds: 1 } }));
    const first = await openTab(context, await invited("killed"));
    proxy.rule((method) => (method === "PUT" ? "hold" : "pass"));
    await first.join();
    await first.session(({ work }) => work?.phase === "send");
    // The update is stored, and on its way. The renderer dies with everything in it.
    const dies = first.page.waitForEvent("crash");
    const killer = await context.newCDPSession(first.page);
    // Whoever dies does not answer.
    void killer.send("Page.crash").catch(() => undefined);
    await dies;
    const sentBefore = proxy.uploads().map(({ hash }) => hash);
    expect(sentBefore.length).toBeGreaterThan(0);
    proxy.rule(null);

    const second = await openTab(context, `${proxy.url}/join/killed`);
    await second.stage("finished");
    expect(await ended).toMatchObject({ status: "completed" });
    const hashes = new Set(proxy.uploads().map(({ hash }) => hash));
    expect([hashes.size, hashes.has(sentBefore[0] ?? "")]).toEqual([1, true]);
    const { session } = await second.road();
    expect(session.rounds).toMatchObject([{ round: 1, result: "accepted" }]);
    // It learned nothing in this page: what it sent was there.
    expect(session.stepsPerSecond).toBeNull();
  });

  it("[WP10] [TR7] whose network is cut while it trains goes on with its round when it is back; a reload lands in training", async () => {
    const { ended } = await coordinator.play(runConfig("cut", slow));
    const tab = await openTab(context, await invited("cut"));
    await tab.join();
    await tab.session(({ work }) => (work?.learn.done ?? 0) > 2);
    proxy.cut();
    await tab.session(({ connection }) => connection.kind === "reconnecting");
    expect(await tab.bench.kind()).toBe("training");
    // It trains on without a network.
    const before = (await tab.road()).session.work?.learn.done ?? 0;
    await tab.session(({ work }) => (work?.learn.done ?? 0) > before || work?.phase !== "learn");
    proxy.mend();
    await tab.session(({ rounds }) => rounds.some(({ result }) => result === "accepted"));
    await tab.page.reload();
    await tab.bench.opened();
    expect(["starting", "training", "finished"]).toContain(await tab.bench.kind());
    await tab.stage("finished");
    expect(await ended).toMatchObject({ status: "completed" });
    const { session } = await tab.road();
    expect(session.rounds.map(({ round, result }) => [round, result])).toEqual([
      [1, "accepted"],
      [2, "accepted"],
    ]);
  });

  it("[RE10] whose coordinator restarts goes on with it", async () => {
    await coordinator.play(runConfig("restarted", slow));
    const tab = await openTab(context, await invited("restarted"));
    await tab.join();
    await tab.session(({ work }) => work?.phase === "learn");
    await coordinator.stop();
    await tab.session(({ connection }) => connection.kind === "reconnecting");
    await coordinator.restart();
    await tab.stage("finished");
    expect((await tab.road()).session.rounds.map(({ result }) => result)).toEqual([
      "accepted",
      "accepted",
    ]);
  });

  it("[CL6] that is paused leaves the round, and goes on where it was; pausing outlives a reload", async () => {
    await coordinator.play(runConfig("paused", slow));
    const tab = await openTab(context, await invited("paused"));
    await tab.join();
    await tab.session(({ work }) => work?.phase === "learn");
    await tab.bench.act("pause");
    expect(await tab.road()).toMatchObject({
      ...{ kind: "paused", by: "holder" },
      session: { connection: { kind: "none" }, work: null },
    });
    const sent = proxy.sent().toString("latin1");
    expect(sent.includes(String.raw`\"type\":\"leave\"`)).toBe(true);
    await tab.page.reload();
    await tab.bench.opened();
    expect(await tab.bench.kind()).toBe("paused");
    await tab.bench.act("resume");
    await tab.stage("finished");
  });

  it("[WP12] pauses by itself on battery where that is wanted, and goes on with mains", async () => {
    // Chromium here has no battery: a page's script stands for one.
    await context.addInitScript(() => {
      const battery = Object.assign(new EventTarget(), { charging: true, level: 0.8 });
      Reflect.set(navigator, "getBattery", () => Promise.resolve(battery));
      Reflect.set(globalThis, "plug", (charging: boolean) => {
        battery.charging = charging;
        battery.dispatchEvent(new Event("chargingchange"));
      });
    });
    await coordinator.play(runConfig("battery", slow));
    const tab = await openTab(context, await invited("battery"));
    const plug = (charging: boolean) =>
      tab.page.evaluate((is) => {
        (Reflect.get(globalThis, "plug") as (is: boolean) => void)(is);
      }, charging);
    await tab.bench.opened();
    await tab.bench.act("setOnlyOnMains", true);
    await tab.join();
    await tab.session(({ work }) => work?.phase === "learn");
    await plug(false);
    await tab.stage("paused");
    expect(await tab.road()).toMatchObject({ by: "mains-wanted" });
    await plug(true);
    await tab.stage("finished");
  });

  it("[WP11] tells a second tab of the same browser, which may take over; the first one watches then", async () => {
    const rounds = { numRounds: 1, roundTimeoutMs: 170_000 };
    await coordinator.play(runConfig("two", { rounds, training: { maxSteps: 400 } }));
    const first = await openTab(context, await invited("two"));
    // However quick the first tab is, the second one comes before its update has arrived.
    proxy.rule((method) => (method === "PUT" ? "hold" : "pass"));
    await first.join();
    await first.session(({ work }) => work?.phase === "learn");
    const second = await openTab(context, `${proxy.url}/join/two`);
    await second.stage("elsewhere");
    // It shows how far the first one is.
    await second.session(({ work }) => (work?.learn.done ?? 0) > 0);
    await second.bench.act("takeOver");
    proxy.rule(null);
    await second.stage("training", "finished");
    await first.stage("elsewhere", "finished");
    await second.stage("finished");
    expect((await second.road()).session.rounds.map(({ result }) => result)).toEqual(["accepted"]);
  });

  it("[CL6] that is left, from whichever tab, takes no part any more, and can be started again", async () => {
    await coordinator.play(
      runConfig("left", {
        rounds: { numRounds: 1, roundTimeoutMs: 170_000 },
        training: { maxSteps: 400 },
      }),
    );
    const first = await openTab(context, await invited("left"));
    proxy.rule((method) => (method === "PUT" ? "hold" : "pass"));
    await first.join();
    await first.session(({ work }) => work?.phase === "learn");
    const second = await openTab(context, `${proxy.url}/join/left`);
    await second.stage("elsewhere");
    await second.bench.act("leave");
    expect(await second.bench.kind()).toBe("left");
    await first.stage("left");
    await first.page.close();
    proxy.rule(null);
    await second.bench.act("start");
    await second.stage("finished");
  });

  it("[SE6] that is revoked hears of it at once, with the code", async () => {
    await coordinator.play(runConfig("revoked", slow));
    const tab = await openTab(context, await invited("revoked"));
    await tab.join();
    await tab.session(({ work }) => work?.phase === "learn");
    const { client } = await tab.road();
    await coordinator.revoke("revoked", client ?? "");
    await tab.stage("refused");
    expect(await tab.road()).toMatchObject({ problem: { code: "credential-revoked" } });
    await tab.page.reload();
    await tab.bench.opened();
    expect(await tab.bench.kind()).toBe("refused");
  });

  it("[WP5] [SE4] whose invitation is wrong, expired or used up says so by its code, before anything is made", async () => {
    await coordinator.play(runConfig("invited"));
    const used = await coordinator.invite("invited", { maxUses: 1 });
    const winner = await openTab(context, used);
    await winner.join();
    await winner.stage("finished");
    const codeOf = async (link: string): Promise<string> => {
      const fresh = await browser.newContext();
      const tab = await openTab(fresh, link);
      await tab.bench.opened().catch(() => undefined);
      const { stage } = await tab.bench.snapshot();
      await fresh.close();
      return stage.kind === "invitation-refused" ? stage.problem.code : stage.kind;
    };
    expect(await codeOf(used)).toBe("credential-expired");
    expect(await codeOf(await coordinator.invite("invited", { ttlMs: 1 }))).toBe(
      "credential-expired",
    );
    expect(await codeOf(`${coordinator.url}/join/invited#token=fte_${"x".repeat(43)}`)).toBe(
      "unauthenticated",
    );
    expect(await codeOf(`${coordinator.url}/join/invited`)).toBe("unauthenticated");
    const { secret } = await coordinator.process.security.enrolments.create({
      run: runId("invited"),
    });
    expect(await codeOf(`${coordinator.url}/join/nothing#token=${secret}`)).toBe("forbidden");
  });

  it("asks for a reload when the coordinator speaks another protocol, and tells of a clock that is wrong", async () => {
    await coordinator.play(
      runConfig("versions", { rounds: { minFitClients: 2, minAvailableClients: 2 } }),
    );
    const link = await invited("versions");
    const hour = 3_600_000;
    proxy.rewrite((path, body) =>
      path.endsWith("/invitation")
        ? body
            .replace('"protocol":1', '"protocol":2')
            .replace(/"now":"([^"]+)"/, (_, now: string) => {
              const wrong = new Date(Date.parse(now) + hour).toISOString();
              return `"now":"${wrong}"`;
            })
        : body,
    );
    const tab = await openTab(context, link);
    await tab.bench.opened();
    expect(await tab.road()).toMatchObject({
      ...{ kind: "failed", problem: { code: "protocol-version", data: { protocol: 2 } } },
    });
    const { notices, clockOffsetMs } = (await tab.road()).session;
    expect(notices).toMatchObject([{ kind: "clock-wrong" }]);
    expect(Math.abs((clockOffsetMs ?? 0) - hour)).toBeLessThan(60_000);
    proxy.rewrite(null);
    await tab.page.reload();
    await tab.bench.opened();
    expect(await tab.bench.kind()).toBe("invited");
  });

  it("[ST7] whose browser has no room says so, with what it needs, and nothing is lost", async () => {
    await coordinator.play(
      runConfig("full", { rounds: { minFitClients: 2, minAvailableClients: 2 } }),
    );
    const session = await context.newCDPSession(await context.newPage());
    const quota = (quotaSize: number) =>
      session.send("Storage.overrideQuotaForOrigin", { origin: proxy.url, quotaSize });
    await quota(300_000);
    const tab = await openTab(context, await invited("full"));
    await tab.bench.opened();
    await tab.bench.act("accept");
    const rows = Array.from({ length: 20_000 }, (_, k) => `row ${k},lights`).join("\n");
    const choosing = tab.bench.choose("many.csv", `text,label\n${rows}\n`);
    await expect(choosing).rejects.toMatchObject({ code: "storage-failed" });
    expect((await tab.road()).file).toMatchObject({
      kind: "problem",
      problems: [{ kind: "unreadable", error: { data: { reason: "full" } } }],
    });
    await quota(50_000_000_000);
    await tab.bench.choose("many.csv", `text,label\n${rows}\n`);
    expect((await tab.road()).file.kind).toBe("usable");
  });
});
