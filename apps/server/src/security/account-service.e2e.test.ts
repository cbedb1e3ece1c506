import type { ApiClient } from "@fedtune/api";
import { enrol } from "@fedtune/client";
import { clientId } from "@fedtune/core";
import type { RunId } from "@fedtune/core";
import { pino } from "pino";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { accountServer } from "../test-support/account-server.ts";
import type { AccountServer } from "../test-support/account-server.ts";
import { codeOf, securityBench, signingClient } from "../test-support/security-bench.ts";
import type { SecurityBench } from "../test-support/security-bench.ts";
import { redactingOptions } from "./redaction.ts";
import type { Security } from "./security.ts";

let bench: SecurityBench;
let security: Security;
let server: AccountServer;
let run: RunId;
let count = 0;
const password = "correct horse battery";
const lines: string[] = [];
const logger = pino(
  { level: "trace", ...redactingOptions() },
  { write: (line: string) => lines.push(line) },
);

beforeAll(async () => {
  bench = await securityBench();
});
afterAll(async () => {
  await server.close();
  await bench.close();
});
beforeEach(async () => {
  count += 1;
  lines.length = 0;
  await bench.prisma.operator.deleteMany();
  security = bench.open({ secure: false });
  await security.firstOperator.make(password);
  run = await bench.addRun(`run-${count}`);
  if (count > 1) await server.close();
  server = await accountServer({ security, now: bench.ports.now, logger });
});

const clientOf = (headers: Record<string, string>): ApiClient => server.client(headers);
const browser = () => server.browser({ name: "admin", password });

