/** Two tabs of a real browser and two Node clients in one run, on different backends, as in a simulation. */
import { createApiClient } from "@fedtune/api";
import { runId } from "@fedtune/core";
import { nodeClock, nodeHash } from "@fedtune/node-ports";
import { chromiumPath, launchChromium, withoutChromium } from "@fedtune/testkit/chromium";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  realPostgresBin,
  realPostgresTitle,
  startRealPostgres,
} from "../../packages/db/src/test-support/servers.ts";
import { root } from "../support/repository.ts";
import { fedtune, resultOf, start, workFolder } from "./support/fedtune.ts";
import { joinByTab } from "./support/tab.ts";

const folder = workFolder();
const household = join(root, "packages/training/assets/household-intents");
const test = join(household, "test.tsv");
/** Of 400 examples one is 0.25 points. */
const tolerance = 0.01;

/** The first rows of every dialect, a file for each, and one of all. */
function writeData(): { readonly all: string; readonly files: readonly string[] } {
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

const places = [
  { name: "the embedded database", hasPostgres: false, isThere: true },
  { name: realPostgresTitle, hasPostgres: true, isThere: realPostgresBin !== null },
];

describe.skipIf(chromiumPath() === null).each(places)(
  `two tabs and two Node clients, on $name${chromiumPath() === null ? ` (${withoutChromium})` : ""}`,
  ({ hasPostgres, isThere }) => {
    it.skipIf(!isThere)(
      "[WP15] [CI5] [AD8] finish a run with the accuracy of its simulation; its adapter measures the same from the command line",
      async () => {
        const data = writeData();
        const at = (name: string): string =>
          join(folder, `${hasPostgres ? "real" : "own"}-${name}`);
        mkdirSync(at("data"));
        const task = { kind: "sequence-classification", labels: labelsOf(data.all) };
        const file = at("run.yaml");
        writeFileSync(file, JSON.stringify({ ...config, task }));
        const postgres = hasPostgres ? await startRealPostgres() : null;
        const served = start(
          ...["serve", "--config", file, "--port", "0", "--data-dir", at("data"), "--data", test],
          ...["--backend", "wasm", "--json", "--log-level", "error"],
          ...(postgres === null ? [] : ["--database-url", postgres.url]),
        );
        const [, url = ""] = await served.says(/"event":"listening","url":"([^"]+)"/);
        await served.says(/admin-token/);
        const authorization = `Bearer ${readFileSync(join(at("data"), "admin-token"), "utf8").trim()}`;
        const headers = () => ({ authorization });
        const client = createApiClient({ url, fetch, clock: nodeClock, hash: nodeHash, headers });
        const { secret } = await client.createEnrolmentToken({
          params: { run: runId("four") },
          body: {},
        });
        const link = `${url}/join/four#token=${secret}`;
        const browser = await launchChromium();
        try {
          // One after the other, so that everybody has the place that the simulation gives him.
          const nodes = [];
          for (const [k, backend] of ["wasm", "cpu"].entries()) {
            const self = ["--name", `node-${k}`, "--data", data.files[k] ?? "", "--json"];
            const node = start(
              ...["join", link, ...self, "--backend", backend, "--state-dir", at("state")],
            );
            await node.says(new RegExp(`"event":"welcome".*"index":${k}`));
            nodes.push(node);
          }
          const pages = [];
          for (const [k, backend] of (["wasm", "cpu"] as const).entries()) {
            pages.push(await joinByTab(browser, { link, file: data.files[k + 2] ?? "", backend }));
            await served.says(new RegExp(`(tab-[0-9a-f]{12}[^]*){${k + 1}}`));
          }
          const outcome = await served.ended;
          expect([outcome.code, resultOf(outcome)]).toEqual([
            0,
            expect.objectContaining({ status: "completed" }),
          ]);
          for (const node of nodes) {
            const ended = await node.ended;
            expect([ended.code, resultOf(ended)]).toEqual([
              0,
              expect.objectContaining({ rounds: 3 }),
            ]);
          }
          for (const page of pages) await page.waitForURL("**/done");
          const live = resultOf<{ adapter: string; rounds: readonly RoundOf[] }>(outcome);

          const simulated = await fedtune(
            ...["simulate", "--config", file, "--data", data.all, "--test", test],
            ...["--partition", "by-column", "--column", "client", "--backend", "wasm", "--json"],
          );
          expect([simulated.code, simulated.stderr.includes("error")]).toEqual([0, false]);
          const { rounds } = resultOf<{ rounds: readonly RoundOf[] }>(simulated);
          const ends = [live.rounds, rounds].map((all) => all.at(-1)?.evaluation);
          const first = rounds[0]?.evaluation;
          expect(ends[1]?.accuracy).toBeGreaterThan((first?.accuracy ?? 1) + 0.1);
          expect(Math.abs((ends[0]?.accuracy ?? 0) - (ends[1]?.accuracy ?? 1))).toBeLessThan(
            tolerance,
          );
          expect(ends[0]?.loss).toBeCloseTo(ends[1]?.loss ?? 0, 3);

          const measured = await fedtune(
            ...["eval", "--adapter", live.adapter, "--data", test, "--backend", "wasm", "--json"],
            ...["--max-length", "24"],
          );
          expect(measured.code).toBe(0);
          const { accuracy, loss } = resultOf<NonNullable<RoundOf["evaluation"]>>(measured);
          expect(accuracy).toBe(ends[0]?.accuracy);
          expect(loss).toBeCloseTo(ends[0]?.loss ?? 0, 6);
        } finally {
          await browser.close();
          await postgres?.stop();
        }
      },
    );
  },
);

function labelsOf(path: string): readonly string[] {
  const [, ...lines] = readFileSync(path, "utf8").trimEnd().split("\n");
  return [...new Set(lines.map((line) => line.split("\t")[1] ?? ""))].sort();
}
