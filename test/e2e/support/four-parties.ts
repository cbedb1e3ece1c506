/** Two tabs of a real browser and two Node clients in one run, on different backends; then its simulation. */
import { createApiClient } from "@fedtune/api";
import { runId } from "@fedtune/core";
import { nodeClock, nodeHash } from "@fedtune/node-ports";
import { launchChromium } from "@fedtune/testkit/chromium";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { root } from "../../support/repository.ts";
import { fedtune, resultOf, start } from "./fedtune.ts";
import type { Running } from "./fedtune.ts";
import { joinByTab } from "./tab.ts";

const household = join(root, "packages/training/assets/household-intents");
const test = join(household, "test.tsv");
/** Of 400 examples one is 0.25 points. */
const tolerance = 0.01;

/** The first rows of every dialect, a file for each, and one of all. */
function writeData(folder: string): { readonly all: string; readonly files: readonly string[] } {
  const [header = "", ...lines] = readFileSync(join(household, "train.tsv"), "utf8")
    .trimEnd()
    .split("\n");
  const shares = ["0", "1", "2", "3"].map((client) =>
    lines.filter((line) => line.endsWith(`\t${client}`)).slice(0, 160),
  );
  const write = (name: string, rows: readonly string[]): string => {
    const path = join(folder, name);
    writeFileSync(path, `${[header, ...rows].join("\n")}\n`);
    return path;
  };
  return {
    all: write("all.tsv", shares.flat()),
    files: shares.map((rows, k) => write(`dialect-${k}.tsv`, rows)),
  };
}

interface RoundOf {
  readonly evaluation: { readonly accuracy: number; readonly loss: number } | null;
}

const config = {
  name: "four",
  seed: 5,
  model: "fedtune-mini",
  adapter: { rank: 4, loraAlpha: 8, targetModules: ["query", "value"] },
  training: { maxSteps: 6, batchSize: 16, maxLength: 24, learningRate: 0.01 },
  rounds: { numRounds: 3, minAvailableClients: 4, minFitClients: 4, roundTimeoutMs: 300_000 },
  about: { title: "Household words", organiser: "The house", subject: "sentence" },
};

/** Ways to compute at the command line, and in a tab. */
const nodeBackends = [["wasm"], ["wasm", "--kernels", "stock"]] as const;
const tabBackends = ["wasm", "cpu"] as const;

async function invitation(url: string, dataDir: string): Promise<string> {
  const authorization = `Bearer ${readFileSync(join(dataDir, "admin-token"), "utf8").trim()}`;
  const headers = () => ({ authorization });
  const client = createApiClient({ url, fetch, clock: nodeClock, hash: nodeHash, headers });
  const params = { run: runId("four") };
  const { secret } = await client.createEnrolmentToken({ params, body: {} });
  return `${url}/join/four#token=${secret}`;
}

/** Everybody joins, one after the other, so that each has the place that the simulation gives it. */
async function allTakePart(served: Running, link: string, { folder, files }: Holders) {
  const browser = await launchChromium();
  try {
    const nodes: Running[] = [];
    for (const [k, backend] of nodeBackends.entries()) {
      const self = ["--name", `node-${k}`, "--data", files[k] ?? "", "--json"];
      const state = ["--state-dir", join(folder, "state")];
      const node = start("join", link, ...self, ...state, "--backend", ...backend);
      await node.says(new RegExp(`"event":"welcome".*"index":${k}`));
      nodes.push(node);
    }
    const pages = [];
    for (const [k, backend] of tabBackends.entries()) {
      pages.push(await joinByTab(browser, { link, file: files[k + 2] ?? "", backend }));
      await served.says(new RegExp(`(tab-[0-9a-f]{12}[^]*){${k + 1}}`));
    }
    const outcome = await served.ended;
    for (const node of nodes) {
      const ended = await node.ended;
      expect([ended.code, resultOf(ended)]).toEqual([0, expect.objectContaining({ rounds: 3 })]);
    }
    for (const page of pages) await page.waitForURL("**/done");
    return outcome;
  } finally {
    await browser.close();
  }
}

interface Holders {
  readonly folder: string;
  readonly files: readonly string[];
}

/** Plays the run on a database, the coordinator's own or a named one, and holds it against its simulation. */
export async function playFourParties(folder: string, databaseUrl: string | null): Promise<void> {
  const { all, files } = writeData(folder);
  const task = { kind: "sequence-classification", labels: labelsOf(all) };
  const file = join(folder, "run.yaml");
  writeFileSync(file, JSON.stringify({ ...config, task }));
  const dataDir = join(folder, "data");
  const served = start(
    ...["serve", "--config", file, "--port", "0", "--data-dir", dataDir, "--data", test],
    ...["--backend", "wasm", "--json", "--log-level", "error"],
    ...(databaseUrl === null ? [] : ["--database-url", databaseUrl]),
  );
  const [, url = ""] = await served.says(/"event":"listening","url":"([^"]+)"/);
  await served.says(/admin-token/);
  const outcome = await allTakePart(served, await invitation(url, dataDir), { folder, files });
  expect([outcome.code, resultOf(outcome)]).toEqual([
    0,
    expect.objectContaining({ status: "completed" }),
  ]);
  const live = resultOf<{ adapter: string; rounds: readonly RoundOf[] }>(outcome);
  const end = live.rounds.at(-1)?.evaluation;

  const simulated = await fedtune(
    ...["simulate", "--config", file, "--data", all, "--test", test],
    ...["--partition", "by-column", "--column", "client", "--backend", "wasm", "--json"],
  );
  expect(simulated.code).toBe(0);
  const { rounds } = resultOf<{ rounds: readonly RoundOf[] }>(simulated);
  const [before, wanted] = [rounds[0]?.evaluation, rounds.at(-1)?.evaluation];
  expect(wanted?.accuracy).toBeGreaterThan((before?.accuracy ?? 1) + 0.1);
  expect(Math.abs((end?.accuracy ?? 0) - (wanted?.accuracy ?? 1))).toBeLessThan(tolerance);
  expect(end?.loss).toBeCloseTo(wanted?.loss ?? 0, 3);

  const measured = await fedtune(
    ...["eval", "--adapter", live.adapter, "--data", test, "--backend", "wasm", "--json"],
    ...["--max-length", "24"],
  );
  expect(measured.code).toBe(0);
  const { accuracy, loss } = resultOf<NonNullable<RoundOf["evaluation"]>>(measured);
  expect(accuracy).toBe(end?.accuracy);
  expect(loss).toBeCloseTo(end?.loss ?? 0, 6);
}

function labelsOf(path: string): readonly string[] {
  const [, ...lines] = readFileSync(path, "utf8").trimEnd().split("\n");
  return [...new Set(lines.map((line) => line.split("\t")[1] ?? ""))].sort();
}
