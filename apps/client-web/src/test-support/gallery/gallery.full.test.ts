/** The building blocks in a real browser: accessible by axe, clean under the strictest policy, usable by keys alone. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromiumPath, launchChromium, withoutChromium } from "@fedtune/testkit/chromium";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { axeFindings } from "../axe.ts";
import { buildGallery } from "./build-gallery.ts";
import { serveFolder, type FolderServer } from "./serve-folder.ts";

const hasChromium = chromiumPath() !== null;
const suffix = hasChromium ? "" : `, ${withoutChromium}`;
const desktop = { width: 1440, height: 900 };
const phone = { width: 390, height: 844 };

interface Opened {
  readonly page: Page;
  /** Errors of the console and violations of the policy. */
  readonly problems: readonly string[];
}

describe.skipIf(!hasChromium)(`the gallery in Chromium${suffix}`, () => {
  let folder: string;
  let server: FolderServer;
  let browser: Browser;
  /** One page for what people do; each test leaves it as it found it. */
  let shared: Opened;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "fedtune-gallery-"));
    await buildGallery(folder);
    server = await serveFolder(folder);
    browser = await launchChromium();
    shared = await open({ viewport: desktop });
  });

  afterAll(async () => {
    await browser.close();
    await server.close();
    await rm(folder, { recursive: true });
  });

  async function open(options: BrowserContextOptions): Promise<Opened> {
    const context = await browser.newContext({ reducedMotion: "reduce", ...options });
    const page = await context.newPage();
    const problems: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") problems.push(message.text());
    });
    page.on("pageerror", (error) => problems.push(error.message));
    await page.goto(server.url);
    await page.getByRole("heading", { name: "Building blocks" }).waitFor();
    return { page, problems };
  }

  it.each([
    ["light", desktop],
    ["dark", desktop],
    ["light", phone],
    ["dark", phone],
  ] as const)("axe finds nothing in %s at %o", async (colorScheme, viewport) => {
    const { page, problems } = await open({ colorScheme, viewport });
    expect(await axeFindings(page)).toEqual([]);
    expect(problems).toEqual([]);
    await page.context().close();
  });

  it("axe finds nothing in what opens: menus, lists, dialogs, hints, tables of charts", async () => {
    const { page, problems } = shared;
    const chart = page.getByRole("region", { name: "Accuracy", exact: true }).first();
    await chart.getByRole("button", { name: "Accuracy as a table" }).click();
    await chart.getByRole("table").waitFor();
    await chart.getByRole("button", { name: "Download Accuracy, zoom" }).click();
    await page.getByRole("menuitem", { name: "CSV" }).waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.getByRole("combobox", { name: "Adapter kind" }).click();
    await page.getByRole("option", { name: "vera" }).waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Why" }).click();
    await page.getByText("A loss is computed from").waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Stop…" }).click();
    await page.getByRole("alertdialog", { name: "Stop this run?" }).waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await chart.getByRole("button", { name: "Accuracy as a table" }).click();
    await chart.getByRole("img").waitFor();
    expect(problems).toEqual([]);
  });

  it("a chart is read by keys: entered, walked, told, turned into a table and back", async () => {
    const { page } = shared;
    const region = page.getByRole("region", { name: "Accuracy", exact: true }).first();
    const drawing = region.getByRole("img");
    const said = page.getByRole("status").last();
    await drawing.focus();
    await page.keyboard.press("Home");
    await expect
      .poll(() => said.textContent())
      .toMatch(/^Round 1, Clients \d\d\.\d\u202F%, Central/);
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowDown");
    await expect.poll(() => said.textContent()).toMatch(/^Round 2, Clients [^,]*$/);
    await page.keyboard.press("t");
    await region.getByRole("table").waitFor();
    // The heads and the latest 25 of 27 rounds.
    expect(await region.getByRole("row").count()).toBe(26);
    await region.getByText("Rows 3 to 27 of 27").waitFor();
    await region.getByRole("button", { name: "Earlier" }).click();
    expect(await region.getByRole("row").count()).toBe(3);
    await region.getByRole("button", { name: "Later" }).focus();
    await page.keyboard.press("t");
    await drawing.waitFor();
  });

  it("one crosshair moves on all charts of the page", async () => {
    const { page } = shared;
    const region = page.getByRole("region", { name: "Accuracy", exact: true }).first();
    // Icons have lines too.
    const lines = page.locator("line");
    const before = await lines.count();
    await region.getByRole("img").hover({ position: { x: 300, y: 80 } });
    await region
      .getByText(/^round \d+$/)
      .last()
      .waitFor();
    await expect.poll(() => lines.count()).toBeGreaterThan(before + 2);
    await page.mouse.move(5, 5);
    await expect.poll(() => lines.count()).toBe(before);
  });

  it("dragging shows a part of x, a button or Escape all of it again", async () => {
    const { page } = shared;
    const region = page.getByRole("region", { name: "Accuracy", exact: true }).first();
    const drawing = region.getByRole("img");
    const box = (await drawing.boundingBox())!;
    const drag = async (): Promise<void> => {
      await page.mouse.move(box.x + 200, box.y + 80);
      await page.mouse.down();
      await page.mouse.move(box.x + 350, box.y + 90, { steps: 4 });
      await page.mouse.up();
    };
    await drag();
    const back = region.getByRole("button", { name: "Show all" });
    await back.click();
    await expect.poll(() => back.count()).toBe(0);
    await drag();
    await drawing.focus();
    await page.keyboard.press("Escape");
    await expect.poll(() => back.count()).toBe(0);
  });

  it("every download is a file of its kind", async () => {
    const { page, problems } = shared;
    const region = page.getByRole("region", { name: "Accuracy", exact: true }).first();
    const download = async (item: string): Promise<{ name: string; bytes: Buffer }> => {
      await region.getByRole("button", { name: "Download Accuracy, zoom" }).click();
      const [file] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("menuitem", { name: item }).click(),
      ]);
      return { name: file.suggestedFilename(), bytes: await readFile(await file.path()) };
    };
    const csv = await download("CSV");
    expect(csv.name).toBe("message-triage-accuracy.csv");
    expect(csv.bytes.toString()).toMatch(/^# Accuracy\..*\n# Run message-triage, /);
    const json = await download("JSON");
    expect(JSON.parse(json.bytes.toString())).toMatchObject({
      provenance: { run: "message-triage" },
    });
    const svg = await download("SVG");
    expect(svg.bytes.toString()).toMatch(/^<svg xmlns=/);
    const png = await download("PNG");
    expect(png.bytes.subarray(1, 4).toString()).toBe("PNG");
    // Width and height of the header: two px for each of the drawing's.
    expect(png.bytes.readUInt32BE(16)).toBe(2 * (760 + 32));
    expect(problems).toEqual([]);
  });

  it("the question before what cannot be undone has its focus on the safe answer", async () => {
    const { page } = shared;
    await page.getByRole("button", { name: "Stop…" }).click();
    const safe = page.getByRole("button", { name: "Let it run" });
    await expect.poll(() => safe.evaluate((one) => one === document.activeElement)).toBe(true);
    await page.keyboard.press("Escape");
    await expect.poll(() => page.getByRole("alertdialog").count()).toBe(0);
  });

  it("a number is typed, an error's fix is one press", async () => {
    const { page } = shared;
    const noise = page.getByRole("textbox", { name: "Noise multiplier" });
    await page.getByRole("button", { name: "Set 1.04" }).click();
    expect(await noise.inputValue()).toBe("1.04");
    await noise.fill("0.00001");
    await noise.blur();
    expect(await noise.inputValue()).toBe("0.00001");
  });

  it("ten thousand rows scroll, with few of them drawn", async () => {
    const { page } = shared;
    const table = page.getByRole("table", { name: "Rounds, all" });
    const scroller = page.getByRole("group", { name: "Rounds, all" });
    await scroller.evaluate((one) => one.scrollTo(0, one.scrollHeight));
    await table.getByRole("cell", { name: "1", exact: true }).waitFor();
    expect(await table.getByRole("row").count()).toBeLessThan(60);
  });

  it("nothing is wider than the screen at 320 px", async () => {
    const { page } = await open({ viewport: { width: 320, height: 640 } });
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width).toBeLessThanOrEqual(320);
    await page.context().close();
  });

  it("the theme is chosen and kept", async () => {
    const { page } = await open({ viewport: desktop, colorScheme: "light" });
    const ground = (): Promise<string> =>
      page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const before = await ground();
    await page.getByRole("button", { name: "Dark theme" }).click();
    expect(await ground()).not.toBe(before);
    expect(await page.evaluate(() => localStorage.getItem("theme"))).toBe("dark");
    await page.context().close();
  });
});
