/** What people do on the pages, with the keyboard and without, over a participant without a world. */
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import {
  canRun,
  findings,
  look,
  lookAtPages,
  open,
  origin,
  shown,
  title,
} from "./test-support/browse.ts";

lookAtPages();

/** Presses Tab until an element of a role and name has the focus. */
async function tabTo(page: Page, role: string, name: string | RegExp): Promise<void> {
  const wanted = page.getByRole(role as "button", { name, exact: typeof name === "string" });
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press("Tab");
    const hits = await wanted.evaluateAll((all) =>
      all.some((one) => one === document.activeElement),
    );
    if (hits) return;
  }
  throw new Error(`Tab never reached the ${role} "${String(name)}"`);
}

const focused = (page: Page): Promise<string> =>
  page.evaluate(() => document.activeElement?.textContent ?? "");

describe.skipIf(!canRun)(title("with the keyboard alone"), () => {
  test("[WP18] from the letter to training, and out again", async () => {
    const context = await look();
    const page = await context.newPage();
    await open(page, "explain-new");
    await page.keyboard.press("Tab");
    await expect.poll(() => focused(page)).toBe("Skip to the content");

    await tabTo(page, "button", "Choose a file");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/file");
    await expect.poll(() => focused(page)).toBe("Choose your file of messages");

    // Listened for beforehand: the browser is told of it on a way of its own.
    const chooser = page.waitForEvent("filechooser");
    await tabTo(page, "button", "Choose a file");
    await page.keyboard.press("Enter");
    await (
      await chooser
    ).setFiles({
      ...{ name: "messages.csv", mimeType: "text/csv" },
      buffer: Buffer.from("text,category\nhello,Other\n"),
    });
    // The file is looked at before one goes on.
    await page.getByRole("heading", { name: "Is this the right file?" }).waitFor();
    expect(new URL(page.url()).pathname).toMatch(/\/file$/);
    await tabTo(page, "button", "Check this device");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "This device can take part" }).waitFor();

    await tabTo(page, "button", "Start training");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/train");
    await expect.poll(() => focused(page)).toMatch(/^Round 12 of 40/);

    await tabTo(page, "button", "Pause");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Training is paused" }).waitFor();
    await expect.poll(() => page.getByRole("status").first().textContent()).toContain("paused");

    await tabTo(page, "button", /^Leave this run/);
    await page.keyboard.press("Enter");
    await page.getByRole("alertdialog", { name: "Leave this run?" }).waitFor();
    // The safe answer has the focus.
    await expect.poll(() => focused(page)).toBe("Stay");
    await tabTo(page, "button", "Leave the run");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/done");
    await expect.poll(() => focused(page)).toBe("You have left this run");
    await context.close();
  });

  test("without a promise nothing starts before the box is ticked", async () => {
    const context = await look();
    const page = await context.newPage();
    await open(page, "device-none");
    expect(await page.getByRole("checkbox").isChecked()).toBe(false);
    await tabTo(page, "button", "Start training");
    await page.keyboard.press("Enter");
    expect(await page.getByRole("alert").textContent()).toContain("Tick the box first");
    const started = () =>
      page.evaluate(() =>
        (Reflect.get(globalThis, "participant") as { calls: string[] }).calls.includes("start"),
      );
    expect(await started()).toBe(false);
    await page.getByRole("checkbox").focus();
    await page.keyboard.press("Space");
    await tabTo(page, "button", "Start training");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/train");
    expect(await started()).toBe(true);
    await context.close();
  });

  test("[WP13] a missing column is named, unknown labels are left out", async () => {
    const context = await look();
    const page = await context.newPage();
    await open(page, "file-column");
    await tabTo(page, "button", "Use this column");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Is this the right file?" }).waitFor();
    await open(page, "file-labels");
    await tabTo(page, "button", "Leave out 14 messages");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Is this the right file?" }).waitFor();
    await context.close();
  });
});

