import { chromiumPath, withoutChromium } from "@fedtune/testkit/chromium";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { eventually, opsBench } from "./test-support/bench.ts";
import { axeFindings, fitsAllWidths, looksAt } from "./test-support/browser.ts";
import { password, setupCode } from "./test-support/stub-server.ts";

const missing = chromiumPath() === null;

describe.skipIf(missing)(`the operators' pages ${missing ? withoutChromium : ""}`, () => {
  const bench = opsBench();

  describe("signing in", () => {
    it("leads back to the page that was wanted, and says when the password is wrong", async () => {
      const { open, pathOf, state } = bench();
      state.operator = null;
      const page = await open("/people?x=1");
      expect(pathOf(page)).toBe("/sign-in?to=%2Fpeople%3Fx%3D1");
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByText("Wanted: the name you sign in with.").waitFor();
      await page.getByLabel("Name").fill("m-keller");
      await page.getByLabel("Password").fill("wrong");
      await page.keyboard.press("Enter");
      await page.getByRole("alert").getByText("Name or password is wrong").waitFor();
      await page.getByLabel("Password").fill(password);
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: "People", level: 1 }).waitFor();
      expect(pathOf(page)).toBe("/people?x=1");
    });

    it.each(["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"])(
      "never leads to %s",
      async (to) => {
        const { open, pathOf } = bench();
        const page = await open(`/sign-in?to=${encodeURIComponent(to)}`);
        await page.getByRole("heading", { name: "Runs", level: 1 }).waitFor();
        expect(pathOf(page)).toBe("/runs");
      },
    );

    it("makes the first account with the code of the first start", async () => {
      const { open, state } = bench();
      Object.assign(state, { operator: null, isFirstStart: true });
      const page = await open("/");
      await page.getByRole("heading", { name: "Create the first account" }).waitFor();
      await page.getByLabel("One-time code").fill("wrong");
      await page.getByLabel("Name").fill("m-keller");
      await page.getByLabel("Password").fill(password);
      await page.keyboard.press("Enter");
      await page.getByText("The code is wrong, or it was used already").waitFor();
      await page.getByLabel("One-time code").fill(setupCode);
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: "Runs", level: 1 }).waitFor();
    });

    it("is asked for again when the session ends, and keeps an unfinished form", async () => {
      const { open, state, url } = bench();
      const page = await open("/runs/new");
      await page.getByLabel("Learning rate").fill("0.002");
      state.operator = null;
      await page.getByLabel("Rank", { exact: true }).fill("4");
      await page.getByRole("link", { name: "People", exact: true }).click();
      await page.goto(`${url}/runs/new`);
      await page.getByLabel("Name").fill("m-keller");
      await page.getByLabel("Password").fill(password);
      await page.keyboard.press("Enter");
      await page.getByText("Your unfinished run is back").waitFor();
      expect(await page.getByLabel("Learning rate").inputValue()).toBe("0.002");
      expect(await page.getByLabel("Rank", { exact: true }).inputValue()).toBe("4");
    });

    it("ends with signing out", async () => {
      const { open, state } = bench();
      const page = await open("/runs");
      await page.getByRole("button", { name: /^Account/ }).click();
      await page.getByRole("menuitem", { name: "Sign out" }).click();
      await page.getByRole("heading", { name: "Sign in" }).waitFor();
      expect(state.operator).toBeNull();
    });
  });

  describe("the frame", () => {
    it("goes by keys, puts the focus on the heading, and names the page in the tab", async () => {
      const { open, pathOf } = bench();
      const page = await open("/people");
      await page.keyboard.press("g");
      await page.keyboard.press("r");
      const heading = page.getByRole("heading", { name: "Runs", level: 1 });
      await heading.waitFor();
      await eventually(() => heading.evaluate((h1) => h1 === document.activeElement)).toBe(true);
      expect(await page.title()).toBe("Runs \u00b7 fedtune");
      await page.keyboard.press("?");
      await page.getByRole("dialog").getByText("Go to compare").waitFor();
      // The first one closes the hint at the button that has the focus.
      await page.keyboard.press("Escape");
      await page.keyboard.press("Escape");
      await eventually(() => page.getByRole("dialog").count()).toBe(0);
      await page.keyboard.press(".");
      await eventually(() => page.evaluate(() => document.documentElement.dataset["theme"])).toBe(
        "dark",
      );
      await page.keyboard.press("/");
      await page.keyboard.type("n?");
      expect(pathOf(page)).toBe("/runs?q=n%3F");
    });

    it("skips the navigation", async () => {
      const { open } = bench();
      const page = await open("/runs");
      await page.keyboard.press("Tab");
      await page.keyboard.press("Enter");
      expect(await page.evaluate(() => document.activeElement?.id)).toBe("content");
    });

    it("says when there is no such page", async () => {
      const { open } = bench();
      const page = await open("/nowhere");
      await page.getByRole("heading", { name: "There is no such page" }).waitFor();
    });

    it("shows people only what they may see", async () => {
      const { open, state } = bench();
      state.scopes = ["runs:read"];
      const page = await open("/runs");
      await page.getByRole("link", { name: "message-triage" }).waitFor();
      expect(await page.getByRole("navigation").getByRole("link").allTextContents()).toEqual([
        ...["Runs", "Compare", "Simulations"],
      ]);
      expect(await page.getByRole("link", { name: "New run" }).count()).toBe(0);
    });
  });

  describe("the runs", () => {
    const names = (page: Page) => page.locator("tbody tr td:nth-child(2) a").allTextContents();

    it("are sorted and filtered by the address, and columns are kept", async () => {
      const { open, pathOf, url } = bench();
      const page = await open("/runs?sort=-bytesUp&state=running");
      await page.getByRole("link", { name: "message-triage" }).waitFor();
      expect(await names(page)).toEqual(["message-triage", "referral-letters"]);
      await page.getByRole("button", { name: "Name" }).click();
      expect(pathOf(page)).toContain("sort=name");
      await page.getByRole("button", { name: "Columns" }).click();
      await page.getByRole("checkbox", { name: "Method" }).click();
      await page.keyboard.press("Escape");
      await page.getByRole("columnheader", { name: "Method" }).waitFor();
      await page.goto(`${url}/runs`);
      await page.getByRole("columnheader", { name: "Method" }).waitFor();
    });

    it("are compared when two are chosen", async () => {
      const { open, pathOf } = bench();
      const page = await open("/runs");
      await page.getByRole("checkbox", { name: "Choose message-triage" }).click();
      await page.getByRole("checkbox", { name: "Choose lab-results" }).click();
      await page.getByRole("heading", { name: "Runs" }).click();
      await page.keyboard.press("c");
      await eventually(() => pathOf(page)).toBe("/compare?runs=message-triage,lab-results");
    });

    it("explain themselves where there are none", async () => {
      const { open, state } = bench();
      state.runs = [];
      const page = await open("/runs");
      await page.getByText("No runs yet").waitFor();
      await page.getByRole("link", { name: "Create the first run" }).click();
      await page.getByRole("heading", { name: "New run" }).waitFor();
    });

    it("stay when the server goes away, and say so", async () => {
      const { open } = bench();
      const page = await open("/runs");
      await page.getByRole("link", { name: "message-triage" }).waitFor();
      await page.route("**/api/v1/runs*", (route) => route.fulfill({ status: 503, body: "" }));
      await page.getByText("Could not load the runs").waitFor({ timeout: 20_000 });
      expect(await names(page)).toHaveLength(6);
    });
  });

  describe("people, audit log, settings", () => {
    it("shows a token's secret once", async () => {
      const { open } = bench();
      const page = await open("/people");
      await page.getByRole("button", { name: "New token" }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByLabel("What it is for").fill("nightly");
      await dialog.getByRole("button", { name: "Make the token" }).click();
      await dialog.getByText("ftk_0q3mW9vYcZ1xB7nL5sD2fG8hJ4kP6rT").waitFor();
      await dialog.getByRole("button", { name: "Done" }).click();
      await page.getByRole("button", { name: "New token" }).click();
      expect(await page.getByText("ftk_0q3m").count()).toBe(0);
    });

    it("asks before it disables somebody, with the focus on the safe answer", async () => {
      const { open } = bench();
      const page = await open("/people");
      await page.getByRole("button", { name: "Disable s-rossi" }).click();
      const dialog = page.getByRole("alertdialog", { name: "Disable s-rossi?" });
      await dialog.waitFor();
      const safe = dialog.getByRole("button", { name: "Cancel" });
      await eventually(() => safe.evaluate((one) => one === document.activeElement)).toBe(true);
      await dialog.getByRole("button", { name: "Disable" }).click();
      await eventually(() => dialog.count()).toBe(0);
    });

    it("reads the log page by page and says whether it is whole", async () => {
      const { open } = bench();
      const page = await open("/audit");
      await page.getByText("The chain is whole").waitFor();
      await page.getByRole("button", { name: "Show older entries" }).click();
      await eventually(() => page.locator("table").getAttribute("aria-rowcount")).toBe("201");
    });

    it("changes the own password", async () => {
      const { open } = bench();
      const page = await open("/settings");
      await page.getByLabel("Password until now").fill(password);
      await page.getByLabel("New password", { exact: true }).fill("a new long sentence");
      await page.getByLabel("New password, again").fill("a new long sentence");
      await page.getByRole("button", { name: "Change password" }).click();
      await page.getByText("Password changed").waitFor();
    });
  });

  describe("accessibility", () => {
    const all = ["/runs", "/runs/new", "/people", "/audit", "/settings", "/nowhere"];

    it.each(looksAt(all))(
      "[WP18] axe finds nothing on any page at $looking, and nothing is too wide",
      async ({ looking, pages }) => {
        const { open } = bench();
        for (const path of pages) {
          const page = await open(path, looking);
          await page.getByRole("heading", { level: 1 }).waitFor();
          await page.waitForLoadState("networkidle");
          expect(await axeFindings(page), path).toEqual([]);
          await fitsAllWidths(page, path, looking);
        }
      },
    );

    it.each(looksAt([false, true]))(
      "axe finds nothing on sign-in and first start at $looking",
      async ({ looking, pages }) => {
        const { open, state } = bench();
        state.operator = null;
        for (const isFirstStart of pages) {
          state.isFirstStart = isFirstStart;
          const page = await open("/sign-in", looking);
          await page.waitForLoadState("networkidle");
          expect(await axeFindings(page)).toEqual([]);
        }
      },
    );

    it("axe finds nothing in errors and dialogs", async () => {
      const { open, url } = bench();
      const page = await open("/runs/new");
      await page.getByLabel("Noise multiplier").fill("0.62");
      await page.getByLabel("Rank", { exact: true }).fill("x");
      await page.getByLabel("Rank", { exact: true }).blur();
      await page.getByText("2 settings to fix").waitFor();
      expect(await axeFindings(page)).toEqual([]);
      await page.goto(`${url}/people`);
      await page.getByRole("button", { name: "New token" }).click();
      await page.getByRole("dialog").waitFor();
      expect(await axeFindings(page)).toEqual([]);
    });
  });
});
