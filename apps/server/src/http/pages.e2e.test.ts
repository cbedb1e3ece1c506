/** The pages as a browser gets them: every header, nothing beside the site, and a real Chromium that finds no fault. */
import { launchChromium, chromiumPath, withoutChromium } from "@fedtune/testkit/chromium";
import { pino } from "pino";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CoordinatorServer } from "../start-server.ts";
import { sendRaw } from "../test-support/raw-http.ts";
import { tinySite } from "../test-support/tiny-site.ts";
import { toyServer, toySetup } from "../test-support/toy-run.ts";
import type { Pages } from "./pages.ts";
import { readSite } from "./pages-site.ts";

const html = { accept: "text/html,application/xhtml+xml,*/*;q=0.8" };
const log: string[] = [];
let site: Awaited<ReturnType<typeof tinySite>>;
let pages: Pages;
let server: CoordinatorServer;

beforeAll(async () => {
  site = await tinySite();
  pages = { state: "ready", site: await readSite(site.folder) };
  server = await toyServer({
    runs: [{ setup: toySetup() }],
    logger: pino({ level: "trace" }, { write: (line: string) => log.push(line) }),
    extend: () => ({ pages: () => pages }),
  });
});
afterAll(async () => {
  await server.close();
  await site.close();
});

const ask = (path: string, headers: Record<string, string> = html, method = "GET") =>
  fetch(server.address.url + path, { headers, method, redirect: "manual" });
/** As it is: no client tidies the path up. */
const raw = (path: string) =>
  sendRaw({ url: server.address.url, admin: "x" }, path, { headers: html });

/** Shows other pages for the length of a test. */
async function showing(other: Pages, test: () => Promise<void>): Promise<void> {
  const before = pages;
  pages = other;
  await test().finally(() => (pages = before));
}

describe("addresses of pages", () => {
  it.each([
    ...["/", "/sign-in", "/runs", "/runs/toy", "/runs/toy/rounds/3", "/compare?runs=a,b"],
    ...["/settings", "/join2", "/runs/new?preset=x"],
  ])("%s is the operators' page", async (path) => {
    const answer = await ask(path);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([
      200,
      "text/html; charset=utf-8",
    ]);
    expect(await answer.text()).toContain("<title>app</title>");
  });

  it.each(["/join", "/join/", "/join/toy", "/join/toy/file", "/join/mine"])(
    "%s is the data holders' page",
    async (path) => {
      expect(await (await ask(path)).text()).toContain("<title>join</title>");
    },
  );

  it("[WP1] programs that ask for no page are told that there is none", async () => {
    for (const path of ["/runs", "/nothing", "/join/toy"]) {
      const answer = await ask(path, { accept: "*/*" });
      expect([answer.status, await answer.json()]).toMatchObject([404, { code: "usage" }]);
    }
    expect((await ask("/", { accept: "*/*" })).status).toBe(200);
    expect((await ask("/runs", html, "POST")).status).toBe(404);
    expect((await ask("/runs", html, "DELETE")).status).toBe(404);
  });

  it.each([
    ...["/api", "/api/v1/nothing", "/api/v2", "/metrics", "/socket.io", "/assets", "/assets/"],
    ...["/assets/none-AAAAAAAA.js", "/robots.txt", "/app.html", "/join.html", "/join/theme.js"],
    ...["/.source", "/assets/tiny-AAAAAAAA.js.br", "/assets/map-AAAAAAAA.js.map"],
  ])("%s is no page and no file of one", async (path) => {
    const answer = await ask(path);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([
      404,
      "application/json; charset=utf-8",
    ]);
  });

  it.each([
    ...["/../app.html", "/assets/../theme.js", "/assets/..%2ftheme.js", "/%2e%2e/%2e%2e/etc/hosts"],
    ...[
      "/assets/%2e%2e/%2e%2e/package.json",
      "/..\\..\\package.json",
      "/assets/tiny-AAAAAAAA.js%00",
    ],
    ...["//etc/hosts.x", "/assets//tiny-AAAAAAAA.js", "/theme.js/", "/%74heme.js"],
  ])("%s leads nowhere", async (path) => {
    const { status, text } = await raw(path);
    // What looks like a page is the page itself, and tells nothing else.
    if (status === 200) expect(text).toContain("<title>app</title>");
    else expect([400, 404]).toContain(status);
  });
});

