/** The client and the server together, over a port: people, programs and clients of runs. */
import { clientId, FedtuneError, runId } from "@fedtune/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { apiServer, clientOf } from "../test-support/api-server.ts";
import type { ApiServer } from "../test-support/api-server.ts";
import { rawClient } from "../test-support/raw-client.ts";
import { toyConfig } from "../test-support/toy-run.ts";

let server: ApiServer;
beforeEach(async () => {
  server = await apiServer();
});
afterEach(async () => {
  await server.close();
  expect(server.failures).toEqual([]);
});

const toy = runId("toy");

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "none",
    (error: unknown) => (error instanceof FedtuneError ? error.code : String(error)),
  );
}

async function made(): Promise<void> {
  await server.client("runs:write").createRun({ body: { config: toyConfig() } });
}

describe("who may take part", () => {
  it("[AP1] a token lets a client in until it is revoked", async () => {
    await made();
    const api = server.client("clients:write");
    const params = { run: toy };
    const token = await api.createEnrolmentToken({ params, body: { maxUses: 2 } });
    expect(token).toMatchObject({ client: null, maxUses: 2, uses: 0, revokedAt: null });
    const anybody = clientOf(server.url, null);
    const body = { client: clientId("ada"), publicKey: "ab".repeat(32) };
    expect(await codeOf(anybody.enrolClient({ params, body }))).toBe("unauthenticated");
    const enrolled = await anybody.enrolClient({ params, body: { ...body, token: token.secret } });
    expect(enrolled).toMatchObject({ run: toy, client: "ada" });
    const { secret: _secret, ...listed } = token;
    expect((await api.listEnrolmentTokens({ params })).items).toEqual([{ ...listed, uses: 1 }]);
    await api.revokeEnrolmentToken({ params: { run: toy, token: token.id } });
    const late = { ...body, client: clientId("bob"), token: token.secret };
    expect(await codeOf(anybody.enrolClient({ params, body: late }))).toBe("unauthenticated");
  });

  it("[AP1] clients are listed with their keys, and lose them", async () => {
    await made();
    const api = server.client("clients:write");
    const params = { run: toy };
    const { secret: token } = await api.createEnrolmentToken({ params, body: {} });
    const enrol = (name: string) =>
      api.enrolClient({
        params,
        body: { client: clientId(name), publicKey: "cd".repeat(32), token },
      });
    await enrol("zoe");
    await enrol("ada");
    const client = await rawClient(server.url, "ada");
    await client.enrol();
    await client.close();
    await api.revokeClient({ params: { run: toy, client: clientId("zoe") } });
    expect((await api.listClients({ params })).items).toMatchObject([
      { client: "ada", index: 0, publicKey: "cd".repeat(32), revokedAt: null },
      { client: "zoe", index: null, revokedAt: "2026-01-02T03:04:05.000Z" },
    ]);
  });
});

describe("accounts", () => {
  it("[AP1] an operator signs in, is known by the cookie, and signs out", async () => {
    const anybody = clientOf(server.url, null);
    const wrong = { name: "root", password: "wrong" };
    expect(await codeOf(anybody.signIn({ body: wrong }))).toBe("unauthenticated");
    const answer = await fetch(`${server.api}/sessions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name: "root", password: "correct horse battery" }),
    });
    expect(answer.status).toBe(201);
    const cookie = (answer.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
    const me = await fetch(`${server.api}/me`, { headers: { cookie } });
    expect(await me.json()).toMatchObject({ kind: "operator", actor: "operator:root" });
    const out = await fetch(`${server.api}/sessions/current`, {
      method: "DELETE",
      headers: { cookie },
    });
    expect([out.status, out.headers.get("set-cookie")]).toEqual([
      204,
      "fedtune-session=; Max-Age=0",
    ]);
    expect((await fetch(`${server.api}/me`, { headers: { cookie } })).status).toBe(401);
  });

  it("[AP1] operators and tokens are made, listed and taken back, and the audit log is read", async () => {
    const api = server.client("admin");
    await api.createOperator({
      body: { name: "ada", password: "a long enough one", role: "viewer" },
    });
    await api.disableOperator({ params: { operator: "ada" } });
    expect((await api.listOperators({ query: { from: 1 } })).items).toMatchObject([
      { name: "ada", role: "viewer", disabledAt: "2026-01-02T03:04:05.000Z" },
    ]);
    const { secret, id } = await api.createToken({ body: { name: "CI", scopes: ["runs:read"] } });
    expect(await clientOf(server.url, secret).getMe()).toMatchObject({ scopes: ["runs:read"] });
    await api.revokeToken({ params: { token: id } });
    expect(JSON.stringify(await api.listTokens())).not.toContain(secret);
    await made();
    const log = await api.listAuditEvents({ query: { limit: 1 } });
    expect(log).toMatchObject({ items: [{ action: "createRun" }], next: 2 });
    const older = await api.listAuditEvents({ query: { before: 2 } });
    expect(older).toMatchObject({ items: [{ action: "createToken" }], next: null });
    expect(await api.verifyAudit()).toEqual({ fault: null, head: null });
  });
});

describe("the server", () => {
  it("[AP1] tells what it can do, with a schema that a form can be made from", async () => {
    const facts = await server.client("runs:read").getServer();
    expect(facts.version).toBe("1.2.3");
    expect(facts.methods.map(({ name }) => name)).toContain("fedavg");
    expect(facts.kinds).toContainEqual(expect.objectContaining({ name: "lora", title: "LoRA" }));
    expect(facts.presets.map(({ name }) => name)).toContain("quick-demo");
    expect(facts.configSchema).toMatchObject({
      type: "object",
      properties: { rounds: { properties: { numRounds: { type: "integer", default: 5 } } } },
    });
    expect(await clientOf(server.url, null).getHealth()).toEqual({ status: "ok" });
  });
});
