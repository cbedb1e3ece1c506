/** A tab takes part in a run of pictures, in a real Chromium against a real coordinator. */
import { chromiumPath, launchChromium, withoutChromium } from "@fedtune/testkit/chromium";
import type { Browser } from "playwright-core";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { goldenPath } from "../../../../packages/training/src/test-support/golden.ts";
import { runConfig, startTestCoordinator } from "./test-support/coordinator.ts";
import type { TestCoordinator } from "./test-support/coordinator.ts";
import type { PlainPicture } from "./test-support/participant-site/bench.ts";
import { openTab } from "./test-support/tab.ts";
import type { Tab } from "./test-support/tab.ts";
import { watchedProxy } from "./test-support/watched-proxy.ts";
import type { WatchedProxy } from "./test-support/watched-proxy.ts";

const isThere = chromiumPath() !== null;
const labels = ["dark", "light"];

const changes = {
  model: goldenPath("vit/tiny-vit"),
  task: { kind: "image-classification", labels },
  method: { name: "fedsa-lora" },
  training: { maxSteps: 12, batchSize: 4, learningRate: 0.02 },
  about: { title: "Window or wall", subject: "picture" },
};

/** A picture of one brightness with a pattern that no other one has. */
async function picture(label: string, index: number): Promise<PlainPicture> {
  const base = label === "dark" ? 20 : 200;
  const pixels = Uint8Array.from(
    { length: 3 * 20 * 16 },
    (_, at) => base + ((at * (index + 3)) % 47),
  );
  const png = await sharp(pixels, { raw: { width: 20, height: 16, channels: 3 } })
    .png()
    .toBuffer();
  return { path: `${label}/window-${index}.png`, bytes: [...png] };
}

const pictures = await Promise.all(
  labels.flatMap((label) => Array.from({ length: 12 }, (_, index) => picture(label, index))),
);
const [first] = pictures;

describe.skipIf(!isThere)(
  isThere ? "a run of pictures in a tab" : `a run of pictures in a tab (${withoutChromium})`,
  () => {
    let coordinator: TestCoordinator;
    let browser: Browser;
    let proxy: WatchedProxy;
    let tab: Tab;
    beforeAll(async () => {
      coordinator = await startTestCoordinator();
      browser = await launchChromium();
      await coordinator.play(runConfig("windows", changes));
      proxy = await watchedProxy(coordinator.port);
      const link = (await coordinator.invite("windows")).replace(coordinator.url, proxy.url);
      tab = await openTab(await browser.newContext(), link);
      await tab.bench.opened();
      await tab.bench.act("accept");
    });
    afterAll(async () => {
      await browser.close();
      await proxy.close();
      await coordinator.close();
    });

    it("says what is wrong with a folder, and how it is mended", async () => {
      const choose = async (files: readonly PlainPicture[]) => {
        await tab.bench.chooseFolder("holiday-photographs", files);
        return (await tab.road()).file;
      };
      const bytes = first?.bytes ?? [];
      expect(await choose([{ path: "loose.png", bytes }])).toMatchObject({
        problems: [{ kind: "no-pictures", name: "holiday-photographs" }],
      });
      const broken = { path: "dark/broken.png", bytes: bytes.slice(0, 60) };
      const other = { path: "light/notes.txt", bytes: [65] };
      expect(await choose([...pictures, broken, other])).toMatchObject({
        kind: "problem",
        problems: [
          {
            ...{ kind: "pictures-broken", count: 2 },
            pictures: [
              { path: "dark/broken.png", reason: "content" },
              { path: "light/notes.txt", reason: "ending" },
            ],
          },
        ],
      });
      expect(await choose([...pictures, { path: "lihgt/1.png", bytes }])).toMatchObject({
        problems: [{ kind: "labels-unknown", rows: 1, labels: [{ nearest: "light" }] }],
      });
      await tab.bench.act("leaveOutRows");
      expect((await tab.road()).file).toMatchObject({
        kind: "usable",
        facts: { rows: 25, usedRows: 24, leavesOutUnknown: true },
      });
      await tab.bench.choose("words.csv", "text,label\n");
      expect((await tab.road()).file).toMatchObject({
        problems: [{ kind: "format-unknown", isFolder: false }],
      });
    });

    it("[CL7] learns in two rounds and measures itself on pictures that it never saw; none of them leaves", async () => {
      await tab.bench.chooseFolder("holiday-photographs", pictures);
      expect((await tab.road()).file).toMatchObject({
        kind: "usable",
        facts: {
          ...{ name: "holiday-photographs", format: "pictures", rows: 24, usedRows: 24 },
          labels: labels.map((label) => ({ label, rows: 12 })),
        },
      });
      await tab.bench.act("checkDevice", "wasm");
      expect((await tab.road()).device).toMatchObject({ kind: "fit" });
      await tab.bench.act("start");
      await tab.stage("finished");
      const { session, file } = await tab.road();
      expect(file.kind).toBe("usable");
      expect(session.rounds.map(({ result }) => result)).toEqual(["accepted", "accepted"]);
      const [before, after] = [session.accuracy[0], session.accuracy.at(-1)];
      expect([before?.examples, after?.round]).toEqual([6, 2]);
      expect(after?.accuracy).toBe(1);

      const sent = proxy.sent();
      expect(sent.includes("/socket.io/")).toBe(true);
      const parts = pictures.flatMap(({ bytes }) => [
        Buffer.from(bytes.slice(0, 33)),
        Buffer.from(bytes.slice(-40, -12)),
      ]);
      expect(parts.filter((part) => sent.includes(part))).toEqual([]);
      const inText = pictures.map(({ bytes }) => Buffer.from(bytes.slice(33, 60)));
      expect(inText.filter((part) => sent.includes(part.toString("base64")))).toEqual([]);
      expect([sent.includes("window-"), sent.includes("holiday-photographs")]).toEqual([
        false,
        false,
      ]);
      expect(await tab.bench.violations()).toEqual([]);
    });

    it("tries a picture after a reload, with what the browser keeps", async () => {
      await tab.page.reload();
      await tab.bench.opened();
      await tab.stage("finished");
      for (const label of labels) {
        const { bytes } = await picture(label, 50);
        const guesses = await tab.bench.tryPicture(bytes);
        expect(guesses[0]?.label).toBe(label);
        expect(guesses.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 5);
      }
    });
  },
);
