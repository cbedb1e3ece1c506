import { chromiumPath, withoutChromium } from "@fedtune/testkit/chromium";
import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { axeFindings, fitsAllWidths, looksAt } from "../test-support/browser.ts";
import { sampleHistory } from "./fixture/history.ts";
import { openChanges, openRound } from "./fixture/now.ts";
import { hiddenScene, sampleScene } from "./fixture/scene.ts";
import { runBench } from "./test-support/run-bench.ts";

const missing = chromiumPath() === null;
const run = "message-triage";
const tabs = ["", "/rounds", "/rounds/23", "/participants", "/participants/olten-04"];
const others = ["/privacy", "/layers", "/events", "/config", "/files"];

const members = { type: "members" as const, round: openRound, attempt: 1, members: openChanges() };
const tile = (page: Page, name: string) => page.getByRole("listitem").filter({ hasText: name });
const settled = (page: Page): Promise<void> => page.getByText("10 of 12").waitFor();

describe.skipIf(missing)(`the page of a run ${missing ? withoutChromium : ""}`, () => {
  const bench = runBench();

  describe("the open round", () => {
    it("shows who is in, who is expected, and until when", async () => {
      const { open, site } = bench();
      const page = await open(`/runs/${run}`);
      await settled(page);
      site.tell(run, members);
      await tile(page, "aarau-02").getByText("62").waitFor();
      await page.getByText("6 more are expected before the deadline").waitFor();
      await page
        .getByRole("timer")
        .getByText(/^1:[34]\d$/)
        .waitFor();
      await page.getByRole("img", { name: /10 accepted, 1 refused, 6 expected; .*4:44/ }).waitFor();
      expect(await page.title()).toBe("Round 27 \u00b7 message-triage \u00b7 fedtune");
    });

    it("goes on after a lost connection where it was, without a gap", async () => {
      const { open, site } = bench();
      const page = await open(`/runs/${run}`);
      await settled(page);
      site.tell(run, members);
      await tile(page, "aarau-02").getByText("62").waitFor();
      site.cut();
      const [first] = openChanges();
      site.tell(run, { ...members, members: [{ ...first!, progress: 0.93, atMs: 259_000 }] });
      await tile(page, "aarau-02").getByText("93").waitFor();
      expect(site.asked.map(({ after }) => after)).toEqual([null, "stub-1"]);
    });

    it("takes a committed round into table and curves, without reading all rounds anew", async () => {
      const { open, site, scenes, state } = bench();
      const page = await open(`/runs/${run}`);
      await settled(page);
      await page.getByRole("link", { name: "26", exact: true }).waitFor();
      const before = scenes.get(run)!;
      const round = { ...sampleHistory().rounds[25]!, round: 27 };
      const counts = {
        ordered: 18,
        training: 0,
        storing: 0,
        accepted: 0,
        refused: 0,
        declined: 0,
        gone: 0,
      };
      const next = { ...before.run.state, round: 28, counts };
      scenes.set(run, {
        ...before,
        rounds: [...before.rounds, round],
        run: { ...before.run, committedRounds: 27, state: next },
      });
      site.tell(run, { type: "round", round });
      site.tell(run, { type: "state", state: next });
      await page.getByText("Collecting, round 28 of 40").waitFor();
      await page.getByRole("row", { name: /27 Published/ }).waitFor();
      expect(state.operator).not.toBeNull();
    });

    it("says what it waits for when nobody trains", async () => {
      const { open, scenes } = bench();
      const scene = sampleScene();
      const countdown = { timer: "wait" as const, remainingMs: 500_000 };
      const state = { ...scene.run.state, phase: "waiting" as const, present: 9, countdown };
      scenes.set(run, { ...scene, run: { ...scene.run, state } });
      const page = await open(`/runs/${run}`);
      await page.getByText("9 of 16 are here").first().waitFor();
      await page.getByText("Waiting for people (9 of 16 here)").first().waitFor();
    });
  });

  describe("steering", () => {
    it("pauses at once, and asks before it stops, with the focus on the safe answer", async () => {
      const { open, deeds } = bench();
      const page = await open(`/runs/${run}`);
      await page.getByRole("button", { name: "Pause" }).click();
      await page.getByRole("button", { name: "Resume" }).waitFor();
      await page.getByRole("button", { name: /^Stop/ }).click();
      const dialog = page.getByRole("alertdialog", { name: `Stop ${run} for good?` });
      await dialog.getByText("14 of 40 rounds will not run").waitFor();
      const safe = dialog.getByRole("button", { name: "Let it run" });
      await expect.poll(() => safe.evaluate((one) => one === document.activeElement)).toBe(true);
      await dialog.getByRole("button", { name: "Stop run" }).click();
      await page.getByText("Stopped, 26 of 40 rounds").waitFor();
      expect(deeds).toEqual(["pauseRun", "stopRun"]);
      expect(await page.getByRole("button", { name: "Pause" }).count()).toBe(0);
    });

    it("takes an invitation back, and ends a client's part after asking", async () => {
      const { open, deeds, site } = bench();
      const page = await open(`/runs/${run}/participants`);
      await page.getByRole("button", { name: "Take back" }).click();
      await expect.poll(() => deeds).toEqual(["revokeEnrolmentToken"]);
      await page.goto(`${site.url}/runs/${run}/participants/olten-04`);
      await page.getByRole("button", { name: /^End its part/ }).click();
      await page.getByRole("alertdialog").getByRole("button", { name: "End its part" }).click();
      await expect.poll(() => deeds).toEqual(["revokeEnrolmentToken", "revokeClient"]);
    });

    it("offers nothing to somebody who may only look", async () => {
      const { open, state } = bench();
      state.scopes = ["runs:read"];
      const page = await open(`/runs/${run}`);
      await settled(page);
      for (const name of ["Invite", "Pause", /^Stop/])
        expect(await page.getByRole("button", { name }).count()).toBe(0);
    });

    it("saves the rounds with full precision", async () => {
      const { open } = bench();
      const page = await open(`/runs/${run}`);
      await settled(page);
      await page.getByRole("button", { name: "Download", exact: true }).click();
      const saving = page.waitForEvent("download");
      await page.getByRole("menuitem", { name: "Metrics, CSV" }).click();
      const text = await readFile(await (await saving).path(), "utf8");
      const [head = "", ...lines] = text.trim().split("\r\n");
      expect(lines).toHaveLength(27);
      const at = head.split(",").indexOf("evaluation.accuracyMean");
      const last = sampleHistory().evaluations[26]?.metrics["accuracyMean"];
      expect(Number(lines[26]?.split(",")[at])).toBe(last);
    });
  });

  describe("what is hidden", () => {
    it("is withheld with its reason, and nobody is named", async () => {
      const { open, scenes } = bench();
      scenes.set(run, hiddenScene());
      const page = await open(`/runs/${run}`);
      await page.getByText("Who takes part is hidden in this run").waitFor();
      await page.getByText("Withheld: bytes tell how many took part.").waitFor();
      await page.getByText("Not measured: privacy.mode user-level").waitFor();
      expect(await page.getByText(/basel|zurich|olten/).count()).toBe(0);
      expect(await axeFindings(page)).toEqual([]);
    });
  });

  describe("addresses", () => {
    it("hold the view: a link shows what its sender saw", async () => {
      const { open, pathOf } = bench();
      const page = await open(`/runs/${run}`);
      await page.getByRole("radio", { name: "log" }).click();
      expect(pathOf(page)).toBe(`/runs/${run}?loss=log`);
      await page.getByRole("link", { name: /^Participants/ }).click();
      await page.getByLabel("Find by name, device or software").fill("firefox");
      await expect.poll(() => pathOf(page)).toBe(`/runs/${run}/participants?find=firefox`);
      await expect
        .poll(() => page.locator("tbody tr").filter({ hasText: "Firefox" }).count())
        .toBe(5);
    });

    it("lead from round to round by keys, and say when there is none", async () => {
      const { open, pathOf, site } = bench();
      const page = await open(`/runs/${run}/rounds/23`);
      await page.getByRole("heading", { name: "Round 23" }).waitFor();
      await page.keyboard.press("]");
      await page.getByRole("heading", { name: "Round 24" }).waitFor();
      expect(pathOf(page)).toBe(`/runs/${run}/rounds/24`);
      for (const path of ["/runs/nobody", `/runs/${run}/nonsense`]) {
        await page.goto(site.url + path);
        await page.getByRole("heading", { name: "There is no such page" }).waitFor();
      }
    });
  });

  describe("accessibility", () => {
    it.each(looksAt([...tabs, ...others]))(
      "axe finds nothing on any view at $looking, and nothing is too wide",
      async ({ looking, pages }) => {
        const { open, site } = bench();
        const page = await open(`/runs/${run}`, looking);
        for (const path of pages) {
          await page.goto(`${site.url}/runs/${run}${path}`);
          await page.getByRole("heading", { level: 1 }).waitFor();
          await page.waitForLoadState("networkidle");
          expect(await axeFindings(page), path).toEqual([]);
          await fitsAllWidths(page, path, looking);
        }
      },
    );
  });
});
