/** Being invited to a run of a whole coordinator: who is told what, and who gets the base model. */
import { apiBase, modelFilePath } from "@fedtune/api";
import type { OutputOf } from "@fedtune/api";
import { clientId, protocolVersion, runId } from "@fedtune/core";
import type { RunId } from "@fedtune/core";
import { nodeHash } from "@fedtune/node-ports";
import { rename, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { signingClient } from "../test-support/security-bench.ts";
import { toyConfig } from "../test-support/toy-run.ts";
import { modelBytes, wholeCoordinator } from "../test-support/whole-coordinator.ts";
import type { WholeCoordinator } from "../test-support/whole-coordinator.ts";

const run = runId("toy");
const page = "https://lab.example";
const about = {
  title: "Message <b>triage</b>",
  organiser: "Clinic A",
  contact: "triage@clinics.example",
  subject: "message",
  columns: { text: "body" },
  minimumExamples: 100,
};
const config = { ...toyConfig({ name: run }), model: "somewhere/toy-model", about };

let coordinator: WholeCoordinator;
beforeAll(async () => {
  coordinator = await wholeCoordinator({ openEnrolment: false, allowedOrigins: [page] });
  for (const body of [config, toyConfig({ name: "other" })])
    await coordinator.client().createRun({ body: { config: body, start: true } });
});
afterAll(() => coordinator.close());

const tokenOf = async (of: RunId = run, more: { ttlMs?: number; maxUses?: number } = {}) =>
  coordinator.security.enrolments.create({ run: of, ...more });
const open = (token: string | null, headers: Record<string, string> = {}) =>
  coordinator.client(headers).openInvitation({ params: { run }, body: { token } });

/** A client that has enrolled, and signs by the clock of today. */
async function enrolled(of: RunId, client: string) {
  const signing = await signingClient({ time: { ms: new Date().getTime() } }, { run: of, client });
  const { secret } = await tokenOf(of);
  const { publicKey } = signing.identity;
  await coordinator.security.enrolments.enrol({
    ...{ run: of, client: clientId(client), publicKey, token: secret },
  });
  return signing;
}

describe("an invitation", () => {
  it("tells what the run is, what leaves, what stays and what comes, and keeps its uses", async () => {
    const { secret } = await tokenOf(run, { maxUses: 1, ttlMs: 3_600_000 });
    const first = await open(secret);
    const { now, invitation, model, ...rest } = first;
    expect(rest).toEqual({
      run,
      title: about.title,
      description: null,
      organiser: about.organiser,
      organiserContact: about.contact,
      subject: "message",
      party: null,
      task: "sequence-classification",
      labels: ["no", "yes"],
      dataColumns: { text: "body", textPair: null, label: "label" },
      minimumExamples: 100,
      method: { name: "fedavg", title: "FedAvg", summary: expect.any(String) as string },
      adapter: { kind: "lora", rank: 2, targetModules: ["query", "value"] },
      numbers: { leaves: 48, stays: 0, comes: 48 },
      bytes: { upPerRound: 48 * 4 + 48, downPerRound: 48 * 4 + 48, model: model.bytes },
      rounds: { total: 4, committed: 0 },
      privacy: { mode: "none" },
      presence: "shown",
      status: "running",
      protocol: protocolVersion,
    });
    expect(invitation?.usesLeft).toBe(1);
    expect(Date.parse(invitation?.expiresAt ?? "") - Date.parse(now)).toBeGreaterThan(3_500_000);
    expect(await open(secret)).toMatchObject({ invitation: { usesLeft: 1 } });
    expect(model).toEqual({
      name: "toy-model",
      files: ["config.json", "model.safetensors", "tokenizer.json"].map((name) => {
        const bytes = Buffer.from(modelBytes[name]!);
        return { name, bytes: bytes.length, hash: nodeHash.sha256(bytes) };
      }),
      bytes: 320_025,
    });
  });

  it.each<[string, () => Promise<string | null>, object]>([
    ["no token", async () => null, { code: "unauthenticated" }],
    ["a token of nobody", async () => `fte_${"x".repeat(43)}`, { code: "unauthenticated" }],
    [
      "another run's token",
      async () => (await tokenOf(runId("other"))).secret,
      { code: "forbidden" },
    ],
    [
      "an expired token",
      async () => (await tokenOf(run, { ttlMs: -1_000 })).secret,
      { code: "credential-expired", data: { reason: "expired", organiser: "Clinic A" } },
    ],
    [
      "a used-up token",
      async () => (await tokenOf(run, { maxUses: 0 })).secret,
      {
        code: "credential-expired",
        data: { reason: "used-up", organiserContact: "triage@clinics.example" },
      },
    ],
    [
      "a revoked token",
      async () => {
        const { token, secret } = await tokenOf();
        await coordinator.security.enrolments.revoke(run, token.id);
        return secret;
      },
      { code: "credential-revoked", data: { organiser: "Clinic A" } },
    ],
  ])("[SE1] [SE4] is not opened with %s", async (_what, token, refusal) => {
    await expect(open(await token())).rejects.toMatchObject(refusal);
  });

  it("[SE1] tells a stranger nothing of which runs there are", async () => {
    const nowhere = { params: { run: runId("nowhere") }, body: { token: null } };
    const refused = coordinator.client({}).openInvitation(nowhere);
    await expect(refused).rejects.toMatchObject({ code: "unauthenticated" });
  });

  it("[SE2] is opened by a client of the run that signs, whatever became of its token", async () => {
    const request = { method: "POST", path: `${apiBase}/runs/${run}/invitation` };
    const client = await enrolled(run, "signer");
    expect(await open(null, await client.headers(request))).toMatchObject({ invitation: null });
    const stranger = await enrolled(runId("other"), "signer");
    await expect(open(null, await stranger.headers(request))).rejects.toMatchObject({
      code: "forbidden",
    });
    const headers = await client.headers(request);
    await open(null, headers);
    await expect(open(null, headers)).rejects.toMatchObject({ code: "request-replayed" });
  });

  it("[SE4] names the one client that a token is for", async () => {
    const { secret } = await coordinator.security.enrolments.create({
      run,
      client: clientId("bob"),
    });
    expect((await open(secret)).invitation).toMatchObject({ client: "bob" });
  });

  it("answers with JSON that no browser takes for anything else, whatever stands in it", async () => {
    const { secret } = await tokenOf();
    const answer = await fetch(`${coordinator.url}${apiBase}/runs/${run}/invitation`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "text/html" },
      body: JSON.stringify({ token: secret }),
    });
    expect(await answer.text()).toContain("<b>triage</b>");
    expect(answer.headers.get("content-type")).toBe("application/json; charset=utf-8");
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
    expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
  });
});