describe("files of pages", () => {
  it("that are named by their content may be kept for good, and come encoded", async () => {
    const path = "/assets/tiny-AAAAAAAA.js";
    const encoded = async (accept: string) => {
      const { status, text, headers } = await sendPlain(path, { "accept-encoding": accept });
      expect(status).toBe(200);
      expect(headers).toMatchObject({
        "cache-control": "public, max-age=31536000, immutable",
        "content-type": "text/javascript; charset=utf-8",
        vary: "Accept-Encoding",
      });
      return [headers["content-encoding"], text] as const;
    };
    const [br, brotli] = await encoded("gzip, deflate, br, zstd");
    expect([br, brotliDecompressSync(brotli).toString()]).toEqual(["br", site.script]);
    const [gzip, zipped] = await encoded("gzip, br;q=0");
    expect([gzip, gunzipSync(zipped).toString()]).toEqual(["gzip", site.script]);
    const [none, plain] = await encoded("identity");
    expect([none, plain.toString()]).toEqual([undefined, site.script]);
  });

  it("with other names are asked for anew, and answered shortly when they are the same", async () => {
    for (const path of ["/theme.js", "/runs"]) {
      const { headers } = await sendPlain(path, html);
      expect(headers["cache-control"]).toBe("no-cache");
      const asked = async (etag: string) => sendPlain(path, { ...html, "if-none-match": etag });
      expect(await asked(headers["etag"]!)).toMatchObject({ status: 304, text: Buffer.alloc(0) });
      expect(await asked('"x"')).toMatchObject({ status: 200 });
    }
  });

  it("answer HEAD without a body", async () => {
    const { status, text, headers } = await sendPlain("/theme.js", {}, "HEAD");
    expect([status, text.length]).toEqual([200, 0]);
    expect(Number(headers["content-length"])).toBeGreaterThan(10);
  });

  it.each(["/", "/join/toy", "/theme.js", "/assets/worker-AAAAAAAA.js"])(
    "[SE8] %s has every header that pages need",
    async (path) => {
      const { headers } = await ask(path);
      const policy = headers.get("content-security-policy") ?? "";
      expect(policy).toContain("default-src 'none';script-src 'self' 'wasm-unsafe-eval';");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toMatch(/unsafe-inline|'unsafe-eval'|\*/);
      expect(Object.fromEntries(headers)).toMatchObject({
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-embedder-policy": "require-corp",
        "cross-origin-resource-policy": "same-origin",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "permissions-policy": expect.stringContaining("microphone=()") as string,
      });
      expect(headers.get("set-cookie")).toBeNull();
      expect(headers.get("strict-transport-security")).toBeNull();
    },
  );

  it("[WP2] [SE8] the operators' page turns no text into markup or code; workers are for joining", async () => {
    const policyOf = async (path: string) =>
      (await ask(path)).headers.get("content-security-policy");
    const typed = "require-trusted-types-for 'script'";
    for (const path of ["/", "/runs/toy"]) expect(await policyOf(path)).toContain(typed);
    for (const path of ["/join/toy", "/assets/worker-AAAAAAAA.js"])
      expect(await policyOf(path)).not.toContain(typed);
  });

  it("[SE8] data holders' pages may use a camera, operators' may not; nothing else is asked for", async () => {
    const policyOf = async (path: string) =>
      (await ask(path)).headers.get("permissions-policy")?.split(", ") ?? [];
    const own = ["camera=(self)", "screen-wake-lock=(self)"];
    const holders = await policyOf("/join");
    expect(holders.filter((one) => !one.endsWith("=()"))).toEqual(own);
    const operators = await policyOf("/runs");
    expect(operators.filter((one) => !one.endsWith("=()"))).toEqual([]);
    const names = (policy: readonly string[]) => policy.map((one) => one.split("=")[0]);
    expect(names(operators)).toEqual(names(holders));
  });

  it("[SE8] data keep the headers of data beside them", async () => {
    for (const path of ["/healthz", "/nothing", "/runs/toy/blobs/x", "/api/v1/health"]) {
      const { headers } = await ask(path, { accept: "*/*" });
      expect(headers.get("content-type")).toBe("application/json; charset=utf-8");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("content-security-policy")).toBe(
        "default-src 'none';frame-ancestors 'none'",
      );
      expect(headers.get("cache-control")).toBe("no-store");
    }
  });
});

