/** The files of deploy/ and the page about it agree with the program. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { virtualClock } from "@fedtune/core";
import { describe, expect, it } from "vitest";
import type { Request, RequestHandler, Response } from "express";
import { parse } from "yaml";
import { pageHeaders } from "../security/browser-policy.ts";
import { metricsTable } from "./metered.ts";
import { serverMetrics } from "./metrics.ts";
import { readSettings } from "./settings.ts";
import { settingsTable } from "./test-support/settings-table.ts";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const { port, drainTimeoutMs } = readSettings();

interface Compose {
  readonly services: Readonly<Record<string, Record<string, unknown> & { networks: string[] }>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly networks: Readonly<Record<string, unknown>>;
}

/** A unit's or drop-in's settings in their order. */
function unitOf(text: string): readonly (readonly [section: string, key: string, value: string])[] {
  let section = "";
  return text.split("\n").flatMap((line) => {
    if (line === "" || line.startsWith("#")) return [];
    const head = /^\[(\w+)\]$/.exec(line)?.[1];
    if (head !== undefined) section = head;
    const [, key, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
    if (head === undefined && key === undefined) throw new Error(`no setting: ${line}`);
    return key === undefined || value === undefined ? [] : [[section, key, value] as const];
  });
}

/** What a handler sets, by name in lower case. */
function headersOf(handler: RequestHandler): Readonly<Record<string, unknown>> {
  const headers: Record<string, unknown> = {};
  const set = (name: string, value: unknown): void => void (headers[name.toLowerCase()] = value);
  const response = { set, setHeader: set, removeHeader: () => undefined };
  handler({ headers: {} } as unknown as Request, response as unknown as Response, () => undefined);
  return headers;
}

/** A policy's directives, in whatever order. */
function directivesOf(policy = ""): readonly string[] {
  return policy.split(/; ?/).sort();
}

/** The text between two marks of a page; UPDATE_DOCS=1 writes it anew. */
function expectSection(page: string, name: string, wanted: string): void {
  const path = join(root, page);
  const text = readFileSync(path, "utf8");
  const [begin, end] = [`<!-- ${name} -->\n`, `\n<!-- /${name} -->`];
  const [from, to] = [text.indexOf(begin) + begin.length, text.indexOf(end)];
  expect(Math.min(from, to), `marks of ${name}`).toBeGreaterThan(begin.length);
  if (process.env["UPDATE_DOCS"] === "1")
    writeFileSync(path, `${text.slice(0, from)}\n${wanted}\n${text.slice(to)}`);
  else expect(squeezed(text.slice(from, to))).toBe(squeezed(wanted));
}

/** Tables are aligned by the formatter. */
function squeezed(text: string): string {
  return text.replaceAll(/ +/g, " ").replaceAll(/-{3,}/g, "---").trim();
}

describe("deploy", () => {
  it("[OP3] docs/deploy.md lists the settings (UPDATE_DOCS=1 writes them anew)", () => {
    expectSection("docs/deploy.md", "settings", settingsTable());
  });

  it("[OP4] docs/deploy.md lists the figures (UPDATE_DOCS=1 writes them anew)", async () => {
    const clock = virtualClock(() => Promise.resolve());
    const pool = { totalCount: 0, idleCount: 0, waitingCount: 0 };
    const metrics = serverMetrics({ clock, pool });
    expectSection("docs/deploy.md", "figures", await metricsTable(metrics.registry));
    metrics.close();
  });

  it("[OP3] the compose file names what exists and passes settings that the server knows", () => {
    const { services, volumes, networks } = parse(read("deploy/docker-compose.yml")) as Compose;
    const { coordinator, database } = services;
    const build = coordinator?.["build"] as { context: string; dockerfile: string };
    expect(existsSync(join(root, "deploy", build.context, build.dockerfile))).toBe(true);
    const environment = coordinator?.["environment"] as Record<string, string>;
    const given = {
      ...environment,
      DATABASE_URL: "postgresql://a:b@database:5432/fedtune",
      BLOB_URL: "",
    };
    expect(readSettings({ environment: given }).trustProxy).toBe(1);
    expect(environment["DATABASE_URL"]).toContain("@database:5432/");
    expect(coordinator?.["ports"]).toEqual([`127.0.0.1:${port}:${port}`]);
    const grace = Number.parseInt(String(coordinator?.["stop_grace_period"]), 10) * 1_000;
    expect(grace).toBeGreaterThan(Number(environment["FEDTUNE_DRAIN_TIMEOUT_MS"]) + 5_000);
    // The database is not to be reached from outside.
    expect(database?.networks).toEqual(["inside"]);
    expect(database).not.toHaveProperty("ports");
    for (const service of Object.values(services)) {
      for (const network of service.networks) expect(networks).toHaveProperty(network);
      for (const volume of service["volumes"] as string[])
        expect(volumes).toHaveProperty(volume.split(":")[0] ?? "");
    }
  });

  it("[OP3] the image starts the program as nobody special, on the usual port", () => {
    const lines = read("deploy/Dockerfile").replaceAll("\\\n", " ").split("\n");
    const last = lines.findLastIndex((line) => line.startsWith("FROM "));
    const image = lines.slice(last);
    const user = image.findIndex((line) => line === "USER node");
    expect(user).toBeGreaterThan(0);
    expect(image.findIndex((line) => line.startsWith("ENTRYPOINT"))).toBeGreaterThan(user);
    expect(image).toContain(`EXPOSE ${port}`);
    const [, program] = JSON.parse(
      image.find((line) => line.startsWith("ENTRYPOINT "))?.slice("ENTRYPOINT ".length) ?? "",
    ) as [string, string];
    expect(existsSync(join(root, program))).toBe(true);
    const [verb] = JSON.parse(
      image.find((line) => line.startsWith("CMD "))?.slice("CMD ".length) ?? "",
    ) as [string];
    expect(existsSync(join(root, `apps/cli/src/verbs/${verb}.ts`))).toBe(true);
    const environment = Object.fromEntries(
      [
        ...(image.find((line) => line.startsWith("ENV ")) ?? "").matchAll(/(FEDTUNE_\w+)=(\S+)/g),
      ].map(([, name = "", value = ""]) => [name, value]),
    );
    expect(readSettings({ environment })).toMatchObject({ host: "0.0.0.0", port });
    expect(image.join("\n")).toContain("/healthz");
    for (const [, script = ""] of read("deploy/Dockerfile").matchAll(/npm run (\S+)/g))
      expect(JSON.parse(read("package.json"))).toHaveProperty(`scripts.${script}`);
  });

  it("[OP3] the unit runs what exists, hardened, and waits for the server to leave", () => {
    const unit = unitOf(read("deploy/systemd/fedtune.service"));
    const valueOf = (key: string) => unit.find(([, name]) => name === key)?.[2];
    const [, program = ""] = (valueOf("ExecStart") ?? "").split(" ");
    expect(existsSync(join(root, program.replace("/opt/fedtune/", "")))).toBe(true);
    expect(Number(valueOf("TimeoutStopSec")) * 1_000).toBeGreaterThan(drainTimeoutMs + 5_000);
    for (const [key, value] of [
      ...[
        ["NoNewPrivileges", "yes"],
        ["ProtectSystem", "strict"],
        ["ProtectHome", "yes"],
      ],
      ...[
        ["PrivateTmp", "yes"],
        ["StateDirectory", "fedtune"],
        ["CapabilityBoundingSet", ""],
      ],
    ])
      expect(valueOf(key ?? ""), key).toBe(value);
    expect(new Set(unit.map(([section]) => section))).toEqual(
      new Set(["Unit", "Service", "Install"]),
    );
    // V8 could not compile.
    expect(valueOf("MemoryDenyWriteExecute")).toBeUndefined();
    const value = parse(read("deploy/systemd/server.yaml")) as Record<string, unknown>;
    const settings = readSettings({ file: { value, place: () => null } });
    expect(settings).toMatchObject({ port, drainTimeoutMs });
  });

  it("[OP3] the proxies speak to the usual port, pass websockets on and keep figures inside", () => {
    const nginx = read("deploy/nginx/fedtune.conf");
    expect(nginx).toContain(`server 127.0.0.1:${port};`);
    expect(nginx).toContain("proxy_set_header Upgrade $http_upgrade;");
    expect(nginx).toMatch(/location = \/metrics \{ return 404; \}/);
    expect(nginx.split("{").length).toBe(nginx.split("}").length);
    // A connection that is pinged every 25 s must not look idle.
    for (const [, seconds] of nginx.matchAll(/proxy_read_timeout (\d+)s/g))
      expect(Number(seconds)).toBeGreaterThan(60);
    const caddy = read("deploy/caddy/Caddyfile");
    expect(caddy).toContain(`reverse_proxy 127.0.0.1:${port}`);
    expect(caddy.split("{").length).toBe(caddy.split("}").length);
  });

  it("[SE8] pages on another host come with the headers that they have here", async () => {
    const nginx = read("deploy/nginx/pages.conf");
    const builder = (await import(join(root, "apps/client-web/build.mjs"))) as {
      readonly headersFor: (coordinator: string) => string;
    };
    const own = headersOf(pageHeaders({ secure: true }));
    const policy = String(own["content-security-policy"])
      .replace(
        /connect-src [^;]*/,
        "connect-src 'self' https://fl.example.org wss://fl.example.org",
      )
      .replaceAll(";", "; ");
    const same = ["cross-origin-opener-policy", "cross-origin-embedder-policy", "referrer-policy"];
    const also = ["cross-origin-resource-policy", "x-content-type-options", "x-frame-options"];
    for (const text of [nginx, builder.headersFor("https://fl.example.org")]) {
      const told = new Map(
        [...text.matchAll(/^ +(?:add_header )?([A-Z][\w-]+):? (.*)$/gm)].map(
          ([, name = "", value = ""]) => [
            name.toLowerCase(),
            value.replace(/ always;$/, "").replace(/^"(.*)"$/, "$1"),
          ],
        ),
      );
      expect(directivesOf(told.get("content-security-policy"))).toEqual(directivesOf(policy));
      for (const name of [...same, ...also]) expect(told.get(name), name).toBe(own[name]);
    }
    expect(nginx).toContain(String(own["strict-transport-security"]));
    expect(nginx.split("{").length).toBe(nginx.split("}").length);
  });

  it("the page names every file of deploy/", () => {
    const page = read("docs/deploy.md");
    const files = readdirSync(join(root, "deploy"), { recursive: true, withFileTypes: true });
    for (const file of files.filter((one) => one.isFile() && !one.name.endsWith(".dockerignore")))
      expect(page).toContain(file.name);
  });
});
