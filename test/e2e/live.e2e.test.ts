/** A coordinator and clients in processes of their own, over real sockets. */
import { mkdirSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { wordRows, writeShares, writeTsv } from "./support/data.ts";
import { serve, takePart, writeConfig } from "./support/federation.ts";
import { fedtune, resultOf, workFolder } from "./support/fedtune.ts";

const folder = workFolder();
const at = (...parts: readonly string[]): string => join(folder, ...parts);
const stateDir = at("state");
const filesOf = (path: string) =>
  readdirSync(path)
    .sort()
    .map((name) => [name, readFileSync(join(path, name), "hex")]);
const tensorBytes = (path: string) =>
  readFileSync(join(path, "adapter_model.safetensors")).toString("hex");

let shares: ReturnType<typeof writeShares>;
beforeAll(() => {
  const rows = wordRows(120);
  shares = writeShares(folder, rows.slice(0, 90));
  writeTsv(at("test.tsv"), rows.slice(90));
});

describe("a live run and its simulation", () => {
  // The full tests try every method.
  it.each(["fedavg"])(
    "[CI5] [RE13] of %s end with the same adapter, bit for bit",
    async (method) => {
      mkdirSync(at(method));
      const config = writeConfig(at(method), {
        method: { name: method },
        rounds: { numRounds: 2, minAvailableClients: 3 },
        participants: ["anna", "ben", "carl"],
      });
      const test = ["--data", at("test.tsv")];
      const served = await serve("--config", config, "--data-dir", at(method, "data"), ...test);
      // In another order than that of the roster.
      const joined = [...shares.clients]
        .reverse()
        .map((client) => takePart(served, { ...client, stateDir: at(method, "state") }));
      const outcome = await served.ended;
      expect([outcome.code, resultOf(outcome)]).toEqual([
        0,
        expect.objectContaining({ status: "completed", failure: null }),
      ]);
      for (const client of await Promise.all(joined.map(({ ended }) => ended))) {
        expect([client.code, resultOf(client)]).toEqual([
          0,
          expect.objectContaining({ rounds: 2 }),
        ]);
      }
      const live = resultOf<{ adapter: string; rounds: { evaluation: object }[] }>(outcome);

      const dealt = ["--data", shares.all, "--partition", "by-column", "--column", "client"];
      const simulated = await fedtune(
        ...["simulate", "--config", config, ...dealt, "--test", at("test.tsv")],
        ...["--backend", "wasm", "--out", at(method, "simulated"), "--json"],
      );
      expect(simulated.code).toBe(0);
      expect(tensorBytes(live.adapter)).toBe(tensorBytes(at(method, "simulated", "adapter")));
      const { rounds } = resultOf<{ rounds: { evaluation: object }[] }>(simulated);
      const metrics = (list: readonly { evaluation: object }[]) =>
        list.map(({ evaluation }) => evaluation);
      expect(metrics(live.rounds)).toEqual(metrics(rounds));
    },
  );
});

it("[RE12] [CI5] [CI9] a client that is killed in a round does not stop the others, and comes back", async () => {
  mkdirSync(at("killed"));
  const rounds = { numRounds: 3, minAvailableClients: 3, minFitClients: 2, reconnectGraceMs: 1000 };
  const config = writeConfig(at("killed"), { rounds, participants: ["anna", "ben", "carl"] });
  const dataDir = at("killed", "data");
  const served = await serve("--config", config, "--data-dir", dataDir);
  const [anna, ben, carl] = shares.clients.map((client) => ({ ...client, stateDir }));
  if (anna === undefined || ben === undefined || carl === undefined) throw new Error("no clients");
  const others = [takePart(served, anna), takePart(served, ben)];
  // Long enough to be killed in the middle of.
  const slow = { ...carl, file: writeTsv(at("slow.tsv"), wordRows(1500)) };
  const victim = takePart(served, slow);
  await victim.says(/"event":"round","round":2/);
  victim.child.kill("SIGKILL");
  expect((await victim.ended).code).toBe("SIGKILL");
  await served.says(/carl lost its connection\n[^]*Round 2 goes on without carl\n/);
  await served.says(/"event":"round","round":2/);

  await exportsAgree(served.url, dataDir);

  const back = takePart(served, carl);
  const outcome = await served.ended;
  expect(outcome.code).toBe(0);
  expect(resultOf(outcome)).toMatchObject({
    rounds: [
      { round: 1, sampled: 3, accepted: 3, gone: 0 },
      { round: 2, sampled: 3, accepted: 2, gone: 1 },
      { round: 3, sampled: 3, accepted: 3, gone: 0 },
    ],
  });
  const returned = await back.ended;
  expect(returned.stdout).toContain('"event":"welcome","run":"live","index":2');
  expect([returned.code, resultOf(returned)]).toEqual([0, expect.objectContaining({ rounds: 1 })]);
  for (const other of await Promise.all(others.map(({ ended }) => ended))) {
    expect([other.code, resultOf(other)]).toEqual([0, expect.objectContaining({ rounds: 3 })]);
  }
});

/** While the coordinator waits: asked for, and copied from its folder. */
async function exportsAgree(url: string, dataDir: string): Promise<void> {
  const place = ["--server", url, "--data-dir", dataDir];
  const pull = (...more: string[]) => fedtune("run", "pull", "live", ...place, ...more);
  const asked = await pull("--out", at("asked"), "--round", "1");
  const copied = await fedtune(
    "export",
    "--data-dir",
    dataDir,
    "--out",
    at("copied"),
    "--round",
    "1",
  );
  expect([asked.code, asked.stderr, copied.code, copied.stderr]).toEqual([0, "", 0, ""]);
  expect(filesOf(at("asked"))).toEqual(filesOf(at("copied")));
  expect(readdirSync(at("asked")).sort()).toEqual([
    "adapter_config.json",
    "adapter_model.safetensors",
  ]);
  const missing = await pull("--out", at("none"), "--round", "9");
  expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining("blob-missing")]);
}

it("[HT4] [CI15] a second coordinator on the same port ends at once and leaves the first alone", async () => {
  mkdirSync(at("port"));
  const config = writeConfig(at("port"), {
    rounds: { numRounds: 1, minAvailableClients: 1, minFitClients: 1 },
  });
  const first = await serve("--config", config, "--data-dir", at("port", "data"));
  const second = await fedtune(
    ...["serve", "--config", config, "--data-dir", at("port", "data"), "--port", first.port],
  );
  expect([second.code, second.stdout]).toEqual([5, ""]);
  expect(second.stderr).toMatch(
    /^error port-in-use: Cannot listen on 127\.0\.0\.1:\d+: the port is in use; stop the other/m,
  );
  const [client] = shares.clients;
  const joined = takePart(first, { name: "zoe", file: client?.file ?? "", stateDir });
  expect([(await first.ended).code, (await joined.ended).code]).toEqual([0, 0]);
});
