/** Looking at the fixture's pages in Chromium. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromiumPath, launchChromium, withoutChromium } from "@fedtune/testkit/chromium";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { servePages } from "./serve-pages.ts";
import type { Pages } from "./serve-pages.ts";
import { states } from "./states.ts";

/** Whether there is a browser to look with. */
export const canRun = chromiumPath() !== null;

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** The title of tests that need a browser. */
export const title = (text: string): string => (canRun ? text : `${text} (${withoutChromium})`);

let pages: Pages;
let browser: Browser;

/** Builds the pages and starts the browser once for the tests of a file. */
export function lookAtPages(): void {
  beforeAll(async () => {
    if (!canRun) return;
    pages = await servePages();
    browser = await launchChromium();
  });
  afterAll(async () => {
    if (!canRun) return;
    await browser.close();
    await pages.close();
  });
}

/** Origin of the pages. */
export const origin = (): string => pages.url;

/** How the pages are looked at. */
export interface Look {
  readonly width?: number;
  readonly theme?: "light" | "dark";
  readonly forcedColors?: "active";
}

/** A browser's window. */
export function look({
  width = 1440,
  theme = "light",
  forcedColors,
}: Look = {}): Promise<BrowserContext> {
  return browser.newContext({
    ...{ viewport: { width, height: 900 }, colorScheme: theme, reducedMotion: "reduce" },
    ...(forcedColors === undefined ? {} : { forcedColors }),
  });
}

/** What went wrong in a page while it was looked at. */
export function watch(page: Page): string[] {
  const wrong: string[] = [];
  page.on("pageerror", (error) => wrong.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") wrong.push(message.text());
  });
  return wrong;
}

/** Opens a state at its address. */
export async function open(page: Page, name: string): Promise<void> {
  await page.goto(`${pages.url}${states[name]?.path ?? ""}?state=${name}`);
  await shown(page);
}

/** Goes to a state in a page that is open. */
export async function turnTo(page: Page, name: string): Promise<void> {
  await page.evaluate(
    (next) => (Reflect.get(globalThis, "show") as (name: string) => Promise<void>)(next),
    name,
  );
  await shown(page);
}

/** The page itself is there and measured, not only its place. */
export async function shown(page: Page): Promise<void> {
  await page.waitForFunction(
    () => document.querySelector("h1") !== null && !document.querySelector("[data-passing]"),
  );
  await page.evaluate(async () => {
    await document.fonts.ready;
    for (const _ of [1, 2, 3]) await new Promise((resolve) => requestAnimationFrame(resolve));
  });
}

/** Rules that are broken, with where. */
export async function findings(page: Page): Promise<readonly string[]> {
  // As a debugger's, so that the page's policy need not allow it.
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(axe);
  return page.evaluate(async (wanted) => {
    interface Result {
      readonly id: string;
      readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
    }
    const engine = Reflect.get(globalThis, "axe") as {
      run(options: object): Promise<{ readonly violations: readonly Result[] }>;
    };
    const { violations } = await engine.run({ runOnly: { type: "tag", values: wanted } });
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary = "" }) => `${id}: ${html} ${failureSummary}`),
    );
  }, tags);
}
