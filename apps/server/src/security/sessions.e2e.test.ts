import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  codeOf,
  cookieHeaders as cookie,
  securityBench,
  signedIn,
} from "../test-support/security-bench.ts";
import type { SecurityBench } from "../test-support/security-bench.ts";
import { requireScope } from "./principal.ts";
import type { Security } from "./security.ts";

let bench: SecurityBench;
let security: Security;

beforeAll(async () => {
  bench = await securityBench();
});
afterAll(() => bench.close());
beforeEach(async () => {
  await bench.prisma.operator.deleteMany();
  security = bench.open();
});

const password = "correct horse battery";
const host = "lab.example";

describe("sessions", () => {
  it("[SE7] [SE8] are known by the hash of their secret, and admit what the role admits", async () => {
    const { secret } = await signedIn(security, "ada", "viewer");
    const principal = await security.authenticate({ method: "GET", headers: cookie(secret) });
    expect(principal).toEqual({
      kind: "operator",
      actor: "operator:ada",
      scopes: ["runs:read", "metrics:read"],
    });
    expect(() => requireScope(principal, "runs:write")).toThrow(
      expect.objectContaining({ code: "forbidden" }),
    );
    const rows = JSON.stringify(await bench.prisma.session.findMany());
    expect(rows).not.toContain(secret);
    expect(rows).not.toContain(security.sessions.csrfOf(secret));
  });

  it("[SE8] signing in never takes over a secret that was there before (fixation)", async () => {
    const operator = await security.operators.create({ name: "ada", password, role: "viewer" });
    const planted = "A".repeat(43);
    const one = await security.sessions.start(operator.id, planted);
    expect(one.secret).not.toBe(planted);
    expect(await security.authenticate({ method: "GET", headers: cookie(planted) })).toBeNull();
    const two = await security.sessions.start(operator.id, one.secret);
    expect(await security.authenticate({ method: "GET", headers: cookie(one.secret) })).toBeNull();
    expect(
      await security.authenticate({ method: "GET", headers: cookie(two.secret) }),
    ).not.toBeNull();
    const both = {
      ...cookie(two.secret),
      cookie: `${cookie(planted).cookie}; ${cookie(two.secret).cookie}`,
    };
    expect(await security.authenticate({ method: "GET", headers: both })).toBeNull();
  });

  it("[SE1] [SE8] end when they are not used, and a day after signing in however they are used", async () => {
    const hour = 3_600_000;
    const { secret } = await signedIn(security);
    const asks = () => codeOf(security.authenticate({ method: "GET", headers: cookie(secret) }));
    for (let at = 0; at < 23; at++) {
      expect(await asks(), `hour ${at}`).toBeNull();
      bench.time.ms += hour;
    }
    bench.time.ms += hour - 1;
    expect(await asks()).toBeNull();
    bench.time.ms += 1;
    expect(await asks()).toBe("credential-expired");
    const idle = await signedIn(security, "bob");
    bench.time.ms += 2 * hour;
    expect(
      await codeOf(security.authenticate({ method: "GET", headers: cookie(idle.secret) })),
    ).toBe("credential-expired");
    await security.sweep();
    expect(await bench.prisma.session.count()).toBe(0);
  });

  it("[SE6] [SE8] end by signing out, here or everywhere", async () => {
    const operator = await security.operators.create({ name: "ada", password, role: "viewer" });
    const [one, two, three] = await Promise.all(
      [1, 2, 3].map(() => security.sessions.start(operator.id)),
    );
    const admits = async (session: typeof one) =>
      (await security.authenticate({ method: "GET", headers: cookie(session!.secret) })) !== null;
    await security.sessions.end(one!.secret);
    expect(await Promise.all([one, two, three].map(admits))).toEqual([false, true, true]);
    await security.sessions.endAll("ada");
    expect(await Promise.all([one, two, three].map(admits))).toEqual([false, false, false]);
  });

  it.each<[string, Record<string, string>, string | null]>([
    ["its own page's token", {}, null],
    ["no CSRF token", { "x-fedtune-csrf": "" }, "forbidden"],
    ["a wrong CSRF token", { "x-fedtune-csrf": "0".repeat(64) }, "forbidden"],
    ["a page of another origin", { origin: "https://evil.example" }, "origin-refused"],
    ["a page without an origin", { origin: "null" }, "origin-refused"],
    ["a page of another port", { origin: `https://${host}:8443` }, "origin-refused"],
    [
      "a page of a name that begins alike",
      { origin: `https://${host}.evil.example` },
      "origin-refused",
    ],
    ["a page of another site", { "sec-fetch-site": "cross-site" }, "origin-refused"],
    ["a page of the same site only", { "sec-fetch-site": "same-site" }, "origin-refused"],
    ["an address that was typed", { "sec-fetch-site": "none" }, "origin-refused"],
    ["a page that says it is ours", { "sec-fetch-site": "same-origin" }, null],
  ])("[SE8] a session's writing request from %s", async (_, headers, code) => {
    const { secret, csrf } = await signedIn(security);
    const own = { origin: `https://${host}`, "x-fedtune-csrf": csrf, ...cookie(secret) };
    const request = { method: "POST", headers: { ...own, ...headers } };
    expect(await codeOf(security.authenticate(request))).toBe(code);
  });

  it("[SE8] a writing request must say where it comes from; a reading one need not", async () => {
    const { secret, csrf } = await signedIn(security);
    const headers = { "x-fedtune-csrf": csrf, ...cookie(secret) };
    expect(await codeOf(security.authenticate({ method: "DELETE", headers }))).toBe(
      "origin-refused",
    );
    expect(await codeOf(security.authenticate({ headers }))).toBe("origin-refused");
    expect(await codeOf(security.authenticate({ method: "GET", headers }))).toBeNull();
    const framed = { ...headers, "sec-fetch-site": "cross-site" };
    expect(await codeOf(security.authenticate({ method: "GET", headers: framed }))).toBe(
      "origin-refused",
    );
    const { "x-fedtune-csrf": _, ...without } = headers;
    const missing = { method: "PUT", headers: { ...without, origin: `https://${host}` } };
    expect(await codeOf(security.authenticate(missing))).toBe("forbidden");
  });

  it("[SE8] one session's CSRF token is no other's", async () => {
    const one = await signedIn(security, "ada");
    const other = await signedIn(security, "bob");
    const headers = { origin: `https://${host}`, ...cookie(one.secret) };
    const request = { method: "POST", headers: { ...headers, "x-fedtune-csrf": other.csrf } };
    expect(await codeOf(security.authenticate(request))).toBe("forbidden");
    expect(security.sessions.csrfOf(one.secret)).toBe(one.csrf);
  });
});