describe("pages that are not there", () => {
  it("[WP3] are said to be under way, and asked for again", async () => {
    await showing({ state: "building" }, async () => {
      const answer = await ask("/runs");
      expect([answer.status, answer.headers.get("refresh")]).toEqual([503, "2"]);
      expect(answer.headers.get("content-type")).toBe("text/plain; charset=utf-8");
      expect(await answer.text()).toContain("being built");
      expect((await ask("/theme.js")).status).toBe(404);
      expect((await ask("/healthz")).status).toBe(200);
    });
  });

  it("[WP3] are said to be missing, with what is missing; the API goes on", async () => {
    await showing({ state: "missing", why: "Build them <b>first</b>" }, async () => {
      const answer = await ask("/");
      expect(answer.status).toBe(404);
      expect(answer.headers.get("content-type")).toBe("text/plain; charset=utf-8");
      expect(await answer.text()).toBe("Build them <b>first</b>\n");
      expect((await ask("/healthz")).status).toBe(200);
    });
  });

  it("are on another host: the address leads there and to no other", async () => {
    await showing({ state: "elsewhere", origin: "https://pages.example" }, async () => {
      const target = async (path: string) => (await ask(path)).headers.get("location");
      expect(await target("/join/toy?a=b")).toBe("https://pages.example/join/toy?a=b");
      expect((await ask("/join/toy")).status).toBe(307);
      const places = ["//evil/x", "/\\evil", "/@evil", "/x?to=https://evil.example"];
      for (const path of [...places, "http://evil/x", "http://evil/x?//y"]) {
        const { location } = (await sendPlain(path, html)).headers;
        expect(new URL(location!).origin).toBe("https://pages.example");
      }
      expect((await ask("/theme.js")).status).toBe(404);
    });
  });

  it("without any, addresses are as they were", async () => {
    const bare = await toyServer({ runs: [] });
    const answer = await fetch(`${bare.address.url}/`, { headers: html });
    expect([answer.status, await answer.json()]).toMatchObject([404, { code: "usage" }]);
    await bare.close();
  });

  it("cannot be read from a folder that holds none", async () => {
    const refused = readSite(`${site.folder}/assets`);
    await expect(refused).rejects.toMatchObject({ code: "file-missing" });
    await expect(readSite(`${site.folder}/none`)).rejects.toMatchObject({ code: "file-missing" });
  });
});

describe.skipIf(chromiumPath() === null)(
  chromiumPath() === null ? `a real browser (${withoutChromium})` : "a real browser",
  () => {
    it("[WP2] finds the pages isolated, with workers and wasm, and refuses nothing of them", async () => {
      const browser = await launchChromium();
      try {
        for (const path of ["/join/toy#token=fte_canary", "/runs"]) {
          const page = await browser.newPage();
          const said: string[] = [];
          page.on("console", (message) => said.push(message.text()));
          await page.goto(server.address.url + path);
          await page.waitForSelector("body:not(:empty)");
          const told: unknown = JSON.parse(
            await page.evaluate<string>("document.body.textContent"),
          );
          const found = { wasm: true, isolated: true, refused: [], style: "rgb(1, 2, 3)" };
          expect(told).toEqual(found);
          // No name in a header that this browser does not know.
          expect(said.filter((text) => /polic|feature/i.test(text))).toEqual([]);
          await page.close();
        }
      } finally {
        await browser.close();
      }
      expect(log.join("")).toContain("/join/toy");
      expect(log.join("")).not.toContain("fte_canary");
    });

    it("[WP2] [SE8] will not show the pages in a frame of another page", async () => {
      const browser = await launchChromium();
      try {
        const page = await browser.newPage();
        await page.route("http://evil.example/", (route) =>
          route.fulfill({
            contentType: "text/html",
            body: `<iframe src="${server.address.url}/runs"></iframe>`,
          }),
        );
        await page.goto("http://evil.example/");
        const frame = page.frames()[1];
        expect(frame?.url()).toMatch(/^chrome-error:/);
      } finally {
        await browser.close();
      }
    });
  },
);

/** A request whose answer's bytes are left as they came. */
async function sendPlain(path: string, headers: Record<string, string>, method = "GET") {
  const { request } = await import("node:http");
  return new Promise<{
    status: number;
    headers: Readonly<Record<string, string>>;
    text: Buffer;
  }>((resolve, reject) => {
    const sent = request(server.address.url, { path, method, headers }, (answer) => {
      const pieces: Buffer[] = [];
      answer.on("data", (piece: Buffer) => pieces.push(piece));
      answer.on("end", () => {
        const all = answer.headers as Record<string, string>;
        resolve({ status: answer.statusCode ?? 0, headers: all, text: Buffer.concat(pieces) });
      });
    });
    sent.on("error", reject);
    sent.end();
  });
}
