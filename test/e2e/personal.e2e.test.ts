/** Personal factors over real sockets: they stay with their client, and outlive its process. */
import { readSafetensors } from "@fedtune/core";
import { mkdirSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { small, wordRows, writeShares, writeTsv } from "./support/data.ts";
import { serve, takePart, writeConfig } from "./support/federation.ts";
import { fedtune, resultOf, workFolder } from "./support/fedtune.ts";

const folder = workFolder();
const at = (...parts: readonly string[]): string => join(folder, ...parts);
const rounds = { numRounds: 3, minAvailableClients: 3, reconnectGraceMs: 60_000 };
const participants = ["anna", "ben", "carl"];

interface Report {
  readonly adapter: string;
  readonly incomplete: readonly string[];
  readonly rounds: readonly {
    readonly accepted: number;
    readonly evaluation: Readonly<Record<string, number>> | null;
  }[];
}

/** Bytes of the tensors of a saved adapter whose names match, by name. */
function tensorsOf(path: string, name: RegExp): Map<string, string> {
  const { tensors } = readSafetensors(
    new Uint8Array(readFileSync(join(path, "adapter_model.safetensors"))),
  );
  return new Map(
    [...tensors.values()]
      .filter((tensor) => name.test(tensor.name))
      .map((tensor) => [tensor.name, Buffer.from(tensor.bytes).toString("hex")]),
  );
}

let shares: ReturnType<typeof writeShares>;
beforeAll(() => {
  shares = writeShares(folder, wordRows(120));
});

it("[CL3] [CL2] [RE13] a client's B survives its process: killed and started again, the run ends as if nothing had been", async () => {
  mkdirSync(at("live"));
  const method = { name: "fedsa-lora" };
  const config = writeConfig(at("live"), { method, rounds, participants });
  const served = await serve("--config", config, "--data-dir", at("live", "data"));
  const join3 = ({ name, file }: { readonly name: string; readonly file: string }) =>
    takePart(
      served,
      { name, file, stateDir: at("live", "state") },
      "--save-adapter",
      at("live", name),
    );
  const running = shares.clients.map(join3);
  const carl = running[2]!;
  // Whoever is away when an evaluation begins is not asked: killed before, carl would be missing in round 2.
  await carl.says(/"event":"evaluated","round":2/);
  carl.child.kill("SIGKILL");
  expect((await carl.ended).code).toBe("SIGKILL");
  const back = join3(shares.clients[2]!);

  const outcome = await served.ended;
  expect(outcome.code).toBe(0);
  const live = resultOf<Report>(outcome);
  expect(live.incomplete).toEqual(["up", "head"]);
  expect(live.rounds.slice(1).map(({ accepted }) => accepted)).toEqual([3, 3, 3]);
  const clients = await Promise.all([running[0]!, running[1]!, back].map(({ ended }) => ended));
  expect(clients.map(({ code }) => code)).toEqual([0, 0, 0]);
  for (const client of clients)
    expect(client.stderr).toMatch(/^Round 3: own accuracy [\d.]+ % on 8 examples$/m);

  const dealt = ["--data", shares.all, "--partition", "by-column", "--column", "client"];
  const simulated = await fedtune(
    ...["simulate", "--config", config, ...dealt],
    ...["--backend", "wasm", "--out", at("simulated"), "--json"],
  );
  expect(simulated.code).toBe(0);
  const expected = resultOf<Report>(simulated);
  const evaluations = ({ rounds: rows }: Report) => rows.map(({ evaluation }) => evaluation);
  expect(evaluations(live)).toEqual(evaluations(expected));
  expect(evaluations(live).map((found) => [found?.["clients"], found?.["examples"]])).toEqual(
    [0, 1, 2, 3].map(() => [3, 24]),
  );
  // A of the next rounds depends on the B that each client went on from.
  expect(tensorsOf(live.adapter, /./)).toEqual(tensorsOf(expected.adapter, /./));
});

it("[CL1] [AD10] only the client has its whole adapter: the coordinator's lacks what never travelled", () => {
  const common = tensorsOf(at("live", "data", "runs", "live", "round-3"), /lora_A/);
  expect(common.size).toBeGreaterThan(0);
  const own = participants.map((name) => tensorsOf(at("live", name), /lora_B|classifier/));
  const blobs = readdirSync(at("live", "data", "blobs"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "hex"));
  expect(blobs.length).toBeGreaterThan(9);
  for (const [k, name] of participants.entries()) {
    expect(tensorsOf(at("live", name), /lora_A/)).toEqual(common);
    expect([...own[k]!]).not.toEqual([...own[(k + 1) % 3]!]);
    for (const values of own[k]!.values()) {
      expect(values).toMatch(/[1-9a-f]/);
      const start = values.slice(0, 64);
      expect(blobs.some((blob) => blob.includes(start))).toBe(false);
    }
  }
  // The search does find what is meant to travel.
  const [shared = ""] = common.values();
  expect(blobs.some((blob) => blob.includes(shared.slice(0, 64)))).toBe(true);
});

it("[AD10] [CI9] the coordinator's adapter is exported only when zeros may stand for what it lacks", async () => {
  const source = ["--data-dir", at("live", "data"), "--out", at("exported")];
  const refused = await fedtune("export", ...source);
  expect(refused.code).not.toBe(0);
  expect(refused.stderr).toContain("--cold-start zero exports it as it is");
  const exported = await fedtune("export", ...source, "--cold-start", "zero");
  expect([exported.code, exported.stderr]).toEqual([0, ""]);
  expect(exported.stdout).toContain("Incomplete: its up and head factors are zero");
  for (const values of tensorsOf(at("exported"), /lora_B|classifier/).values())
    expect(values).toMatch(/^0*$/);
});

it("[CI5] a client evaluates on data of its own where it has some, and then trains on everything", async () => {
  mkdirSync(at("given"));
  const config = writeConfig(at("given"), {
    method: { name: "fedsa-lora" },
    rounds: { numRounds: 1, minAvailableClients: 2 },
  });
  const served = await serve("--config", config, "--data-dir", at("given", "data"));
  const [anna, ben] = shares.clients.map((client) => ({
    ...client,
    stateDir: at("given", "state"),
  }));
  const own = writeTsv(at("own.tsv"), wordRows(10));
  const [given, held] = [takePart(served, anna!, "--eval-data", own), takePart(served, ben!)];
  expect((await given.ended).stderr).toMatch(/^Round 1: own accuracy [\d.]+ % on 10 examples$/m);
  expect((await held.ended).stderr).toContain("Keeps 20.0 % of its examples out of training");
  const { rounds: rows } = resultOf<TrainedReport>(await served.ended);
  expect(rows.at(-1)?.training["examples"]).toBe(40 + 32);
  expect(rows.at(-1)?.evaluation).toMatchObject({ clients: 2, examples: 18 });
});

interface TrainedReport {
  readonly rounds: readonly {
    readonly training: Readonly<Record<string, number>>;
    readonly evaluation: Readonly<Record<string, number>>;
  }[];
}

it("[CI6] [CF3] the sharing of the released code is labelled wherever its numbers are, and refused where nothing is shared", async () => {
  const simulate = (method: string) =>
    fedtune(
      ...["simulate", ...small, "--data", shares.all, "--method", method, "--rounds", "1"],
      ...["--set", "simulation.sharePersonal=true", "--out", at(`shared-${method}`)],
    );
  const shared = await simulate("fedsa-lora");
  expect(shared.code).toBe(0);
  for (const text of [shared.stdout, shared.stderr]) {
    expect(text).toContain("as in the released FedSA-LoRA code, not as in its paper");
    expect(text).toContain("shared-B accuracy");
    expect(text).not.toContain("personalised");
  }
  const rows = readFileSync(at("shared-fedsa-lora", "rounds.jsonl"), "utf8").trimEnd().split("\n");
  for (const row of rows) expect(JSON.parse(row)).toMatchObject({ sharePersonal: true });
  const refused = await simulate("fedavg");
  expect(refused.code).not.toBe(0);
  expect(refused.stderr).toMatch(
    /simulation\.sharePersonal = true, wanted false with method fedavg/,
  );
});
