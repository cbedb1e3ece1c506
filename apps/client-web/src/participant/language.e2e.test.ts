/** A tab teaches a real language model, in a real Chromium against a real coordinator, and writes with it. */
import { parseAdapterConfig, readSafetensors } from "@fedtune/core";
import { chromiumPath, launchChromium, withoutChromium } from "@fedtune/testkit/chromium";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runConfig, startTestCoordinator } from "./test-support/coordinator.ts";
import type { TestCoordinator } from "./test-support/coordinator.ts";
import { openTab } from "./test-support/tab.ts";
import type { Tab } from "./test-support/tab.ts";

const models =
  process.env["FEDTUNE_MODELS"] ?? join(import.meta.dirname, "../../../../../shared/models");
const stories = join(models, "stories260k");
const isHere = existsSync(join(stories, "model.safetensors"));
const missing = isHere ? withoutChromium : "skipped: no folder of models; set FEDTUNE_MODELS";
const canRun = isHere && chromiumPath() !== null;

const changes = {
  model: stories,
  task: { kind: "causal-lm" },
  adapter: { rank: 4, targetModules: ["q_proj", "v_proj"] },
  method: { name: "fedsa-lora" },
  training: { maxSteps: 12, batchSize: 4, maxLength: 48, learningRate: 0.01 },
  about: { title: "Bedtime stories", subject: "story" },
};

/** Stories that all begin alike, so that a few steps teach them. */
const csv = `id,text\n${Array.from(
  { length: 24 },
  (_, k) => `${k},Once upon a time there was a green frog number ${k} who sat on a stone.\n`,
).join("")}`;

describe.skipIf(!canRun)(
  canRun ? "a language model in a tab" : `a language model in a tab (${missing})`,
  () => {
    let coordinator: TestCoordinator;
    let browser: Browser;
    let tab: Tab;
    beforeAll(async () => {
      coordinator = await startTestCoordinator();
      browser = await launchChromium();
      await coordinator.play(runConfig("stories", changes));
      tab = await openTab(await browser.newContext(), await coordinator.invite("stories"));
      await tab.bench.opened();
      await tab.bench.act("accept");
      await tab.bench.choose("stories.csv", csv);
      await tab.bench.act("checkDevice", "wasm");
      await tab.bench.act("start");
      await tab.stage("finished");
    });
    afterAll(async () => {
      await browser.close();
      await coordinator.close();
    });

    it("[CL7] takes the column of texts, learns from it, and measures itself on rows that it never saw", async () => {
      const { file, session, invitation } = await tab.road();
      expect(invitation).toMatchObject({
        task: "causal-lm",
        labels: [],
        model: { name: "stories260k" },
      });
      expect(file).toMatchObject({
        facts: { mapping: { completion: "text" }, rows: 24, usedRows: 24, labels: [] },
      });
      expect(session.rounds.map(({ result }) => result)).toEqual(["accepted", "accepted"]);
      const [first, last] = [session.accuracy[0], session.accuracy.at(-1)];
      expect([first?.round, first?.examples, last?.round]).toEqual([0, 6, 2]);
      expect(last?.accuracy).toBeGreaterThan(first?.accuracy ?? 1);
      expect(await tab.bench.violations()).toEqual([]);
    });

    it("writes on from a text: the likeliest always alike, else by chance", async () => {
      const write = async (temperature: number) =>
        (await tab.bench.act("writeText", "Once upon a time", temperature)) as {
          readonly text: string;
          readonly isCut: boolean;
        };
      const [one, again] = [await write(0), await write(0)];
      expect(one).toEqual(again);
      // What it was taught, where the base model would go on with a little girl.
      expect(one.text).toContain("frog");
      const free = await Promise.all([1.1, 1.1, 1.1].map(write));
      expect(new Set(free.map(({ text }) => text)).size).toBeGreaterThan(1);
    });

    it("[AD8] is taken along as PEFT's files of a causal language model", async () => {
      const files = new Map(await tab.bench.adapter());
      const bytesOf = (name: string) => Buffer.from(files.get(name) ?? "", "hex");
      const config = parseAdapterConfig(
        JSON.parse(bytesOf("adapter_config.json").toString("utf8")),
      );
      expect(config).toMatchObject({ rank: 4, taskType: "CAUSAL_LM" });
      const { tensors } = readSafetensors(Uint8Array.from(bytesOf("adapter_model.safetensors")));
      // A and B of query and value in five layers; there is no head of labels.
      expect(tensors.size).toBe(20);
    });
  },
);
