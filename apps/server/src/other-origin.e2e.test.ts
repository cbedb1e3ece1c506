/** Pages on a host of their own, in a real browser: what an allowed origin reaches, and another does not. */
import { apiBase, modelFilePath } from "@fedtune/api";
import { runId } from "@fedtune/core";
import { launchChromium, chromiumPath, withoutChromium } from "@fedtune/testkit/chromium";
import { createServer } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { listen } from "./listen.ts";
import { toyConfig } from "./test-support/toy-run.ts";
import { wholeCoordinator } from "./test-support/whole-coordinator.ts";
import type { WholeCoordinator } from "./test-support/whole-coordinator.ts";

const run = runId("toy");
const config = { ...toyConfig({ name: run }), model: "somewhere/toy-model" };

/** A host that serves one empty page, isolated as the pages are. */
async function staticHost() {
  const server = createServer((_request, response) => {
    response.writeHead(200, {
      "content-type": "text/html",
      "cross-origin-embedder-policy": "require-corp",
      "cross-origin-opener-policy": "same-origin",
    });
    response.end("<!doctype html><title>pages</title>");
  });
  const { url } = await listen(server, "127.0.0.1", 0);
  return { url, close: () => new Promise((resolve) => server.close(resolve)) };
}

describe.skipIf(chromiumPath() === null)(
  chromiumPath() === null
    ? `pages of another origin (${withoutChromium})`
    : "pages of another origin",
  () => {
    let allowed: Awaited<ReturnType<typeof staticHost>>;
    let foreign: Awaited<ReturnType<typeof staticHost>>;
    let coordinator: WholeCoordinator;
    let browser: Awaited<ReturnType<typeof launchChromium>>;
    beforeAll(async () => {
      [allowed, foreign] = [await staticHost(), await staticHost()];
      coordinator = await wholeCoordinator({ allowedOrigins: [allowed.url], pages: false });
      await coordinator.client().createRun({ body: { config, start: true } });
      browser = await launchChromium();
    });
    afterAll(async () => {
      await browser.close();
      await coordinator.close();
      await Promise.all([allowed.close(), foreign.close()]);
    });

    /** What a page of an origin gets when it opens an invitation, fetches a file of the model, and opens a socket. */
    async function reached(origin: string) {
      const { url } = coordinator;
      const { model } = await coordinator.client().openInvitation({ params: { run }, body: {} });
      const [file] = model.files;
      const places = {
        invitation: `${url}${apiBase}/runs/${run}/invitation`,
        file: url + modelFilePath(run, file ?? { name: "none", hash: "" }),
        socket: `${url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`,
      };
      const page = await browser.newPage();
      await page.goto(origin);
      // What runs in the page is text: this program knows nothing of a page's globals.
      const found: unknown = await page.evaluate(`(async () => {
        const { invitation, file, socket } = ${JSON.stringify(places)};
        const post = { method: "POST", headers: { "content-type": "application/json" }, body: "{}" };
        const told = await fetch(invitation, post).then((answer) => answer.json(), () => null);
        const headers = { "x-fedtune-run": "toy" };
        const bytes = await fetch(file, { headers }).then((answer) => answer.arrayBuffer(), () => null);
        const opened = await new Promise((resolve) => {
          const line = new WebSocket(socket);
          line.onmessage = ({ data }) => resolve(data.startsWith("0{"));
          line.onerror = () => resolve(false);
        });
        return { run: told?.run ?? null, bytes: bytes?.byteLength ?? null, opened };
      })()`);
      await page.close();
      return { found, bytes: file?.bytes };
    }

    it("[TR11] reach invitations, files and sockets when theirs is allowed", async () => {
      const { found, bytes } = await reached(allowed.url);
      expect(found).toEqual({ run, bytes, opened: true });
    });

    it("[TR11] reach nothing otherwise", async () => {
      const { found } = await reached(foreign.url);
      expect(found).toEqual({ run: null, bytes: null, opened: false });
    });
  },
);
