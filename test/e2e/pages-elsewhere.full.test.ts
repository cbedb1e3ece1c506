/** Pages as plain files on a host of their own: a link of the coordinator leads there, and the invitation opens there. */
import { createApiClient } from "@fedtune/api";
import { runId } from "@fedtune/core";
import { nodeClock, nodeHash } from "@fedtune/node-ports";
import { chromiumPath, launchChromium, withoutChromium } from "@fedtune/testkit/chromium";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { root } from "../support/repository.ts";
import { start, workFolder } from "./support/fedtune.ts";

const folder = workFolder();
const site = join(folder, "pages");
const run = runId("triage");
const title = "Message triage elsewhere";
const types: Readonly<Record<string, string>> = {
  ...{ ".html": "text/html", ".js": "text/javascript", ".css": "text/css" },
  ...{ ".wasm": "application/wasm", ".woff2": "font/woff2" },
};

/** What a host does that reads `_headers`, and sends every page for joining to its document. */
const host = createServer((request, response) => {
  const [path = "/"] = (request.url ?? "/").split("?");
  const file = /^\/join(\/|$)/.test(path) ? "/join.html" : path;
  if (!existsSync(join(site, file))) {
    response.writeHead(404).end();
    return;
  }
  const [, block = ""] =
    /^\/\*\n((?: .*\n)+)/.exec(readFileSync(join(site, "_headers"), "utf8")) ?? [];
  for (const [, name = "", value = ""] of block.matchAll(/^ +([\w-]+): (.*)$/gm))
    response.setHeader(name, value);
  response.setHeader("content-type", types[extname(file)] ?? "application/octet-stream");
  response.end(readFileSync(join(site, file)));
});
afterAll(() => new Promise((resolve) => host.close(resolve)));

describe.skipIf(chromiumPath() === null)(
  chromiumPath() === null ? `pages elsewhere (${withoutChromium})` : "pages elsewhere",
  () => {
    it("[SE7] [TR11] show the coordinator's invitation, and keep its token to themselves", async () => {
      await new Promise<void>((resolve) => host.listen(0, "127.0.0.1", resolve));
      const pages = `http://127.0.0.1:${String((host.address() as AddressInfo).port)}`;
      process.env["FEDTUNE_PAGES_ORIGIN"] = pages;
      const data = join(folder, "data");
      const options = ["--data-dir", data, "--json", "--log-level", "error"];
      const served = start("serve", "--port", "0", ...options);
      delete process.env["FEDTUNE_PAGES_ORIGIN"];
      const [, url = ""] = await served.says(/"event":"listening","url":"([^"]+)"/);
      await served.says(/admin-token/);
      const builder = join(root, "apps/client-web/build.mjs");
      execFileSync(process.execPath, [builder, "--out", site, "--coordinator", url], {
        stdio: "ignore",
      });
      const authorization = `Bearer ${readFileSync(join(data, "admin-token"), "utf8").trim()}`;
      const headers = () => ({ authorization });
      const client = createApiClient({ url, fetch, clock: nodeClock, hash: nodeHash, headers });
      const task = { kind: "sequence-classification", labels: ["no", "yes"] };
      await client.createRun({ body: { config: { name: run, task, about: { title } } } });
      const { secret } = await client.createEnrolmentToken({ params: { run }, body: {} });
      const browser = await launchChromium();
      try {
        const page = await browser.newPage();
        const asked: string[] = [];
        page.on("request", (request) => asked.push(request.url()));
        const refused: string[] = [];
        page.on("console", (line) => {
          if (line.text().includes("Content Security Policy")) refused.push(line.text());
        });
        await page.goto(`${url}/join/${run}#token=${secret}`);
        await page.getByText(title).first().waitFor();
        expect(page.url()).toBe(`${pages}/join/${run}`);
        expect(refused).toEqual([]);
        expect(asked).toContain(`${url}/api/v1/runs/${run}/invitation`);
        expect(asked.filter((address) => address.includes(pages)).join()).not.toContain("token");
      } finally {
        await browser.close();
        served.child.kill("SIGTERM");
        await served.ended;
      }
    });
  },
);
