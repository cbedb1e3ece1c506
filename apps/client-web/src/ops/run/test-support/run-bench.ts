/** What tests of a run's pages begin with: built pages, a browser, a stub that tells scenes and a feed. */
import { launchChromium } from "@fedtune/testkit/chromium";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect } from "vitest";
import { openPage } from "../../test-support/browser.ts";
import type { Looking } from "../../test-support/browser.ts";
import { buildPages } from "../../test-support/site.ts";
import type { BuiltPages } from "../../test-support/site.ts";
import { stubHandlers, stubState } from "../../test-support/stub-server.ts";
import type { StubState } from "../../test-support/stub-server.ts";
import type { StubHandlers } from "../../test-support/stub-api.ts";
import { sampleRun } from "../fixture/config.ts";
import { sampleNowMs } from "../fixture/now.ts";
import { sampleScene } from "../fixture/scene.ts";
import type { RunScene } from "../fixture/scene.ts";
import { runHandlers, serveRun } from "./stub-run.ts";
import type { ServedRun } from "./stub-run.ts";

/** The pages of one test. */
export interface RunBench {
  /** Runs by name; to be changed before and after a page is opened. */
  readonly scenes: Map<string, RunScene>;
  readonly state: StubState;
  readonly site: ServedRun;
  /** Names of routes that write, in the order in which they were asked. */
  readonly deeds: readonly string[];
  /** Opens a page whose clock stands at the sample's present and goes on from there. */
  open(path: string, looking?: Looking): Promise<Page>;
  pathOf(page: Page): string;
}

const writing = [
  ...(["pauseRun", "resumeRun", "stopRun", "revokeEnrolmentToken", "revokeClient"] as const),
];

/** Handlers that also note what they were asked to do. */
function noting(handlers: StubHandlers, deeds: string[]): StubHandlers {
  const noted = writing.map((name) => {
    const handler = handlers[name] as ((call: unknown) => unknown) | undefined;
    return [
      name,
      (call: unknown) => {
        deeds.push(name);
        return handler?.(call);
      },
    ];
  });
  return { ...handlers, ...(Object.fromEntries(noted) as StubHandlers) };
}

/** Registers what goes before and after the tests; a page that complains fails its test. */
export function runBench(): () => RunBench {
  let pages: BuiltPages | null = null;
  let browser: Browser | null = null;
  let bench: RunBench | null = null;
  beforeAll(async () => {
    pages = await buildPages();
    browser = await launchChromium();
  });
  beforeEach(async () => {
    const state = stubState();
    const scenes = new Map([[sampleRun, sampleScene()]]);
    const deeds: string[] = [];
    const handlers = { ...stubHandlers(state), ...runHandlers(() => scenes) };
    const site = await serveRun(present(pages).folder, noting(handlers, deeds));
    const complaints: string[] = [];
    const opened = present(browser);
    bench = {
      ...{ scenes, state, site, deeds },
      open: async (path, looking = {}) => {
        const { page, context } = await openPage(opened, `${site.url}/settings`, {
          ...looking,
          complaints,
        });
        await context.clock.install({ time: sampleNowMs });
        await page.goto(site.url + path);
        await page.locator("h1").first().waitFor();
        return page;
      },
      pathOf: (page) => page.url().slice(site.url.length),
    };
    return async () => {
      await Promise.all(opened.contexts().map((context) => context.close()));
      await site.close();
      expect(complaints).toEqual([]);
    };
  });
  afterAll(async () => {
    await browser?.close();
    await pages?.remove();
  });
  return () => present(bench);
}

function present<Value>(value: Value | null): Value {
  if (value === null) throw new RangeError("Cannot use the bench outside of a test");
  return value;
}
