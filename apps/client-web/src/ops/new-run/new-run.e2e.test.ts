import { chromiumPath, withoutChromium } from "@fedtune/testkit/chromium";
import { describe, expect, it } from "vitest";
import { eventually, opsBench } from "../test-support/bench.ts";

const missing = chromiumPath() === null;

describe.skipIf(missing)(`the page for a new run ${missing ? withoutChromium : ""}`, () => {
  const bench = opsBench();

  const config = () => bench().state.created.at(-1) as Record<string, Record<string, unknown>>;

  it("is made by keyboard, with an error that is repaired on the way", async () => {
    const { open, state } = bench();
    const page = await open("/runs/new?preset=fedsa-lora-dp");
    await page.getByLabel("Noise multiplier").focus();
    await page.keyboard.press("Control+A");
    await page.keyboard.type("0.62");
    await page.getByText("1 setting to fix before you can create this run").waitFor();
    await page.getByRole("button", { name: "Create run" }).focus();
    await page.keyboard.press("Enter");
    expect(state.created).toEqual([]);
    // The summary has the focus; its first link leads to the field.
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    const focused = () =>
      page.evaluate(() => document.activeElement?.getAttribute("aria-labelledby") ?? "");
    const label = await focused();
    expect(await page.locator(`[id="${label}"]`).textContent()).toBe("Noise multiplier");
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Set 1.04");
    await page.keyboard.press("Enter");
    await page.getByText(/^Nothing to fix/).waitFor();
    await page.getByRole("button", { name: "Create run" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: "Invite people to message-triage" }).waitFor();
    expect(config()["privacy"]).toMatchObject({ noiseMultiplier: 1.04 });
  });

  it("complains of what cannot be read, when the field is left, and never before", async () => {
    const { open } = bench();
    const page = await open("/runs/new");
    const rank = page.getByLabel("Rank", { exact: true });
    await rank.fill("eight");
    expect(await page.getByText("wanted: a whole number").count()).toBe(0);
    await rank.blur();
    await page.getByText("It is eight; wanted: a whole number from 1 to 4,096.").waitFor();
    expect(await rank.getAttribute("aria-invalid")).toBe("true");
    await rank.fill("16");
    await eventually(() => page.getByText("It is eight").count()).toBe(0);
  });

  it("shows the same document as form and as JSON", async () => {
    const { open } = bench();
    const page = await open("/runs/new");
    await page.getByLabel("Learning rate").fill("0.002");
    await page.getByRole("radio", { name: "JSON" }).click();
    const text = page.getByLabel("Config of the run");
    const document = JSON.parse(await text.inputValue()) as Record<string, unknown>;
    expect(document["training"]).toEqual({ learningRate: 0.002, batchSize: 32 });
    await text.fill("{ not json");
    await page.getByText(/^This is no JSON/).waitFor();
    await text.fill(JSON.stringify({ ...document, name: "by-hand", adapter: { rank: 2 } }));
    await page.getByRole("radio", { name: "Form" }).click();
    expect(await page.getByLabel("Name", { exact: true }).inputValue()).toBe("by-hand");
    expect(await page.getByLabel("Rank", { exact: true }).inputValue()).toBe("2");
  });

  it("leads from the summary to the field, from the JSON too", async () => {
    const { open } = bench();
    const page = await open("/runs/new");
    await page.getByLabel("Noise multiplier").fill("0.62");
    await page.getByRole("radio", { name: "JSON" }).click();
    await page
      .getByRole("link", { name: "The noise multiplier spends more than the limit" })
      .click();
    const field = page.getByLabel("Noise multiplier");
    await eventually(() => field.evaluate((one) => one === document.activeElement)).toBe(true);
  });

  it("takes another preset after asking, and shows only what differs", async () => {
    const { open } = bench();
    const page = await open("/runs/new");
    await page.getByLabel("Learning rate").fill("0.002");
    await page.getByRole("button", { name: "Show only these" }).click();
    await eventually(() => page.getByLabel("Rank", { exact: true }).count()).toBe(0);
    await page.getByRole("combobox", { name: "Start from" }).click();
    await page.getByRole("option", { name: /Quick demo/ }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Take the preset" }).click();
    await page.getByRole("button", { name: "Show all" }).click();
    expect(await page.getByLabel("Name", { exact: true }).inputValue()).toBe("quick-demo");
  });

  it("changes units and choices, and keeps what both sides know", async () => {
    const { open } = bench();
    const page = await open("/runs/new");
    await page.getByLabel("Deadline", { exact: true }).fill("6");
    await page.getByLabel("Unit of Deadline", { exact: true }).selectOption("h");
    await page.getByRole("radio", { name: /^fedsvd/ }).click();
    await page.getByLabel("Period").fill("3");
    await page.getByRole("radio", { name: "For each participant" }).click();
    await page.getByLabel("Expected participants").fill("16");
    await page.getByRole("button", { name: "Create run" }).click();
    await page.getByRole("dialog").waitFor();
    expect(config()["rounds"]).toMatchObject({ roundTimeoutMs: 6 * 3_600_000 });
    expect(config()["method"]).toEqual({ name: "fedsvd", period: 3 });
    expect(config()["privacy"]).toMatchObject({
      ...{ mode: "user-level", noiseMultiplier: 1.04, clipNorm: 1, expectedCohort: 16 },
    });
  });

  it("ends with an invitation that is shown once", async () => {
    const { open, pathOf, url } = bench();
    const page = await open("/runs/new");
    await page.getByRole("button", { name: "Create run" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("How many may join").fill("40");
    await dialog.getByRole("button", { name: "Make the link" }).click();
    const link = await dialog.locator("output").textContent();
    expect(link).toBe(`${url}/join/message-triage#token=fte_hLbG5tJ8qVwYx2ZkR0sT`);
    await dialog.getByRole("img", { name: /^QR code/ }).waitFor();
    await dialog.getByRole("button", { name: "Copy link" }).click();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(link);
    await dialog.getByRole("button", { name: "Done" }).click();
    await eventually(() => pathOf(page)).toBe("/runs/message-triage");
  });
});
