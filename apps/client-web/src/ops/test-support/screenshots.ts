/**
 * Pictures of the operators' pages over the sample runs, for the documents and for looking at them:
 * `npx tsx --conditions=@fedtune/source apps/client-web/src/ops/test-support/screenshots.ts FOLDER [PAGES [WIDTHS [THEMES]]]`
 */
import { launchChromium } from "@fedtune/testkit/chromium";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { methodRuns, methodScenes } from "../compare/fixture/methods.ts";
import { sampleRun } from "../run/fixture/config.ts";
import { sampleNowMs } from "../run/fixture/now.ts";
import { sampleScene } from "../run/fixture/scene.ts";
import { runHandlers, serveRun } from "../run/test-support/stub-run.ts";
import { openPage } from "./browser.ts";
import { buildPages } from "./site.ts";
import { stubHandlers, stubState } from "./stub-server.ts";

/** Address of each page by the name of its picture. */
const addresses: Readonly<Record<string, string>> = {
  "sign-in": "/sign-in",
  runs: "/runs",
  "new-run": "/runs/new?preset=private-examples",
  run: `/runs/${sampleRun}`,
  "run-rounds": `/runs/${sampleRun}/rounds`,
  "run-participants": `/runs/${sampleRun}/participants`,
  "run-privacy": `/runs/${sampleRun}/privacy`,
  "run-layers": `/runs/${sampleRun}/layers`,
  "run-events": `/runs/${sampleRun}/events`,
  compare: `/compare?runs=${methodRuns.join(",")}`,
  simulations: "/simulations",
  people: "/people",
  audit: "/audit",
  settings: "/settings",
};

const [folder = "out/ops", chosen = "", widths = "1440,390", themes = "light,dark"] =
  process.argv.slice(2);
const names = chosen === "" ? Object.keys(addresses) : chosen.split(",");

await mkdir(folder, { recursive: true });
const pages = await buildPages();
const state = stubState();
const scenes = new Map([[sampleRun, sampleScene()], ...methodScenes()]);
const handlers = { ...stubHandlers(state), ...runHandlers(() => scenes) };
const site = await serveRun(pages.folder, handlers);
const browser = await launchChromium();
for (const theme of themes.split(",") as ("light" | "dark")[]) {
  for (const width of widths.split(",").map(Number)) {
    for (const name of names) {
      const address = addresses[name];
      if (address === undefined) throw new RangeError(`Cannot show page "${name}"`);
      state.operator = name === "sign-in" ? null : "m-keller";
      const look = { width, height: width < 640 ? 844 : 900, theme };
      const { page, context } = await openPage(browser, `${site.url}/settings`, look);
      await context.clock.install({ time: sampleNowMs });
      await page.goto(site.url + address);
      await page.locator("h1").first().waitFor();
      await page.waitForLoadState("networkidle");
      await page.evaluate(() => document.fonts.ready);
      const shot = await page.screenshot({ fullPage: width >= 640 });
      // Flat pages need few colours.
      const picture = await sharp(shot).png({ palette: true, effort: 10 }).toBuffer();
      await writeFile(join(folder, `${name}-${String(width)}-${theme}.png`), picture);
      await context.close();
    }
  }
}
await browser.close();
await site.close();
await pages.remove();
