/** The browser's stores, in a real Chromium. */
import { isFedtuneError } from "@fedtune/core";
import type { ClientState } from "@fedtune/core";
import { clientStateConformance, recordOf } from "@fedtune/testkit";
import {
  chromiumArguments,
  chromiumPath,
  launchChromium,
  withoutChromium,
} from "@fedtune/testkit/chromium";
import { chromium } from "playwright-core";
import type { Browser, BrowserContext } from "playwright-core";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openBench } from "../test-support/bench-page.ts";
import type { Remote } from "../test-support/bench-page.ts";
import { recordFrom, recordText } from "../test-support/record-text.ts";
import { serveSite } from "../test-support/site.ts";
import type { Site } from "../test-support/site.ts";
import type { StorageBench } from "../test-support/storage-bench.ts";

const isThere = chromiumPath() !== null;
const title = (text: string): string => (isThere ? text : `${text} (${withoutChromium})`);
const key = {
  holder: "this device",
  dataset: "d".repeat(64),
  unit: "example",
  relation: "add-or-remove-one",
  delta: 1e-5,
} as const;

describe.skipIf(!isThere)(title("in a browser"), () => {
  let site: Site;
  let browser: Browser;
  beforeAll(async () => {
    site = await serveSite(["storage-bench.html"]);
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser.close();
    await site.close();
  });

  const open = (context: BrowserContext) =>
    openBench<StorageBench>(context, `${site.url}/storage-bench.html`);

  clientStateConformance("IndexedDB", async () => {
    const context = await browser.newContext();
    const { bench } = await open(context);
    return {
      state: stateOver(bench),
      reopen: async () => stateOver((await open(context)).bench),
      close: () => context.close(),
    };
  });

  describe("the stores of one device", () => {
    let context: BrowserContext;
    beforeEach(async () => {
      context = await browser.newContext();
    });
    afterEach(() => context.close());

    it("[CL12] a ledger is not there at first, only grows, and is one per holder, data set and guarantee", async () => {
      const { bench } = await open(context);
      expect([await bench.ledgerText(key), await bench.ledgerTexts()]).toEqual([null, []]);
      await bench.append(key, '{"one":1}\n');
      await bench.append(key, '{"two":2}\n');
      await bench.append({ ...key, delta: 1e-6 }, '{"three":3}\n');
      const later = (await open(context)).bench;
      expect(await later.ledgerText(key)).toBe('{"one":1}\n{"two":2}\n');
      expect((await later.ledgerTexts()).toSorted()).toEqual([
        '{"one":1}\n{"two":2}\n',
        '{"three":3}\n',
      ]);
    });

    it("[CL12] one piece of work at a time is near the ledgers, over all tabs, also after one that failed", async () => {
      const [first, second] = [(await open(context)).bench, (await open(context)).bench];
      const slow = first.append(key, '{"slow":1}\n', { ms: 300 });
      await first.ledgerTexts();
      const fast = second.append(key, '{"fast":2}\n');
      await Promise.all([slow, fast]);
      expect(await first.ledgerText(key)).toBe('{"slow":1}\n{"fast":2}\n');
      expect(await first.failInTurn()).toBe("Error: failed");
      await second.append(key, '{"after":3}\n');
      expect(await first.ledgerText(key)).toContain("after");
    });

    it("[CL2] [CL12] the row of a release is there once its record is, in one step, and not before", async () => {
      const { bench } = await open(context);
      const [reserved, spent] = ['{"state":"reserved"}\n', '{"state":"spent"}\n'];
      await bench.append(key, reserved);
      await bench.append(key, spent);
      expect(await bench.ledgerText(key)).toBe(reserved);
      // Nobody else may add rows meanwhile: each row names the one before it.
      const other = (await open(context)).bench.append(key, '{"other":1}\n', { run: "another" });
      await bench.save(recordText(recordOf(1)));
      await other;
      expect(await bench.ledgerText(key)).toBe(`${reserved}${spent}{"other":1}\n`);
    });

    it("[CL2] a tab whose place was taken over writes nothing more", async () => {
      const first = (await open(context)).bench;
      await first.save(recordText(recordOf(1)));
      const second = (await open(context)).bench;
      await second.save(recordText(recordOf(2)));
      const late = first.save(recordText(recordOf(3)));
      await expect(late).rejects.toSatisfy((error) => isFedtuneError(error, "client-replaced"));
      expect(recordFrom(await second.load("suite"))?.held?.round).toBe(2);
    });

    it("[SE5] keeps one key per run, which nothing can read out", async () => {
      const [first, second] = [(await open(context)).bench, (await open(context)).bench];
      const [one, two] = await Promise.all([first.publicKey(), second.publicKey()]);
      expect(one).toMatch(/^[0-9a-f]{64}$/);
      expect(two).toBe(one);
      expect(await first.exported()).toBe("InvalidAccessError");
    });
  });

  it("[ST5] [CL2] a browser killed while it saves leaves the old record or the new one, whole", async () => {
    const folder = await mkdtemp(join(tmpdir(), "fedtune-profile-"));
    let latest = 0;
    try {
      for (let kill = 0; kill < 3; kill++) {
        latest = await savedUntilKilled(folder, latest, 2 + 2 * kill);
      }
      const context = await profile(folder);
      const seed = await (await open(context)).bench.seed();
      await context.close();
      expect(seed).toBeGreaterThanOrEqual(latest);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  const profile = (folder: string): Promise<BrowserContext> =>
    chromium.launchPersistentContext(folder, {
      ...{ executablePath: chromiumPath() ?? "", headless: true, args: [...chromiumArguments] },
    });

  /** Saves one record after the other, kills the whole browser after so many, and gives the last that was said to be kept. */
  async function savedUntilKilled(folder: string, from: number, saves: number): Promise<number> {
    const context = await profile(folder);
    const { page, bench } = await open(context);
    const kept = await bench.seed();
    expect(kept).toBeGreaterThanOrEqual(from);
    void bench.saveFor(Number(kept) + 1).catch(() => undefined);
    const wanted = Number(kept) + saves;
    await page.waitForFunction((seed) => Number(document.title) >= seed, wanted);
    const said = Number(await page.title());
    const { pid } = await processOf(context);
    process.kill(pid, "SIGKILL");
    await context.close().catch(() => undefined);
    return said;
  }
});

async function processOf(context: BrowserContext): Promise<{ readonly pid: number }> {
  const browser = context.browser();
  const session =
    browser === null
      ? await context.newCDPSession(await context.newPage())
      : await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  return { pid: processInfo.find(({ type }) => type === "browser")?.id ?? 0 };
}

function stateOver(bench: Remote<StorageBench>): ClientState {
  return {
    load: async (run) => recordFrom(await bench.load(run)),
    save: (record) => bench.save(recordText(record)),
  };
}
