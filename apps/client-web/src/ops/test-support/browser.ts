/** Pages in a real Chromium, and what is complained of there. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { expect } from "vitest";
import { byTurns } from "../../test-support/by-turns.ts";

/** A page in a window of its own. */
export interface OpenPage {
  readonly page: Page;
  readonly context: BrowserContext;
}

/** How a page is looked at. */
export interface Looking {
  readonly width?: number;
  readonly height?: number;
  readonly theme?: "light" | "dark";
  /** Where violations of the content security policy and uncaught errors go. */
  readonly complaints?: string[];
}

const looks: readonly Looking[] = [
  { width: 1440, theme: "light" },
  { width: 390, theme: "dark" },
];

/** How pages are looked at: on a desk by day and on a phone by night. */
export const looksAt = <Page>(pages: readonly Page[]) =>
  byTurns(looks, pages).map(({ way: looking, things }) => ({ looking, pages: things }));

/** Opens an address. */
export async function openPage(
  browser: Browser,
  address: string,
  { width = 1440, height = 900, theme = "light", complaints = [] }: Looking = {},
): Promise<OpenPage> {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: theme,
    reducedMotion: "reduce",
    permissions: ["clipboard-read", "clipboard-write"],
  });
  const page = await context.newPage();
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (/content security policy|hydrat|Warning:/i.test(message.text())) {
      complaints.push(message.text());
    }
  });
  await page.goto(address);
  await page.locator("h1").first().waitFor();
  return { page, context };
}

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly target: readonly string[] }[];
}

/** What axe finds against WCAG 2.2 AA, one line for each rule and place. */
export async function axeFindings(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe);
  const violations = await page.evaluate<readonly Violation[]>(`
    axe.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }).then(({ violations }) => violations.map(({ id, nodes }) => ({ id, nodes })))
  `);
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target }) => `${id}: ${target.join(" ")}`),
  );
}

/** Widths at which nothing may reach beyond the window: the narrowest phones, phones, tablets. */
const widths = [320, 390, 820];

/** Makes the window of an open page narrower and wider, and looks whether anything is cut off; then as it was. */
export async function fitsAllWidths(page: Page, path: string, looking: Looking): Promise<void> {
  const { width = 1440, height = 900 } = looking;
  const excess = (): Promise<number> =>
    page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
  for (const narrow of widths) {
    await page.setViewportSize({ width: narrow, height });
    // A drawing takes the width of its place once it knows it.
    await expect
      .poll(excess, { message: `${path} at ${String(narrow)} px`, timeout: 5_000 })
      .toBeLessThanOrEqual(0);
  }
  await page.setViewportSize({ width, height });
}
