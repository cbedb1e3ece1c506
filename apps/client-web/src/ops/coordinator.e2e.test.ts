import { chromiumPath, launchChromium, withoutChromium } from "@fedtune/testkit/chromium";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openPage } from "./test-support/browser.ts";
import { startWholeServer } from "./test-support/coordinator.ts";
import type { WholeServer } from "./test-support/coordinator.ts";
import { buildPages } from "./test-support/site.ts";
import type { BuiltPages } from "./test-support/site.ts";

const missing = chromiumPath() === null;
const password = "correct horse battery";

describe.skipIf(missing)(
  `the pages on a real coordinator ${missing ? withoutChromium : ""}`,
  () => {
    let pages: BuiltPages;
    let server: WholeServer;
    let browser: Browser;
    const complaints: string[] = [];

    beforeAll(async () => {
      pages = await buildPages();
      server = await startWholeServer(pages.folder);
      browser = await launchChromium();
    });
    afterAll(async () => {
      await browser.close();
      await server.close();
      await pages.remove();
    });

    const open = async (path: string): Promise<Page> =>
      (await openPage(browser, server.url + path, { complaints })).page;

    const heading = (page: Page, name: string) => page.getByRole("heading", { name, level: 1 });

    it("make the first account, a run with a repair on the way, an invitation, and a second person", async () => {
      const page = await open("/runs/new?preset=private-examples");
      await page.getByLabel("One-time code").fill(server.setupCode);
      await page.getByLabel("Name").fill("m-keller");
      await page.getByLabel("Password").fill(password);
      await page.keyboard.press("Enter");
      await heading(page, "New run").waitFor();

      // The server finds what the page cannot know: a quorum that can never be there.
      await page.getByText("Up, client and round").waitFor();
      await page.getByLabel("Quorum").fill("9");
      await page.getByText(/to fix before you can create this run/).waitFor();
      await page.getByRole("button", { name: "Create run" }).click();
      await page.getByLabel("Needed to begin").fill("9");
      await page.getByText(/^Nothing to fix/).waitFor();
      await page.getByText("Privacy after each round").waitFor();
      await page.getByRole("button", { name: "Create run" }).click();

      const dialog = page.getByRole("dialog", { name: "Invite people to private-examples" });
      await dialog.getByRole("button", { name: "Make the link" }).click();
      expect(await dialog.locator("output").textContent()).toMatch(
        /\/join\/private-examples#token=\S{20,}$/,
      );
      await dialog.getByRole("button", { name: "Done" }).click();
      await page.getByRole("link", { name: "Runs", exact: true }).first().click();
      const row = page.getByRole("row", { name: /private-examples/ });
      await row.getByText("Waiting for people, 0 here").waitFor();

      await page.getByRole("link", { name: "People", exact: true }).click();
      await page.getByRole("button", { name: "Add a person" }).click();
      const adding = page.getByRole("dialog");
      await adding.getByLabel("Name").fill("s-rossi");
      await adding.getByLabel("Password").fill(password);
      await adding.getByRole("button", { name: "Add person" }).click();
      await page.getByRole("cell", { name: "s-rossi", exact: true }).waitFor();

      await page.getByRole("link", { name: "Audit log" }).click();
      await page.getByText("The chain is whole").waitFor();
      await page.getByRole("cell", { name: /^create run/ }).waitFor();
      expect(complaints).toEqual([]);
    });

    it("sign in, change the password, and ask for it again after signing out", async () => {
      const page = await open("/settings");
      await page.getByLabel("Name").fill("s-rossi");
      await page.getByLabel("Password").fill(password);
      await page.keyboard.press("Enter");
      await heading(page, "Settings").waitFor();
      await page.getByLabel("Password until now").fill(password);
      await page.getByLabel("New password", { exact: true }).fill("another long sentence");
      await page.getByLabel("New password, again").fill("another long sentence");
      await page.getByRole("button", { name: "Change password" }).click();
      await page.getByText("Password changed").waitFor();
      await page.getByRole("button", { name: /^Account/ }).click();
      await page.getByRole("menuitem", { name: "Sign out" }).click();
      await heading(page, "Sign in").waitFor();
      await page.getByLabel("Name").fill("s-rossi");
      await page.getByLabel("Password").fill(password);
      await page.keyboard.press("Enter");
      await page.getByText("Name or password is wrong").waitFor();
      await page.getByLabel("Password").fill("another long sentence");
      await page.keyboard.press("Enter");
      await heading(page, "Runs").waitFor();
      expect(complaints).toEqual([]);
    });
  },
);
