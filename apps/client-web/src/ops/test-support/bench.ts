/** What tests of pages begin with: built pages, a browser, a server that each test finds as new. */
import { launchChromium } from "@fedtune/testkit/chromium";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect } from "vitest";
import { openPage } from "./browser.ts";
import type { Looking } from "./browser.ts";
import { buildPages, serveStub } from "./site.ts";
import type { BuiltPages, StubSite } from "./site.ts";
import { stubHandlers, stubState } from "./stub-server.ts";
import type { StubState } from "./stub-server.ts";

/** The pages of one test. */
export interface OpsBench {
  /** What the server knows; to be changed before and after a page is opened. */
  readonly state: StubState;
  /** Origin of the server. */
  readonly url: string;
  /** Opens a page of the site. */
  open(path: string, looking?: Looking): Promise<Page>;
  /** Path, query and fragment at which a page is. */
  pathOf(page: Page): string;
}

/** Registers what goes before and after the tests; call it within `describe`. A page that complains fails its test. */
export function opsBench(): () => OpsBench {
  let pages: BuiltPages | null = null;
  let browser: Browser | null = null;
  let bench: OpsBench | null = null;
  beforeAll(async () => {
    pages = await buildPages();
    browser = await launchChromium();
  });
  beforeEach(async () => {
    const state = stubState();
    const site = await serveStub(present(pages).folder, stubHandlers(state));
    const complaints: string[] = [];
    bench = benchOf(present(browser), { state, site, complaints });
    return async () => {
      await Promise.all(
        present(browser)
          .contexts()
          .map((context) => context.close()),
      );
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

/** Expects what something becomes, however long a busy machine takes. */
export const eventually = <Value>(read: () => Value) => expect.poll(read, { timeout: 30_000 });

interface Parts {
  readonly state: StubState;
  readonly site: StubSite;
  readonly complaints: string[];
}

function benchOf(browser: Browser, { state, site: { url }, complaints }: Parts): OpsBench {
  return {
    ...{ state, url },
    async open(path, looking = {}) {
      const { page } = await openPage(browser, url + path, { ...looking, complaints });
      return page;
    },
    pathOf: (page) => page.url().slice(url.length),
  };
}

function present<Value>(value: Value | null): Value {
  if (value === null) throw new RangeError("Cannot use the bench outside of a test");
  return value;
}
