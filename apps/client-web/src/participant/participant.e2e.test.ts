/** A tab takes part in a run of a real coordinator, in a real Chromium. */
import { parseAdapterConfig, readSafetensors } from "@fedtune/core";
import { chromiumPath, launchChromium, withoutChromium } from "@fedtune/testkit/chromium";
import type { Browser, BrowserContext } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { csvOf, runConfig, sentences, startTestCoordinator } from "./test-support/coordinator.ts";
import type { TestCoordinator } from "./test-support/coordinator.ts";
import { openTab } from "./test-support/tab.ts";
import { watchedProxy } from "./test-support/watched-proxy.ts";

const isThere = chromiumPath() !== null;
const title = (text: string): string => (isThere ? text : `${text} (${withoutChromium})`);

describe.skipIf(!isThere)(title("a data holder's tab"), () => {
  let coordinator: TestCoordinator;
  let browser: Browser;
  let context: BrowserContext;
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
  });
  afterEach(() => context.close());

  it("[WP4] [WP9] [WP17] [SE7] [DA3] [CL7] joins by a link and finishes the run; no part of its file leaves, nor the link's secret stays", async () => {
    const { ended } = await coordinator.play(runConfig("whole"));
    const proxy = await watchedProxy(coordinator.port);
    const link = (await coordinator.invite("whole")).replace(coordinator.url, proxy.url);
    const tab = await openTab(context, link);
    await tab.bench.opened();
    expect(tab.page.url()).toBe(`${proxy.url}/join/whole`);
    expect(await tab.road()).toMatchObject({
      kind: "invited",
      invitation: {
        title: "Household words",
        organiser: "The house",
        bytes: { upPerRound: 26168 },
      },
      session: { bytesUp: 0, transfers: [] },
    });
    const rows = sentences(40);
    const began = await tab.bench.now();
    await tab.join(rows);
    await tab.stage("finished");
    expect(await tab.bench.longTasks(began)).toEqual([]);
    expect(await ended).toMatchObject({ status: "completed" });

    const { session, device, client, file } = await tab.road();
    expect(client).toMatch(/^tab-[0-9a-f]{12}$/);
    expect([device.kind, file.kind]).toEqual(["fit", "usable"]);
    expect(session.rounds).toMatchObject([
      { round: 1, result: "accepted", bytes: 26168 },
      { round: 2, result: "accepted", bytes: 26168 },
    ]);
    const up = session.transfers.filter(({ direction }) => direction === "up");
    expect(up.map(({ what, round }) => [what, round])).toEqual([
      ["enrolment", null],
      ["update", 1],
      ["update", 2],
    ]);
    const listed = up.reduce((sum, { bytes }) => sum + bytes, 0);
    expect(session.bytesUp).toBe(listed + session.messageBytesUp);
    expect(session.accuracy.map(({ round, examples }) => [round, examples])).toEqual([
      ...[[0, 10] as const, [1, 10] as const, [2, 10] as const],
    ]);

    // Everything that the browser sent, of every connection: no text of the file, in no part of six letters or more.
    const sent = proxy.sent().toString("latin1");
    const has = (part: string): boolean => sent.includes(part);
    // The proxy does see what is said on sockets.
    expect([has("/socket.io/"), has(String.raw`\"type\":\"join\"`)]).toEqual([true, true]);
    const parts = rows.flatMap(({ text }) => [
      ...[text, text.slice(0, 18), text.slice(-18), /\d{4} in/.exec(text)?.[0] ?? text],
      ...text.split(" ").filter((word) => word.length >= 6 && word !== "number"),
    ]);
    expect([...new Set(parts)].filter(has)).toEqual([]);
    expect(has("words.csv")).toBe(false);
    const secret = link.split("token=")[1] ?? "-";
    const withSecret = sent.split("\n").filter((line) => line.includes(secret));
    // In the bodies of two requests, and in no address.
    expect(withSecret.filter((line) => /^(GET|POST|PUT) /.test(line))).toEqual([]);

    expect(await tab.bench.violations()).toEqual([]);
    await proxy.close();
  });

  it("[WP14] [AD8] tries what it has learned, takes it along as PEFT's files, lists what it sent, and deletes everything", async () => {
    const method = { name: "fedsa-lora" };
    await coordinator.play(runConfig("after", { rounds: { numRounds: 1 }, method }));
    const tab = await openTab(context, await coordinator.invite("after"));
    await tab.join();
    await tab.stage("finished");
    // The page is loaded anew: all of it is from what the browser keeps.
    await tab.page.reload();
    const { bench } = tab;
    await bench.opened();
    await tab.stage("finished");
    const guesses = (await bench.act("tryText", "play song number one")) as {
      label: string;
      probability: number;
    }[];
    expect(guesses.map(({ label }) => label).toSorted()).toEqual(["lights", "music"]);
    expect(guesses.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 5);

    const files = new Map(await bench.adapter());
    const config = parseAdapterConfig(
      JSON.parse(Buffer.from(files.get("adapter_config.json") ?? "", "hex").toString("utf8")),
    );
    expect(config).toMatchObject({ rank: 2 });
    const bytes = Uint8Array.from(Buffer.from(files.get("adapter_model.safetensors") ?? "", "hex"));
    const { metadata, tensors } = readSafetensors(bytes);
    expect([metadata.get("run"), metadata.get("round")]).toEqual(["after", "1"]);
    expect([...tensors.keys()].some((name) => name.includes("lora_A"))).toBe(true);
    expect(await bench.sent()).toMatch(
      /^time,direction,what,round,bytes,seconds,complete\n[^\n]+,up,enrolment,,\d+,[\d.]+,yes\n/,
    );

    const { numbers } = (await tab.road()).invitation;
    const before = await bench.act("readKeepings");
    expect(before).toMatchObject({
      ownNumbers: numbers.stays,
      memberships: [{ run: "after", stage: "finished", fileName: "words.csv", roundsAccepted: 1 }],
      modelBytes: 6_185_428,
    });
    await bench.act("deleteEverything", { privacyRecords: true });
    expect(await bench.act("readKeepings")).toEqual({
      ...{ memberships: [], records: [], modelBytes: 0, fileBytes: 0, ownNumbers: 0 },
    });
    expect(await bench.kind()).toBe("no-invitation");
  });

  it("[CL12] charges the file's own record, shows it counting up, and refuses beyond the holder's budget", async () => {
    const privacy = {
      mode: "record-level",
      noiseMultiplier: 1,
      samplingRate: 0.2,
      accountant: "rdp",
    };
    const rounds = { numRounds: 4, weightedBy: "uniform" };
    const changes = { privacy, rounds, evaluation: { everyRounds: 0 } };
    await coordinator.play(runConfig("private", changes));
    const tab = await openTab(context, await coordinator.invite("private"));
    const { bench } = tab;
    await bench.opened();
    await bench.act("accept");
    await bench.choose("words.csv", csvOf(sentences(40)));
    const { privacy: first } = await tab.road();
    expect(first).toMatchObject({ budget: 8, spent: 0, roundsLeft: null, isExhausted: false });
    // Between what two rounds and what three cost.
    const whole = first?.projected ?? 0;
    await bench.act("setBudget", whole * 0.9);
    const allowed = (await tab.road()).privacy?.roundsLeft ?? 0;
    expect(allowed).toBeGreaterThan(0);
    expect(allowed).toBeLessThan(4);
    await bench.act("checkDevice", "wasm");
    await bench.act("start");
    await tab.stage("refused");
    const road = await tab.road();
    expect(road).toMatchObject({
      problem: { code: "budget-exhausted", retryable: false },
      privacy: { isExhausted: true, roundsLeft: 0 },
    });
    expect(road.session.rounds.filter(({ result }) => result === "accepted")).toHaveLength(allowed);
    expect(road.privacy?.spent).toBeLessThanOrEqual(whole * 0.9);
    expect(road.privacy?.guarantee).toContain("record-level");

    // Deleted without its privacy record, the file still knows what was learned from it.
    await bench.act("deleteEverything", { privacyRecords: false });
    expect(await bench.act("readKeepings")).toMatchObject({
      memberships: [],
      records: [{ fileName: null, runs: ["private"], spent: road.privacy?.spent }],
    });
  });
});
