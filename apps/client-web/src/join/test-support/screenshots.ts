/**
 * Pictures of the pages over the sample run, for the documents and for looking at them:
 * `npx tsx --conditions=@fedtune/source apps/client-web/src/join/test-support/screenshots.ts FOLDER [STATES [WIDTHS [THEMES]]]`
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { launchChromium } from "@fedtune/testkit/chromium";
import { servePages } from "./serve-pages.ts";
import { states } from "./states.ts";

const [folder = "out/join", chosen = "", widths = "1440,820,390", themes = "light,dark"] =
  process.argv.slice(2);
const names = chosen === "" ? Object.keys(states) : chosen.split(",");

await mkdir(folder, { recursive: true });
const pages = await servePages();
const browser = await launchChromium();
for (const colorScheme of themes.split(",") as ("light" | "dark")[]) {
  for (const width of widths.split(",").map(Number)) {
    const context = await browser.newContext({
      ...{ viewport: { width, height: width < 640 ? 844 : 900 }, colorScheme },
      reducedMotion: "reduce",
    });
    const page = await context.newPage();
    for (const name of names) {
      const state = states[name];
      if (state === undefined) throw new RangeError(`Cannot show state "${name}"`);
      await page.goto(`${pages.url}${state.path}?state=${name}&tag`);
      await page.waitForFunction(
        () => document.querySelector("h1") !== null && !document.querySelector("[data-passing]"),
      );
      await page.evaluate(() => document.fonts.ready);
      const path = join(folder, `join-${name}-${width}-${colorScheme}.png`);
      // A page as it is seen, with its dock: the whole of it on larger screens.
      await page.screenshot({ path, fullPage: width >= 640 });
    }
    await context.close();
  }
}
await browser.close();
await pages.close();