describe("files of the base model", () => {
  let files: OutputOf<"getModel">["files"];
  beforeAll(async () => {
    files = (await coordinator.client().getModel({ params: { run } })).files;
  });
  const pathOf = (name: string): string =>
    modelFilePath(run, files.find((file) => file.name === name) ?? { name, hash: "" });
  const weights = () => pathOf("model.safetensors");
  const program = () => ({ authorization: `Bearer ${coordinator.secret}` });
  const ask = (path: string, headers: Record<string, string>, method = "GET") =>
    fetch(coordinator.url + path, { headers, method });

  it("[SE2] come to a client that signs the request, with a hash, to be kept for good", async () => {
    const client = await enrolled(run, "fetcher");
    const answer = await ask(weights(), await client.headers({ method: "GET", path: weights() }));
    const bytes = new Uint8Array(await answer.arrayBuffer());
    const hash = nodeHash.sha256(bytes);
    expect(Buffer.from(bytes).toString()).toBe(modelBytes["model.safetensors"]);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "cache-control": "private, immutable, max-age=31536000",
      "content-length": "320000",
      "content-type": "application/octet-stream",
      "x-content-type-options": "nosniff",
      "x-fedtune-hash": hash,
      etag: `"${hash}"`,
    });
  });

  it("[SE1] [SE2] come to nobody else", async () => {
    const status = async (headers: Record<string, string>, path = weights()) =>
      (await ask(path, headers)).status;
    expect(await status({})).toBe(401);
    expect(await status({ authorization: "Bearer ft_x" })).toBe(401);
    const stranger = await enrolled(runId("other"), "stranger");
    expect(await status(await stranger.headers({ method: "GET", path: weights() }))).toBe(403);
    const client = await enrolled(run, "leaver");
    const elsewhere = await client.headers({ method: "GET", path: pathOf("config.json") });
    expect(await status(elsewhere)).toBe(401);
    await coordinator.security.clientKeys.revoke(run, clientId("leaver"));
    expect(await status(await client.headers({ method: "GET", path: weights() }))).toBe(401);
    const { token, secret } = await coordinator.security.apiTokens.create(
      { name: "reader", scopes: ["runs:read"], expiresAt: null },
      { kind: "token", actor: "system", scopes: ["admin"] },
    );
    expect(await status({ authorization: `Bearer ${secret}` })).toBe(403);
    await coordinator.security.apiTokens.revoke(token.id);
    expect(await status(program())).toBe(200);
  });

  it.each([
    ...["vocab.txt", "secrets.env", "nothing.json", "..%2f..%2fetc%2fpasswd", "%2e%2e", "a%00b"],
    ...["config.json%2f..%2fsecrets.env", "..%5csecrets.env", "x".repeat(300)],
  ])("[HT1] are those of the list and no other: %s", async (name) => {
    const answer = await ask(`/runs/${run}/model/files/${name}`, program());
    expect([400, 404]).toContain(answer.status);
    expect(await answer.text()).not.toContain("canary");
  });

  it("have a run", async () => {
    const answer = await ask("/runs/nowhere/model/files/config.json", program());
    expect([answer.status, await answer.json()]).toMatchObject([404, { code: "run-unknown" }]);
    // A model that this machine does not hand out.
    expect((await ask("/runs/other/model/files/config.json", program())).status).toBe(404);
  });

  it("are not sent again to whoever has them", async () => {
    const { headers } = await ask(weights(), program(), "HEAD");
    expect(headers.get("content-length")).toBe("320000");
    const plain = `/runs/${run}/model/files/config.json`;
    const first = await ask(plain, program());
    expect(first.headers.get("cache-control")).toBe("private, no-cache");
    const again = {
      ...program(),
      "if-none-match": first.headers.get("etag")!,
      "cache-control": "x",
    };
    expect((await ask(plain, again)).status).toBe(304);
  });

  it("that have changed are not sent under the hash of before", async () => {
    const before = pathOf("tokenizer.json");
    const path = join(coordinator.modelFolder, "tokenizer.json");
    await rename(path, `${path}.old`);
    await writeFile(path, "[]");
    await utimes(path, 1_000, 1_000);
    const answer = await ask(before, program());
    expect([answer.status, await answer.json()]).toMatchObject([404, { code: "blob-missing" }]);
    const now = await coordinator.client().getModel({ params: { run } });
    expect(now.files.find(({ name }) => name === "tokenizer.json")?.hash).toBe(
      nodeHash.sha256(Buffer.from("[]")),
    );
    expect((await ask(`/runs/${run}/model/files/tokenizer.json`, program())).status).toBe(200);
    await rename(`${path}.old`, path);
  });

  it("[TR11] may be read by pages of an allowed origin, and of no other", async () => {
    const path = weights();
    const preflight = (origin: string) =>
      fetch(coordinator.url + path, {
        method: "OPTIONS",
        headers: { origin, "access-control-request-headers": "x-fedtune-signature" },
      });
    const { headers, status } = await preflight(page);
    expect([status, headers.get("access-control-allow-origin")]).toEqual([204, page]);
    expect(headers.get("access-control-allow-headers")).toContain("x-fedtune-signature");
    expect((await preflight("https://evil.example")).status).toBe(403);
    const client = await enrolled(run, "elsewhere");
    const signed = await client.headers({ method: "GET", path });
    const answer = await ask(path, { ...signed, origin: page });
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "access-control-allow-origin": page,
      "cross-origin-resource-policy": "cross-origin",
    });
    await answer.arrayBuffer();
  });
});

