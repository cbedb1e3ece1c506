/** Being invited to a run of a whole coordinator: who is told what, and who gets the base model. */
import { apiBase } from "@fedtune/api";
import { clientId, protocolVersion, runId } from "@fedtune/core";
import type { RunId } from "@fedtune/core";
import { nodeHash } from "@fedtune/node-ports";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toyConfig } from "../test-support/toy-run.ts";
import { modelBytes, wholeCoordinator } from "../test-support/whole-coordinator.ts";
import type { WholeCoordinator } from "../test-support/whole-coordinator.ts";

const run = runId("toy");
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
  coordinator = await wholeCoordinator({ openEnrolment: false });
  for (const body of [config, toyConfig({ name: "other" })])
    await coordinator.client().createRun({ body: { config: body, start: true } });
});
afterAll(() => coordinator.close());

const tokenOf = async (of: RunId = run, more: { ttlMs?: number; maxUses?: number } = {}) =>
  coordinator.security.enrolments.create({ run: of, ...more });
const open = (token: string | null, headers: Record<string, string> = {}) =>
  coordinator.client(headers).openInvitation({ params: { run }, body: { token } });

describe("an invitation", () => {
  it("[WP5] tells what the run is, what leaves, what stays and what comes, and keeps its uses", async () => {
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
      adapter: { kind: "lora", rank: 2, loraAlpha: 16, targetModules: ["query", "value"] },
      training: {
        ...{ localEpochs: 1, maxSteps: null, batchSize: 16, microBatchSize: null },
        ...{ learningRate: 0.2, maxLength: 128, maxGradNorm: null },
        optimizer: expect.objectContaining({ name: "adamw" }) as object,
      },
      numbers: { leaves: 48, stays: 0, comes: 48 },
      bytes: { upPerRound: 48 * 4 + 48, downPerRound: 48 * 4 + 48, model: model.bytes },
      rounds: { total: 4, committed: 0 },
      participants: { joined: 0, wanted: 2 },
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

  it("[WP5] [SE1] tells a stranger nothing of which runs there are", async () => {
    const nowhere = { params: { run: runId("nowhere") }, body: { token: null } };
    const refused = coordinator.client({}).openInvitation(nowhere);
    await expect(refused).rejects.toMatchObject({ code: "unauthenticated" });
  });

  it("[SE2] is opened by a client of the run that signs, whatever became of its token", async () => {
    const request = { method: "POST", path: `${apiBase}/runs/${run}/invitation` };
    const client = await coordinator.enrolled(run, "signer");
    expect(await open(null, await client.headers(request))).toMatchObject({ invitation: null });
    const stranger = await coordinator.enrolled(runId("other"), "signer");
    await expect(open(null, await stranger.headers(request))).rejects.toMatchObject({
      code: "forbidden",
    });
    const headers = await client.headers(request);
    await open(null, headers);
    await expect(open(null, headers)).rejects.toMatchObject({ code: "request-replayed" });
  });

  it("does not tell how many take part where that is hidden", async () => {
    const privacy = { mode: "user-level", noiseMultiplier: 1, expectedCohort: 1 };
    const rounds = { sampling: "poisson", weightedBy: "uniform" };
    const hidden = { ...toyConfig({ name: "hidden" }), privacy, rounds };
    const secret = runId("hidden");
    await coordinator.client().createRun({ body: { config: hidden, start: false } });
    const { secret: token } = await tokenOf(secret);
    const told = await coordinator
      .client({})
      .openInvitation({ params: { run: secret }, body: { token } });
    expect(told).toMatchObject({ presence: "hidden", participants: { joined: null } });
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

describe("a run's name", () => {
  it.each(["mine", "new"])("%s is refused: it is the address of a page", async (name) => {
    const made = coordinator.client().createRun({ body: { config: toyConfig({ name }) } });
    await expect(made).rejects.toMatchObject({
      code: "config-invalid",
      data: { issues: [{ field: "name", value: name }] },
      message: expect.stringContaining("another name than mine or new") as string,
    });
    const { items } = await coordinator.client().listRuns();
    expect(items.map(({ id }) => String(id))).not.toContain(name);
  });
});

describe("the first operator over HTTP", () => {
  it("[WP8] [SE1] [SE9] is made with the code, once, and it is written down", async () => {
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
