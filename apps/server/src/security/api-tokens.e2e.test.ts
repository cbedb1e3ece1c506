import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { codeOf, securityBench } from "../test-support/security-bench.ts";
import type { SecurityBench } from "../test-support/security-bench.ts";
import { requireScope } from "./principal.ts";
import type { Principal } from "./principal.ts";
import type { Security } from "./security.ts";

let bench: SecurityBench;
let security: Security;

beforeAll(async () => {
  bench = await securityBench();
});
afterAll(() => bench.close());
beforeEach(async () => {
  await bench.prisma.operator.deleteMany();
  await bench.prisma.apiToken.deleteMany();
  security = bench.open();
});

const password = "correct horse battery";
const root: Principal = { kind: "token", actor: "system", scopes: ["admin"] };

describe("API tokens", () => {
  const ci = { name: "ci", scopes: ["runs:read"] as const, expiresAt: null };
  const ask = (authorization: string) =>
    security.authenticate({ method: "POST", headers: { authorization } });

  it("[SE7] admit what their scopes say, and are kept as hashes", async () => {
    const { secret, token } = await security.apiTokens.create(ci, root);
    expect(secret).toMatch(/^ft_[A-Za-z0-9_-]{43}$/);
    const principal = await ask(`Bearer ${secret}`);
    expect(principal).toEqual({ kind: "token", actor: `token:${token.id}`, scopes: ["runs:read"] });
    expect(JSON.stringify(await bench.prisma.apiToken.findMany())).not.toContain(secret.slice(3));
  });

  it("[SE1] are refused without the scope, to nobody, after their time and once revoked", async () => {
    const { secret } = await security.apiTokens.create(ci, root);
    const principal = await ask(`Bearer ${secret}`);
    expect(() => requireScope(principal, "runs:write")).toThrow(
      expect.objectContaining({ code: "forbidden" }),
    );
    expect(() => requireScope(null, "runs:read")).toThrow(
      expect.objectContaining({ code: "unauthenticated" }),
    );
    for (const wrong of [
      `Bearer ft_${"x".repeat(43)}`,
      "Bearer ",
      "Basic YTpi",
      secret,
      "Bearer \0",
    ]) {
      expect(await codeOf(ask(wrong)), wrong).toBe("unauthenticated");
    }
    const expiresAt = new Date(bench.time.ms + 1_000);
    const short = await security.apiTokens.create({ ...ci, expiresAt }, root);
    bench.time.ms += 999;
    expect(await codeOf(ask(`Bearer ${short.secret}`))).toBeNull();
    bench.time.ms += 1;
    expect(await codeOf(ask(`Bearer ${short.secret}`))).toBe("credential-expired");
  });

  it("[SE6] a revoked token admits nothing from then on, and listeners are told", async () => {
    const { secret, token } = await security.apiTokens.create(ci, root);
    const told: unknown[] = [];
    security.revocations.listen((revocation) => told.push(revocation));
    await security.apiTokens.revoke(token.id);
    expect(await codeOf(ask(`Bearer ${secret}`))).toBe("credential-revoked");
    expect(told).toEqual([{ kind: "token", id: token.id }]);
    expect(await codeOf(security.apiTokens.revoke("no id"))).toBe("message-invalid");
  });

  it("[SE1] admit no more than their maker may, now or later", async () => {
    const maker: Principal = { kind: "operator", actor: "operator:eve", scopes: ["runs:read"] };
    const greedy = { ...ci, scopes: ["runs:read", "admin"] as const };
    expect(await codeOf(security.apiTokens.create(greedy, maker))).toBe("forbidden");
    expect(await codeOf(security.apiTokens.create({ ...ci, scopes: [] }, maker))).toBe(
      "config-invalid",
    );
    expect(await codeOf(security.apiTokens.create({ ...ci, name: "\0" }, maker))).toBe(
      "config-invalid",
    );
    expect(await codeOf(security.apiTokens.create(ci, maker))).toBe("message-invalid");
    await security.operators.create({ name: "eve", password, role: "admin" });
    const eve: Principal = { ...maker, scopes: ["admin"] };
    const broad = { ...ci, scopes: ["runs:read", "runs:write", "clients:write"] as const };
    const first = await security.apiTokens.create({ ...broad, scopes: ["admin"] }, eve);
    const byToken = await ask(`Bearer ${first.secret}`);
    const { secret, token } = await security.apiTokens.create(broad, byToken ?? root);
    expect(token.operator).toBe("eve");
    await bench.prisma.operator.update({ where: { name: "eve" }, data: { role: "viewer" } });
    expect((await ask(`Bearer ${secret}`))?.scopes).toEqual(["runs:read"]);
  });

  it("write down their last use at most once a minute", async () => {
    const { secret } = await security.apiTokens.create(ci, root);
    const start = bench.time.ms;
    const used = async () => (await security.apiTokens.list())[0]?.lastUsedAt?.getTime();
    await ask(`Bearer ${secret}`);
    bench.time.ms += 59_999;
    await ask(`Bearer ${secret}`);
    expect(await used()).toBe(start);
    bench.time.ms += 1;
    await ask(`Bearer ${secret}`);
    expect(await used()).toBe(start + 60_000);
  });
});
