/** Every page and state in a real browser, under a coordinator's strict policy. */
import { describe, expect, test } from "vitest";
import { byTurns } from "../test-support/by-turns.ts";
import {
  canRun,
  findings,
  look,
  lookAtPages,
  open,
  title,
  turnTo,
  watch,
} from "./test-support/browse.ts";
import { states } from "./test-support/states.ts";

const names = Object.keys(states);

lookAtPages();

describe.skipIf(!canRun)(title("every page and state"), () => {
  const looks = [
    { theme: "light", width: 1440 },
    { theme: "dark", width: 390 },
  ] as const;
  test.each(byTurns(looks, names))("axe finds nothing: $way", async ({ way, things }) => {
    const context = await look(way);
    const page = await context.newPage();
    const wrong = watch(page);
    await open(page, "enter");
    for (const name of things) {
      await turnTo(page, name);
      const { pathname } = new URL(page.url());
      expect([name, pathname, await findings(page)]).toEqual([name, states[name]!.path, []]);
      // The state comes first: it is what a tab shows.
      expect(await page.title()).toMatch(/^.+ · fedtune$/);
    }
    expect(wrong).toEqual([]);
    await context.close();
  });

  test("nothing is wider than a screen of 320 px, at twice the space between letters too", async () => {
    const context = await look({ width: 320 });
    const page = await context.newPage();
    await open(page, "enter");
    for (const name of names) {
      await page.evaluate(() => document.body.removeAttribute("style"));
      await turnTo(page, name);
      const wide = () =>
        page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        );
      expect([name, await wide()]).toEqual([name, 0]);
      await page.evaluate(() => {
        document.body.style.letterSpacing = "0.12em";
        document.body.style.wordSpacing = "0.16em";
      });
      expect([`${name}, spaced`, await wide()]).toEqual([`${name}, spaced`, 0]);
    }
    await context.close();
  });

  test("with the system's own colours states can still be told apart", async () => {
    const context = await look({ forcedColors: "active" });
    const page = await context.newPage();
    await open(page, "train-notices");
    const cells = await page.evaluate(() => {
      const of = (state: string) => document.querySelector(`[data-state="${state}"]`);
      return ["accepted", "missed", "refused", "now"].map((state) => {
        const style = getComputedStyle(of(state)!);
        const { backgroundColor, backgroundImage, borderTopColor } = style;
        return `${backgroundColor} ${backgroundImage} ${borderTopColor}`;
      });
    });
    expect(new Set(cells).size).toBe(cells.length);
    await context.close();
  });
});
