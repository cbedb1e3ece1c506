import type { ItemOf, OutputOf } from "@fedtune/api";
import { methods } from "@fedtune/aggregators";
import { adapterKinds, digest, float32Bytes, resolveRun, runId } from "@fedtune/core";
import { privacyRules } from "@fedtune/dp";
import { nodeHash } from "@fedtune/node-ports";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { callMain } from "../test-support/capture.ts";
import { stubApi } from "../test-support/stub-api.ts";
import type { StubApi } from "../test-support/stub-api.ts";
import { openBaseModel, prepareWith } from "./base-model.ts";

let api: StubApi;
let folder: string;
beforeEach(async () => {
  api = await stubApi();
  folder = await mkdtemp(join(tmpdir(), "fedtune-run-"));
});
afterEach(async () => {
  await api.close();
  await rm(folder, { recursive: true });
});

/** Calls a verb with `--json`; its result. */
async function json(...argv: string[]): Promise<unknown> {
  const { code, stdout, stderr } = await called(...argv, "--json");
  expect([code, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout);
}

function called(...argv: string[]) {
  return callMain(...argv, "--server", api.url, "--data-dir", join(folder, "data"));
}

const state: OutputOf<"getRun">["state"] = {
  ...{ phase: "waiting", round: 1, attempt: 1, present: 2, paused: false, failure: null },
  countdown: { timer: "wait", remainingMs: 4_500 },
  ...{ counts: null, target: null },
};
const summary: ItemOf<"listRuns"> = {
  ...{ id: runId("triage"), model: "fedtune-mini", method: "fedavg", status: "running" },
  ...{
    isOpen: true,
    numRounds: 5,
    committedRounds: 1,
    createdAt: "2026-01-02T00:00:00.000Z",
    endedAt: null,
    figures: { best: null, spark: [], bytesUp: 0, epsilon: null, joined: 2 },
    state,
  },
};
const config = {
  name: "triage",
  task: { kind: "sequence-classification", labels: ["no", "yes"] },
  adapter: { rank: 2 },
};
const registries = { methods, kinds: adapterKinds, privacy: privacyRules };
const resolved = resolveRun(config, registries, nodeHash);
const details: OutputOf<"getRun"> = {
  ...summary,
  configHash: resolved.hash,
  config: { ...resolved.config },
  presence: "shown",
  participants: [{ index: 0, present: true, holds: null, status: null }],
};
const hash = digest("a".repeat(64));
const round: ItemOf<"listRounds"> = {
  ...{ round: 1, attempt: 1, method: {}, privacy: null, state: { hash, bytes: 1 }, parts: [] },
  aggregationError: { total: 0, reason: null, standardError: null, modules: {} },
  adapters: [{ rank: 2, hash, model: hash }],
  ...{ sampled: 3, accepted: [0, 2], seconds: 2.5, training: { loss: 0.25 } },
};
const page = <Item>(items: Item[]) => ({ items, total: items.length, next: null });

describe("fedtune run", () => {
  it("[AP6] create sends the config with what --set changes, paused unless told to start", async () => {
    api.on("createRun", details);
    const file = join(folder, "run.yaml");
    await writeFile(file, "name: triage\nrounds:\n  numRounds: 3\n");
    const set = ["--set", "rounds.numRounds=5"];
    const shown = { dashboard: `${api.url}/runs/triage`, joinLink: null };
    expect(await json("run", "create", "--config", file, ...set)).toEqual({ ...details, ...shown });
    await json("run", "create", "--config", file, "--start");
    const created = api.asked.filter(({ name }) => name === "createRun");
    expect(created.map(({ body }) => body)).toEqual([
      { config: { name: "triage", rounds: { numRounds: 5 } }, start: false },
      { config: { name: "triage", rounds: { numRounds: 3 } }, start: true },
    ]);
  });

  it("[AP6] create prints the dashboard and a join link, with a token where one is needed", async () => {
    api.on("createRun", details);
    const file = join(folder, "run.yaml");
    await writeFile(file, "name: triage\n");
    const linkOf = async () => {
      const { stdout } = await called("run", "create", "--config", file);
      expect(stdout).toContain(`Dashboard: ${api.url}/runs/triage\n`);
      return /^Join link: (.*)$/m.exec(stdout)?.[1];
    };
    expect(await linkOf()).toBe("to be had with: fedtune token create --run triage");
    api.fail("openInvitation", 401, { code: "unauthenticated", message: "wanted a token" });
    expect(await linkOf()).toBe("to be had with: fedtune token create --run triage");
    const token = { id: "00000000-0000-4000-8000-000000000000", client: null, maxUses: null };
    const dates = { createdAt: summary.createdAt, expiresAt: summary.createdAt, revokedAt: null };
    api.on("createEnrolmentToken", { ...token, ...dates, uses: 0, secret: "fte_secret" });
    expect(await linkOf()).toBe(`${api.url}/join/triage#token=fte_secret`);
  });

  it("[AP6] create names the place of a field that the coordinator refuses", async () => {
    const issues = [{ field: "rounds.numRounds", value: -1, wanted: "number >= 1" }];
    const message = "Cannot read the run config: rounds.numRounds = -1, wanted number >= 1";
    api.fail("createRun", 400, { code: "config-invalid", message, data: { issues } });
    const file = join(folder, "run.yaml");
    await writeFile(file, "name: triage\nrounds:\n  numRounds: -1\n");
    const { code, stderr } = await called("run", "create", "--config", file);
    expect(code).toBe(2);
    expect(stderr).toMatch(/run\.yaml:3:\d+ rounds\.numRounds = -1, wanted number >= 1/);
  });

  it("[AP6] ls reads the list to its end", async () => {
    api.on("listRuns", page([summary, { ...summary, id: runId("other") }]));
    expect(await json("run", "ls")).toEqual({ runs: [summary, { ...summary, id: "other" }] });
    const { stdout } = await called("run", "ls");
    expect(stdout).toMatch(/^triage +fedavg +fedtune-mini +waiting +1\/5 +2 +2026-01-02/m);
  });

  it("[AP6] show tells one run", async () => {
    api.on("getRun", details);
    expect(await json("run", "show", "triage")).toEqual(details);
    const { stdout } = await called("run", "show", "triage");
    expect(stdout).toMatch(/^rounds +1 of 5$/m);
    expect(stdout).toMatch(/^waits +5 s at most$/m);
    expect(stdout).toContain("2 connected of 1");
  });

  it.each([
    ["pause", "pauseRun"],
    ["resume", "resumeRun"],
    ["stop", "stopRun"],
  ] as const)("[AP6] %s tells the run", async (verb, route) => {
    api.on(route, details);
    expect(await json("run", verb, "triage")).toEqual(details);
    expect(api.asked).toMatchObject([{ name: route, path: `/runs/triage/${verb}` }]);
  });

  it("[AP6] delete does nothing without --yes", async () => {
    const { code, stderr } = await called("run", "delete", "triage");
    expect([code, api.asked]).toEqual([2, []]);
    expect(stderr).toContain("without --yes");
    api.on("deleteRun", undefined);
    expect(await json("run", "delete", "triage", "--yes")).toEqual({
      run: "triage",
      deleted: true,
    });
  });

  it("[AP6] log tells rounds and evaluations in order", async () => {
    api.on("listRounds", page([round]));
    const evaluation = { round: 0, metrics: { loss: 0.5 }, traffic: null };
    api.on("listEvaluations", page([evaluation, { ...evaluation, round: 1 }]));
    api.on("listRefusals", page([]));
    const { stdout } = await called("run", "log", "triage");
    expect(stdout).toBe(
      "after round 0: loss 0.5\nround 1 committed, 2 of 3 updates, training loss 0.2500, 2.5 s\nafter round 1: loss 0.5\n",
    );
  });

  it("[AP6] log --follow tells every event, and ends with the run", async () => {
    api.on("followRun", [
      { type: "state", state },
      { type: "round", round },
      { type: "state", state: { ...state, phase: "failed" } },
    ]);
    api.on("getRun", { ...details, status: "failed" });
    const { code, stdout } = await called("run", "log", "triage", "--follow", "--json");
    const lines = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { event: string });
    expect(lines.map(({ event }) => event)).toEqual(["state", "round", "state", "end"]);
    expect(code).toBe(1);
  });

  it("[AP6] pull writes what PEFT opens, of the round that the coordinator names", async () => {
    const setup = await prepareWith(await openBaseModel("fedtune-mini"), resolved);
    const size = setup.tiers[0].layout.size;
    const bytes = float32Bytes(new Float32Array(size).fill(0.5));
    api.on("getRun", details);
    api.on("getAdapter", {
      bytes,
      headers: {
        "x-fedtune-hash": nodeHash.sha256(bytes),
        "x-fedtune-round": "4",
        "x-fedtune-rank": "2",
      },
    });
    const out = join(folder, "adapter");
    expect(await json("run", "pull", "triage", "--round", "best", "--out", out)).toEqual({
      ...{ run: "triage", round: 4, adapter: out, incomplete: [] },
    });
    expect((await readdir(out)).sort()).toEqual([
      "adapter_config.json",
      "adapter_model.safetensors",
    ]);
    expect(api.asked.map(({ path }) => path)).toContain("/runs/triage/rounds/best/adapter");
  });

  it("[CI2] knows no other verb, and names those that there are", async () => {
    for (const argv of [["run"], ["run", "lss"], ["token"], ["run", "ls", "more"]]) {
      const { code, stderr } = await callMain(...argv);
      expect(code).toBe(2);
      expect(stderr).toMatch(/^error usage: /);
      expect(stderr).toMatch(/See: fedtune (run|token)/);
    }
  });
});

