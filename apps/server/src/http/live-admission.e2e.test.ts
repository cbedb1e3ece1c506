/** Who is let into the live feed by session or token, and cut when that ends: over the real accounts. */
import { liveNamespace } from "@fedtune/api";
import { nodeClock } from "@fedtune/node-ports";
import { createServer } from "node:http";
import { Server } from "socket.io";
import { io } from "socket.io-client";
import type { Socket } from "socket.io-client";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { listen } from "../listen.ts";
import { scopedClock } from "../scoped-clock.ts";
import { defaultSessionPolicy } from "../security/sessions.ts";
import type { Security } from "../security/security.ts";
import { cookieHeaders, securityBench, signedIn } from "../test-support/security-bench.ts";
import type { SecurityBench } from "../test-support/security-bench.ts";
import { serveLive } from "./live.ts";

let bench: SecurityBench;
let security: Security;
let served: Awaited<ReturnType<typeof serving>>;
const opened: Socket[] = [];

beforeAll(async () => {
  bench = await securityBench();
});
afterAll(() => bench.close());
beforeEach(async () => {
  await bench.prisma.operator.deleteMany();
  security = bench.open();
  served = await serving(20);
});
afterEach(async () => {
  for (const socket of opened.splice(0)) socket.disconnect();
  await served.close();
  expect(served.failures).toEqual([]);
});

async function serving(recheckMs: number) {
  const http = createServer();
  const hub = new Server(http, { transports: ["websocket"], serveClient: false });
  const clock = scopedClock(nodeClock);
  const failures: unknown[] = [];
  const live = serveLive({
    ...{ namespace: hub.of(liveNamespace), security, clock, isTrusted: () => false, recheckMs },
    runs: { follow: () => Promise.reject(new RangeError("nothing to follow")) },
    log: { failed: (_what, error) => void failures.push(error) },
  });
  const { url } = await listen(http, "127.0.0.1", 0);
  const close = async (): Promise<void> => {
    live.close();
    clock.close();
    await hub.close();
  };
  return { url, failures, close };
}

/** How a connection comes out: `in`, or the code with which it is refused. */
function connecting(given: Parameters<typeof io>[1]) {
  const options = { transports: ["websocket"], forceNew: true, reconnection: false };
  const socket = io(served.url + liveNamespace, { ...options, ...given });
  opened.push(socket);
  const outcome = new Promise<string>((resolve) => {
    socket.once("connect", () => {
      resolve("in");
    });
    socket.once("connect_error", (error) => {
      resolve((error as Error & { data?: { code?: string } }).data?.code ?? error.message);
    });
  });
  const gone = new Promise<string>((resolve) => socket.once("disconnect", resolve));
  return { outcome, gone, socket };
}

/** As a browser does at a page of this very host. */
function page(secret: string, origin = "https://lab.example") {
  return connecting({ extraHeaders: { ...cookieHeaders(secret), origin } });
}

describe("the live feed's admission", () => {
  it("[SE1] [SE8] is a session's cookie at a page of its own host, or a token that may read runs", async () => {
    const { secret } = await signedIn(security);
    expect(await page(secret).outcome).toBe("in");
    expect(await page(secret, "https://evil.example").outcome).toBe("origin-refused");
    expect(await page("A".repeat(43)).outcome).toBe("unauthenticated");
    expect(await connecting({}).outcome).toBe("unauthenticated");
    const by = { kind: "operator", actor: "operator:ada", scopes: ["admin"] } as const;
    const token = { name: "t", expiresAt: null };
    const reading = await security.apiTokens.create({ ...token, scopes: ["runs:read"] }, by);
    expect(await connecting({ auth: { token: reading.secret } }).outcome).toBe("in");
    const bearer = { authorization: `Bearer ${reading.secret}` };
    expect(await connecting({ extraHeaders: bearer }).outcome).toBe("in");
    const other = await security.apiTokens.create({ ...token, scopes: ["runs:write"] }, by);
    expect(await connecting({ auth: { token: other.secret } }).outcome).toBe("forbidden");
  });

  it("[SE4] ends with the session, the token or the operator that it came by, and with no other", async () => {
    await served.close();
    served = await serving(1e9);
    const one = await signedIn(security, "ada");
    const operator = await security.operators.list();
    const two = await security.sessions.start(operator[0]!.id);
    const by = { kind: "operator", actor: "operator:ada", scopes: ["admin"] } as const;
    const made = await security.apiTokens.create(
      { name: "t", scopes: ["runs:read"], expiresAt: null },
      by,
    );
    const [first, second, program] = [
      ...[page(one.secret), page(two.secret), connecting({ auth: { token: made.secret } })],
    ] as const;
    for (const reader of [first, second, program]) expect(await reader.outcome).toBe("in");
    await security.sessions.end(one.secret);
    expect(await first.gone).toBe("io server disconnect");
    await security.apiTokens.revoke(made.token.id);
    expect(await program.gone).toBe("io server disconnect");
    expect(second.socket.connected).toBe(true);
    await security.operators.create({ name: "zoe", password: "correct horse", role: "admin" });
    await security.operators.disable("ada");
    expect(await second.gone).toBe("io server disconnect");
  });

  it("[SE8] a new password cuts every session but the one that changed it", async () => {
    await served.close();
    served = await serving(1e9);
    const own = await signedIn(security, "ada");
    const [ada] = await security.operators.list();
    const other = await security.sessions.start(ada!.id);
    const [mine, theirs] = [page(own.secret), page(other.secret)];
    for (const reader of [mine, theirs]) expect(await reader.outcome).toBe("in");
    await security.operators.setPassword("ada", "another password", own.secret);
    expect(await theirs.gone).toBe("io server disconnect");
    expect(mine.socket.connected).toBe(true);
  });

  it("[SE8] looking on does not keep a session alive", async () => {
    const { secret } = await signedIn(security);
    const reader = page(secret);
    expect(await reader.outcome).toBe("in");
    bench.time.ms += defaultSessionPolicy.idleMs - 120_000;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(reader.socket.connected).toBe(true);
    bench.time.ms += 240_000;
    expect(await reader.gone).toBe("io server disconnect");
  });
});
