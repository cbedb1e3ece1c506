/** A tab takes part in a run of a real coordinator, in a real Chromium. */
import { chromiumPath, launchChromium, withoutChromium } from "@fedtune/testkit/chromium";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openBench } from "./test-support/bench-page.ts";
import type { Remote } from "./test-support/bench-page.ts";
import { csvOf, runConfig, sentences, startTestCoordinator } from "./test-support/coordinator.ts";
import type { TestCoordinator } from "./test-support/coordinator.ts";
import type { ParticipantBench } from "./test-support/participant-site/bench.ts";
import type { ParticipantSnapshot, Road, Stage } from "./index.ts";

const isThere = chromiumPath() !== null;
const title = (text: string): string => (isThere ? text : `${text} (${withoutChromium})`);

describe.skipIf(!isThere)(title("a data holder's tab"), () => {
  let coordinator: TestCoordinator;
  let browser: Browser;
  let context: BrowserContext;
  beforeAll(async () => {
    coordinator = await startTestCoordinator();
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser.close();
    await coordinator.close();
  });
  beforeEach(async () => {
    context = await browser.newContext();
  });
  afterEach(() => context.close());

  it("joins by a link, reads a file, checks the device, and finishes the run", async () => {
    const { ended } = await coordinator.play(runConfig("whole"));
    const { page, bench } = await openBench<ParticipantBench>(
      context,
      await coordinator.invite("whole"),
    );
    page.on("console", (message) => console.log("PAGE", message.text()));
    await bench.opened();
    console.log(JSON.stringify(await bench.snapshot()).slice(0, 3000));
    expect(page.url()).toBe(`${coordinator.url}/join/whole`);
    await bench.act("accept");
    await bench.choose("words.csv", csvOf(sentences(40)));
    console.log(JSON.stringify((await bench.snapshot()).stage).slice(0, 3000));
    await bench.act("checkDevice", "wasm");
    console.log(JSON.stringify(((await bench.snapshot()).stage as Road).device));
    await bench.act("start");
    await stage(page, "finished");
    console.log(JSON.stringify(((await bench.snapshot()).stage as Road).session));
    console.log(await ended);
    console.log(await bench.act("tryText", "play song number one"));
    console.log((await bench.adapter()).map(([n, h]) => [n, h.length]));
    console.log(await bench.sent());
    console.log(await bench.longTasks(), await bench.violations());
  });
});

async function stage(page: Page, kind: string): Promise<void> {
  await page.waitForFunction(
    (wanted) => {
      const bench = Reflect.get(globalThis, "bench") as ParticipantBench;
      return bench.kind() === wanted;
    },
    kind,
    { timeout: 60_000 },
  );
}