describe("the right to ask", () => {
  const authorizations = () => api.asked.map(({ authorization }) => authorization);

  it("[AP6] is --token, then FEDTUNE_TOKEN, then the token of a coordinator on this machine", async () => {
    api.on("listRuns", page([]));
    await json("run", "ls");
    await mkdir(join(folder, "data"));
    await writeFile(join(folder, "data", "admin-token"), "ft_local\n", { mode: 0o600 });
    await json("run", "ls");
    process.env["FEDTUNE_TOKEN"] = "ft_environment";
    try {
      await json("run", "ls");
      await json("run", "ls", "--token", "ft_option");
    } finally {
      delete process.env["FEDTUNE_TOKEN"];
    }
    expect(authorizations()).toEqual([
      ...[null, "Bearer ft_local", "Bearer ft_environment", "Bearer ft_option"],
    ]);
  });

  it("[AP6] that is missing ends with the coordinator's code", async () => {
    api.fail("listRuns", 401, { code: "unauthenticated", message: "Cannot do this" });
    const { code, stdout } = await called("run", "ls", "--json");
    expect(code).toBe(4);
    expect(JSON.parse(stdout)).toEqual({
      error: { code: "unauthenticated", message: "Cannot do this", data: {} },
    });
  });
});

describe("fedtune token", () => {
  const life = { createdAt: "2026-01-02T00:00:00.000Z", revokedAt: null };
  const id = "00000000-0000-4000-8000-000000000000";

  it("[AP6] create makes a program's token", async () => {
    const token = {
      ...{ ...life, id, name: "ci", scopes: ["runs:read" as const], operator: null },
      ...{ expiresAt: null, lastUsedAt: null, secret: "ft_secret" },
    };
    api.on("createToken", token);
    expect(await json("token", "create", "--name", "ci", "--scope", "runs:read")).toEqual(token);
    expect(api.asked[0]!.body).toEqual({
      name: "ci",
      scopes: ["runs:read"],
      expiresInSeconds: null,
    });
    const { code, stderr } = await called("token", "create", "--name", "ci", "--scope", "all");
    expect([code, stderr]).toEqual([2, expect.stringContaining("Wanted one of runs:read")]);
  });

  it("[AP6] create --run makes a link that join understands", async () => {
    const token = {
      ...{ ...life, id, client: null, maxUses: 3, uses: 0 },
      ...{ expiresAt: "2026-01-03T00:00:00.000Z", secret: "fte_secret" },
    };
    api.on("createEnrolmentToken", token);
    const answer = (await json("token", "create", "--run", "triage", "--max-uses", "3")) as Record<
      string,
      unknown
    >;
    const link = `${api.url}/join/triage#token=fte_secret`;
    expect(answer).toMatchObject({ link, secret: "fte_secret" });
    expect(answer["command"]).toBe(`fedtune join '${link}' --name NAME --data FILE`);
    expect(api.asked[0]!.body).toEqual({ client: null, maxUses: 3 });
  });

  it("[AP6] ls and revoke look after both kinds", async () => {
    api.on("listTokens", page([]));
    api.on("listEnrolmentTokens", page([]));
    api.on("revokeToken", undefined);
    api.on("revokeEnrolmentToken", undefined);
    expect(await json("token", "ls")).toEqual({ tokens: [] });
    expect(await json("token", "ls", "--run", "triage")).toEqual({ tokens: [] });
    await json("token", "revoke", id);
    await json("token", "revoke", id, "--run", "triage");
    expect(api.asked.map(({ name }) => name)).toEqual([
      ...["listTokens", "listEnrolmentTokens", "revokeToken", "revokeEnrolmentToken"],
    ]);
  });
});
