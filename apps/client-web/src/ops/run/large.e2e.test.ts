import { chromiumPath, withoutChromium } from "@fedtune/testkit/chromium";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { openChanges } from "./fixture/now.ts";
import { largeScene } from "./fixture/scene.ts";
import { runBench } from "./test-support/run-bench.ts";

const missing = chromiumPath() === null;
const rounds = 10_000;
const people = 1_000;
const scene = largeScene({ rounds, people });

/** Rows that are drawn, in all tables of the page. */
const drawnRows = (page: Page): Promise<number> => page.locator("tbody tr").count();
const nodes = (page: Page): Promise<number> =>
  page.evaluate(() => document.getElementsByTagName("*").length);

describe.skipIf(missing)(`a run as large as runs get ${missing ? withoutChromium : ""}`, () => {
  const bench = runBench();

  it("draws only what is seen of 10,000 rounds and 1,000 participants, also while it is told of changes", async () => {
    const { open, site, scenes } = bench();
    scenes.set("large", scene);
    const page = await open("/runs/large");
    await page.getByRole("link", { name: "10,000", exact: true }).waitFor({ timeout: 120_000 });
    expect(await nodes(page)).toBeLessThan(4_000);
    const [change] = openChanges();
    for (let turn = 1; turn <= 20; turn += 1) {
      const members = Array.from({ length: 60 }, (_, at) => ({
        ...{ ...change!, index: (turn * 60 + at) % 600, atMs: 258_000 + turn, progress: turn / 20 },
        ...(at % 2 === 0 ? { status: "accepted" as const, isUploading: false } : {}),
      }));
      site.tell("large", { type: "members", round: rounds + 1, attempt: 1, members });
    }
    await page.getByText(/^[1-9]\d* uploaded$/).waitFor();
    expect(await nodes(page)).toBeLessThan(4_000);
  });

  it.each([
    ["rounds", rounds + 1],
    ["participants", people],
  ])("scrolls through %s with a bounded number of rows", async (tab, count) => {
    const { open, scenes } = bench();
    scenes.set("large", scene);
    const page = await open(`/runs/large/${tab}`);
    const table = page.locator("table[aria-rowcount]").first();
    await table.waitFor({ timeout: 120_000 });
    expect(await table.getAttribute("aria-rowcount")).toBe(String(count + 1));
    const most = 120;
    expect(await drawnRows(page)).toBeLessThan(most);
    const frame = page.locator("[role=group][tabindex='0']").first();
    for (const share of [0.3, 0.7, 1]) {
      await frame.evaluate((element, at) => {
        element.scrollTop = element.scrollHeight * at;
      }, share);
      expect(await drawnRows(page)).toBeLessThan(most);
    }
    const last = page.locator(`tr[aria-rowindex="${count + 1}"]`);
    await last.waitFor();
    expect(await drawnRows(page)).toBeGreaterThan(10);
  });
});