describe.skipIf(!canRun)(title("the road"), () => {
  test("a tab shows the round first, then the run", async () => {
    const context = await look();
    const page = await context.newPage();
    await open(page, "train");
    expect(await page.title()).toBe("Round 12 · message-triage · fedtune");
    await context.close();
  });

  test("Back goes back, what lies ahead cannot be jumped to", async () => {
    const context = await look();
    const page = await context.newPage();
    await open(page, "explain-new");
    await page.goto(`${origin()}/join/message-triage/train?state=explain-new`);
    await shown(page);
    expect(new URL(page.url()).pathname).toBe("/join/message-triage");
    await page.getByRole("button", { name: "Choose a file" }).click();
    await page.waitForURL("**/file");
    await page.goBack();
    await page.getByRole("link", { name: "Go on" }).waitFor();
    expect(new URL(page.url()).pathname).toBe("/join/message-triage");
    await context.close();
  });

  test("[WP4] a link is read from a letter, declined, and nothing of it stays", async () => {
    const context = await look();
    const page = await context.newPage();
    await open(page, "enter");
    const field = page.getByLabel("Link or code");
    await page.getByRole("button", { name: "Open the invitation" }).click();
    await page.getByText("Put the link from the invitation here first.").waitFor();
    await field.fill("Dear all, join us");
    await page.getByRole("button", { name: "Open the invitation" }).click();
    await page.getByText("This is no invitation.").waitFor();
    await field.fill("https://fed.example.org/join/other#token=fte_x");
    await page.getByRole("button", { name: "Open the invitation" }).click();
    await page.getByRole("link", { name: "Go to fed.example.org" }).waitFor();
    await field.fill(`Please open ${origin()}/join/message-triage#token=fte_secret.`);
    await page.getByRole("button", { name: "Open the invitation" }).click();
    await page
      .getByRole("heading", { name: "What leaves this device, and what does not" })
      .waitFor();
    expect(page.url()).not.toContain("fte_secret");
    await page.getByRole("button", { name: "Decline the invitation" }).click();
    await page.getByText("You declined").waitFor();
    expect(new URL(page.url()).pathname).toBe("/join");
    await context.close();
  });

  test("[WP14] one button deletes everything, after saying in numbers what goes", async () => {
    const context = await look();
    const page = await context.newPage();
    await open(page, "done");
    await page.getByRole("button", { name: /^Delete everything/ }).click();
    const dialog = page.getByRole("alertdialog");
    expect(await dialog.textContent()).toContain("Deletes 82,968 numbers, 1 privacy record");
    await dialog.getByRole("checkbox").click();
    expect(await dialog.textContent()).toContain("1 privacy record is kept");
    await dialog.getByRole("button", { name: "Delete everything" }).click();
    await page.getByText("This device takes part in nothing").waitFor();
    expect(new URL(page.url()).pathname).toBe("/join/mine");
    await context.close();
  });

  test("the model is tried in the tab", async () => {
    const context = await look();
    const page = await context.newPage();
    await open(page, "done");
    await page.getByRole("button", { name: "Sort it" }).click();
    await page.getByText("Type something first.").waitFor();
    await page.getByLabel("A message to sort").fill("The tablets run out on Friday.");
    await page.getByRole("button", { name: "Sort it" }).click();
    await page.getByText("The model says “Prescription”").waitFor();
    expect(await page.getByText("87.4\u202F%").isVisible()).toBe(true);
    expect(await findings(page)).toEqual([]);
    await context.close();
  });

  test("a language model writes on in the tab", async () => {
    const context = await look();
    const page = await context.newPage();
    await open(page, "done-language");
    await page.getByLabel("How it begins").fill("Once upon a time");
    await page.getByRole("radio", { name: "Free" }).click();
    await page.getByRole("button", { name: "Write on" }).click();
    await page.getByText("It would go on").waitFor();
    const written = page.getByText("there was a little girl named Lily");
    expect(await written.textContent()).toMatch(/^Once upon a time there was a little girl/);
    expect(await findings(page)).toEqual([]);
    await context.close();
  });

  test("a file may be dropped anywhere", async () => {
    const context = await look();
    const page = await context.newPage();
    await open(page, "file");
    const transfer = await page.evaluateHandle(() => {
      const data = new DataTransfer();
      data.items.add(new File(["text,category\n"], "messages.csv", { type: "text/csv" }));
      return data;
    });
    await page.dispatchEvent("h1", "dragenter", { dataTransfer: transfer });
    await page.getByText("Drop the file anywhere", { exact: true }).waitFor();
    await page.dispatchEvent("h1", "drop", { dataTransfer: transfer });
    await page.getByRole("heading", { name: "Is this the right file?" }).waitFor();
    await context.close();
  });
});