describe("the first operator over HTTP", () => {
  it("[SE1] [SE9] is made with the code, once, and it is written down", async () => {
    const nobody = coordinator.client({});
    expect(await nobody.getSetup()).toEqual({ isNeeded: true });
    const code = (await coordinator.security.firstOperator.newCode())!;
    const body = { code, name: "ada", password: "correct horse battery" };
    const wrong = nobody.setUp({ body: { ...body, code: "ft_setup_x" } });
    await expect(wrong).rejects.toMatchObject({ code: "unauthenticated" });
    const short = nobody.setUp({ body: { ...body, password: "short" } });
    await expect(short).rejects.toMatchObject({ code: "message-invalid" });
    await nobody.setUp({ body });
    expect(await nobody.getSetup()).toEqual({ isNeeded: false });
    await expect(nobody.setUp({ body })).rejects.toMatchObject({ code: "forbidden" });
    await nobody.signIn({ body: { name: "ada", password: body.password } });
    const { items } = await coordinator.client().listAuditEvents();
    expect(items).toContainEqual(
      expect.objectContaining({ action: "setUp", actor: "operator:ada", subject: "operator:ada" }),
    );
    expect(JSON.stringify(items)).not.toContain(code);
  });

  it("[SE10] is not guessed at without end", async () => {
    const body = { code: "ft_setup_x", name: "eve", password: "correct horse battery" };
    const codes = [];
    for (let i = 0; i < 40; i++)
      codes.push(
        await coordinator
          .client({})
          .setUp({ body })
          .catch((error: unknown) => (error as { code: string }).code),
      );
    expect(codes.at(-1)).toBe("rate-limited");
  });
});