describe("accounts over HTTP", () => {
  it("[SE8] a browser signs in, works with its CSRF token, and signs out", async () => {
    const { setCookie, headers } = await browser();
    expect(setCookie).toMatch(
      /^fedtune-session=[\w-]{43}; Path=\/; Max-Age=86400; HttpOnly; SameSite=Strict$/,
    );
    const api = clientOf(headers);
    expect(await api.getMe()).toMatchObject({
      actor: "operator:admin",
      csrf: headers["x-fedtune-csrf"],
    });
    const { id } = await api.createToken({ body: { name: "CI", scopes: ["runs:read"] } });
    const foreign = clientOf({ ...headers, origin: "https://evil.example" });
    const allowed = clientOf({ ...headers, origin: "https://lab.example" });
    const { "x-fedtune-csrf": _, ...bare } = headers;
    const revoke = (client: ApiClient) => codeOf(client.revokeToken({ params: { token: id } }));
    expect(await revoke(foreign)).toBe("origin-refused");
    expect(await revoke(allowed)).toBe("origin-refused");
    expect(await revoke(clientOf(bare))).toBe("forbidden");
    expect(await revoke(api)).toBeNull();
    await api.signOut();
    expect(await codeOf(api.getMe())).toBe("unauthenticated");
  });

  it("[SE1] a token does what its scopes say, and each refusal has its code", async () => {
    const admin = clientOf((await browser()).headers);
    const { secret, id } = await admin.createToken({
      body: { name: "CI", scopes: ["clients:write"], expiresInSeconds: 60 },
    });
    const program = clientOf({ authorization: `Bearer ${secret}` });
    await program.createEnrolmentToken({ params: { run }, body: {} });
    expect(await codeOf(program.listOperators())).toBe("forbidden");
    expect(await codeOf(clientOf({}).listOperators())).toBe("unauthenticated");
    expect(await codeOf(clientOf({ authorization: "Bearer ft_x" }).getMe())).toBe(
      "unauthenticated",
    );
    bench.time.ms += 60_000;
    expect(await codeOf(program.getMe())).toBe("credential-expired");
    await admin.revokeToken({ params: { token: id } });
    expect(await codeOf(program.getMe())).toBe("credential-revoked");
  });

  it("[SE2] [SE4] [SE6] a client enrols with its token, signs, and is out once revoked", async () => {
    const admin = clientOf((await browser()).headers);
    const token = await admin.createEnrolmentToken({ params: { run }, body: { maxUses: 1 } });
    const ada = await signingClient(bench, { run, client: "ada" });
    const join = (identity = ada.identity) =>
      enrol({
        ...{ fetch, url: server.url, run, client: clientId("ada"), token: token.secret, identity },
        signal: new AbortController().signal,
      });
    const ask = async (headers: Record<string, string>) => {
      const answer = await fetch(`${server.url}/signed?x=1`, { headers });
      return answer.ok ? null : ((await answer.json()) as { code: string }).code;
    };
    const request = { method: "GET", path: "/signed?x=1" };
    expect(await ask(await ada.headers(request))).toBe("signature-invalid");
    await join();
    await join();
    const headers = await ada.headers(request);
    expect(await ask(headers)).toBeNull();
    expect(await ask(headers)).toBe("request-replayed");
    expect(await ask({})).toBe("unauthenticated");
    const other = await signingClient(bench, { run, client: "ada" });
    expect(await codeOf(join(other.identity))).toBe("credential-expired");
    expect((await admin.listClients({ params: { run } })).items).toMatchObject([
      { client: "ada", publicKey: ada.identity.publicKey, revokedAt: null },
    ]);
    await admin.revokeClient({ params: { run, client: clientId("ada") } });
    expect(await ask(await ada.headers(request))).toBe("credential-revoked");
    expect((await admin.listEnrolmentTokens({ params: { run } })).items).toMatchObject([
      { uses: 1, maxUses: 1 },
    ]);
  });

  it("[SE9] what operators and clients do is in the audit log", async () => {
    const admin = clientOf((await browser()).headers);
    await admin.createOperator({ body: { name: "ada", password, role: "viewer" } });
    await admin.disableOperator({ params: { operator: "ada" } });
    const { secret } = await admin.createEnrolmentToken({ params: { run }, body: {} });
    const { identity } = await signingClient(bench, { run, client: "ada" });
    const body = { client: clientId("ada"), publicKey: identity.publicKey, token: secret };
    await admin.enrolClient({ params: { run }, body });
    const { items } = await admin.listAuditEvents({ query: { limit: 5 } });
    expect(items.map(({ actor, action, subject }) => [actor, action, subject]).reverse()).toEqual([
      ["operator:admin", "signIn", "operator:admin"],
      ["operator:admin", "createOperator", "operator:ada"],
      ["operator:admin", "disableOperator", "operator:ada"],
      ["operator:admin", "createEnrolmentToken", `run:${run}`],
      [`client:${run}/ada`, "enrolClient", `run:${run}`],
    ]);
    const { fault, head } = await admin.verifyAudit();
    expect(fault).toBeNull();
    expect(head).toMatchObject({ sequence: items[0]?.sequence });
  });

  it.each([
    ["an unknown field", '{"name":"admin","password":"P","role":"admin"}'],
    [
      "a field that would change its prototype",
      '{"name":"admin","password":"P","__proto__":{"role":"admin"}}',
    ],
    ["its constructor", '{"name":"admin","password":"P","constructor":{"prototype":{"x":1}}}'],
    ["an object for a name", '{"name":{"not":""},"password":"P"}'],
    ["a list for a password", '{"name":"admin","password":["P"]}'],
  ])("[SE1] a body with %s is refused by its schema", async (_, text) => {
    const answer = await fetch(`${server.api}/sessions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: text.replaceAll("P", password),
    });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ code: "message-invalid" });
    expect({}).not.toHaveProperty("role");
    expect({}).not.toHaveProperty("x");
  });

  it("[SE10] too many attempts to sign in or to enrol are told how long to wait", async () => {
    const anybody = clientOf({});
    const guess = () => anybody.signIn({ body: { name: "admin", password: "wrong" } });
    for (let i = 0; i < 5; i++) expect(await codeOf(guess())).toBe("unauthenticated");
    await expect(guess()).rejects.toMatchObject({
      code: "rate-limited",
      data: { limit: "signInsOfNameAtAddress", retryAfterMs: expect.any(Number) as number },
    });
    const elsewhere = clientOf({ "x-forwarded-for": "203.0.113.9" });
    await elsewhere.signIn({ body: { name: "admin", password } });
    const join = () => {
      const body = { client: clientId("ada"), publicKey: "a".repeat(64), token: "fte_x" };
      return codeOf(anybody.enrolClient({ params: { run }, body }));
    };
    for (let i = 0; i < 60; i++) expect(await join()).toBe("unauthenticated");
    expect(await join()).toBe("rate-limited");
  });

  it("[SE7] no password, token, cookie, CSRF token or signature comes into the log", async () => {
    const { headers, setCookie } = await browser();
    const admin = clientOf(headers);
    const api = await admin.createToken({ body: { name: "CI", scopes: ["runs:read"] } });
    const token = await admin.createEnrolmentToken({ params: { run }, body: {} });
    await codeOf(clientOf({ authorization: `Bearer ${api.secret}` }).listOperators());
    await codeOf(clientOf({ authorization: `Bearer ${api.secret}x` }).getMe());
    await codeOf(clientOf({}).signIn({ body: { name: "admin", password: `${password} wrong` } }));
    const short = { name: "bob", password: "short", role: "viewer" } as const;
    await codeOf(admin.createOperator({ body: short }));
    const body = { client: clientId("ada"), publicKey: "b".repeat(64), token: token.secret };
    await codeOf(clientOf({}).enrolClient({ params: { run }, body }));
    const ada = await signingClient(bench, { run, client: "ada" });
    const signed = await ada.headers({ method: "GET", path: `/signed?token=${token.secret}` });
    await fetch(`${server.url}/signed?token=${token.secret}`, { headers: signed });
    const text = lines.join("");
    expect(text.match(/"refused"/g)?.length).toBeGreaterThan(3);
    const secrets = {
      ...{ password, short: '"short', api: api.secret, enrolment: token.secret },
      cookie: setCookie.slice(16, 59),
      csrf: headers["x-fedtune-csrf"],
      signature: signed["x-fedtune-signature"] ?? "",
    };
    for (const [name, secret] of Object.entries(secrets)) {
      expect(secret.length, name).toBeGreaterThan(5);
      const at = text.indexOf(secret);
      expect(at, `${name}: ${text.slice(Math.max(0, at - 200), at + 50)}`).toBe(-1);
    }
  });
});
