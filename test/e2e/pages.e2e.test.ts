/** The real pages from the real command in a real browser: nothing refused by their policy, no secret left behind. */
import { createApiClient } from "@fedtune/api";
import type { ApiClient } from "@fedtune/api";
import { runId } from "@fedtune/core";
import { nodeClock, nodeHash } from "@fedtune/node-ports";
import { chromiumPath, launchChromium, withoutChromium } from "@fedtune/testkit/chromium";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { start, workFolder } from "./support/fedtune.ts";
import type { Running } from "./support/fedtune.ts";

const folder = workFolder();
const password = "correct horse battery";
const run = runId("triage");
const title = "Message <img src=x onerror=alert(1)> triage";
const config = {
  name: run,
  model: "fedtune-mini",
  task: { kind: "sequence-classification", labels: ["no", "yes"] },
  about: { title, organiser: "<script>alert(1)</script>", subject: "message" },
};

const collect = `
  globalThis.refused = [];
  document.addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) =>
    refused.push(effectiveDirective + " " + blockedURI));`;

describe.skipIf(chromiumPath() === null)(
  chromiumPath() === null ? `the pages (${withoutChromium})` : "the pages",
  () => {
    let served: Running;
    let url: string;
    let code: string;
    let link: string;
    let said = "";
    let client: ApiClient;
    let browser: Awaited<ReturnType<typeof launchChromium>>;
    let context: Awaited<ReturnType<typeof browser.newContext>>;

    beforeAll(async () => {
      const data = join(folder, "data");
      served = start(
        ...["serve", "--port", "0", "--data-dir", data, "--json"],
        ...["--log-level", "debug"],
      );
      for (const stream of [served.child.stdout, served.child.stderr])
        stream?.on("data", (text: string) => (said += text));
      const listening = served.says(/"event":"listening","url":"([^"]+)"/);
      [, code = ""] = await served.says(/with the code (\S+)/);
      [, url = ""] = await listening;
      const authorization = `Bearer ${readFileSync(join(data, "admin-token"), "utf8").trim()}`;
      const headers = () => ({ authorization });
      client = createApiClient({ url, fetch, clock: nodeClock, hash: nodeHash, headers });
      await client.createRun({ body: { config, start: true } });
      const token = await client.createEnrolmentToken({ params: { run }, body: {} });
      link = `${url}/join/${run}#token=${token.secret}`;
      await pagesAreThere();
      browser = await launchChromium();
      context = await browser.newContext();
      await context.addInitScript(collect);
    });
    afterAll(async () => {
      await browser.close();
      served.child.kill("SIGTERM");
      await served.ended;
    });

    /** They may have to be built first. */
    async function pagesAreThere(): Promise<void> {
      for (;;) {
        const { status } = await fetch(`${url}/runs`, { headers: { accept: "text/html" } });
        if (status === 200) return;
        expect(status).toBe(503);
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    }

    /** Opens a page and waits until it shows something; what it was refused, what it threw, and where it is then. */
    async function opened(address: string) {
      const page = await context.newPage();
      const errors: string[] = [];
      page.on("pageerror", (error) => errors.push(error.message));
      await page.goto(address);
      await page.waitForSelector("h1");
      await page.waitForLoadState("networkidle");
      const refused = await page.evaluate<string[]>("refused");
      return { page, url: page.url(), refused, errors };
    }

    it("[WP2] [SE8] are refused nothing by their own policy, signed out or in", async () => {
      const body = { code, name: "ada", password };
      for (const path of ["/", "/sign-in"]) {
        expect(await opened(url + path)).toMatchObject({ refused: [], errors: [] });
      }
      await client.setUp({ body });
      const signedIn = await context.request.post(`${url}/api/v1/sessions`, {
        data: { name: body.name, password },
      });
      expect(signedIn.status()).toBe(201);
      const pages = ["/runs", "/runs/new", `/runs/${run}`, `/runs/${run}/participants`];
      for (const path of [...pages, "/people", "/audit", "/settings", "/compare", "/simulations"]) {
        const { page, ...found } = await opened(url + path);
        expect(found).toEqual({ url: url + path, refused: [], errors: [] });
        await page.close();
      }
    });

    it("[WP4] [WP16] [SE7] [SE8] take an invitation, and its token out of sight; what it says is text", async () => {
      const { page, ...found } = await opened(link);
      expect(found).toMatchObject({ refused: [], errors: [] });
      expect(found.url).not.toContain("fte_");
      await page.getByText(title).first().waitFor();
      expect(await page.locator("img[src=x]").count()).toBe(0);
      const entries = await page.evaluate<string>(
        "JSON.stringify([history.state, document.referrer])",
      );
      expect(entries).not.toContain("fte_");
      const [, secret = ""] = link.split("#token=");
      await page.goto(`${url}/join`);
      await page.goBack();
      expect(page.url()).not.toContain(secret);
      expect(said).toContain(`/join/${run}`);
      expect(said).not.toContain(secret);
    });
  },
);
