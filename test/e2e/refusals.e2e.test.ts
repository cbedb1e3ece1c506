/** What goes wrong in practice: each ends soon, with a code, a sentence that names the culprit, and its exit status. */
import { cpSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { tinyBert, wordRows, writeTsv } from "./support/data.ts";
import { serve, takePart, writeConfig } from "./support/federation.ts";
import type { Served } from "./support/federation.ts";
import { fedtune, resultOf, start, workFolder } from "./support/fedtune.ts";
import type { Running } from "./support/fedtune.ts";
import { root } from "../support/repository.ts";

const folder = workFolder();
const at = (...parts: readonly string[]): string => join(folder, ...parts);
const write = (name: string, content: string | Uint8Array): string => {
  writeFileSync(at(name), content);
  return at(name);
};

let nobody: Running;
beforeAll(() => {
  writeTsv(at("good.tsv"), wordRows(30));
  // Asked about at the end: it waits while the others run.
  const self = ["--name", "zoe", "--data", at("good.tsv"), "--state-dir", at("state")];
  nobody = start("join", "--server", "http://127.0.0.1:1", ...self);
});

/** Exit status and message of a simulation that must be refused. */
async function refused(...options: readonly string[]): Promise<readonly [unknown, string]> {
  const { code, stderr } = await fedtune("simulate", "--backend", "wasm", ...options);
  return [code, stderr];
}

describe("a config", () => {
  const task = "task: { kind: sequence-classification, labels: [a, b] }\n";

  it("[CI14] [CF1] with an unknown key is refused with line, column and the nearest known key", async () => {
    const config = write("key.yaml", `${task}training:\n  learningrate: 1\n`);
    expect(await refused("--config", config, "--data", at("good.tsv"))).toEqual([
      2,
      "error config-invalid: Cannot read the run config\n" +
        `  ${config}:3:3 training.learningrate = 1, wanted a known key (did you mean "learningRate"?)\n`,
    ]);
  });

  it("[CI14] [CF3] that contradicts itself is refused before a port is opened, as JSON too", async () => {
    const config = write(
      "conflict.yaml",
      `${task}rounds:\n  minFitClients: 5\n  minAvailableClients: 3\n`,
    );
    const outcome = await fedtune("serve", "--config", config, "--json");
    expect(outcome.code).toBe(2);
    expect(resultOf(outcome)).toEqual({
      error: {
        code: "config-conflict",
        message: expect.stringContaining("rounds.minFitClients = 5") as string,
        data: {
          issues: [
            {
              field: "rounds.minFitClients",
              value: 5,
              wanted: "at most rounds.minAvailableClients (3)",
              fix: { value: 3 },
              place: `${config}:3:3`,
            },
          ],
        },
      },
    });
  });

  it("[CF2] [CF6] with a method that does not exist is refused with those that do", async () => {
    const [code, message] = await refused("--method", "fedfoo", "--data", at("good.tsv"));
    expect(code).toBe(2);
    expect(message).toMatch(/ --method method\.name = "fedfoo", wanted one of fedavg, ffa-lora/);
  });
});

describe("a base model", () => {
  const withModel = (model: string) =>
    refused("--data", at("good.tsv"), "--model", model, "--rounds", "1", "--clients", "2");

  it("[TN14] [CI15] that is not there is refused by name", async () => {
    expect(await withModel(at("nothing"))).toEqual([
      3,
      `error model-invalid: Cannot open base model "${at("nothing")}": wanted a built-in model, a folder or hub:owner/name, ` +
        `found no ${at("nothing")}\n`,
    ]);
  });

  it("[TN14] [CI15] that is cut off is refused by its file", async () => {
    cpSync(tinyBert, at("broken"), { recursive: true });
    truncateSync(at("broken", "model.safetensors"), 1000);
    const [code, message] = await withModel(at("broken"));
    expect([code, message]).toEqual([
      3,
      expect.stringMatching(/^error model-invalid: .*model\.safetensors: .*ends after 1000 bytes/m),
    ]);
  });

  it("[DA6] [CI15] whose tokenizer does not fit is refused with both numbers", async () => {
    cpSync(tinyBert, at("foreign"), { recursive: true });
    const other = join(root, "packages/training/assets/fedtune-mini/tokenizer.json");
    writeFileSync(at("foreign", "tokenizer.json"), readFileSync(other));
    const [code, message] = await withModel(at("foreign"));
    expect([code, message]).toEqual([
      3,
      expect.stringMatching(/^error tokenizer-mismatch: .* \d+ entries, .* embeddings for 119$/m),
    ]);
  });
});

describe("a client", () => {
  it.each([
    ["is not there", null, /^error file-missing: Cannot read .*: no such file$/m],
    ["has no rows", "text,label\n", /it has no rows, expected at least 1/],
    [
      "is cut inside a letter",
      "text,label\nx,negative\ncaf\u00e9",
      /line 3: it is not valid UTF-8/,
    ],
  ])("[DA1] [CI15] whose data file %s is told before it calls", async (what, text, message) => {
    const path = at(`${what.replaceAll(" ", "-")}.csv`);
    // The last byte of é is left out where the file is to be cut.
    if (text !== null)
      writeFileSync(path, Buffer.from(text).subarray(0, text.endsWith("é") ? -1 : undefined));
    const self = ["--server", "http://127.0.0.1:1", "--name", "zoe", "--data", path];
    const { code, stderr } = await fedtune("join", ...self);
    expect([code, stderr]).toEqual([3, expect.stringMatching(message)]);
    expect(stderr).not.toContain("Connecting");
  });
});

describe("a coordinator goes on with the others", () => {
  let served: Served;
  beforeAll(async () => {
    mkdirSync(at("live"));
    const rounds = { numRounds: 1, minAvailableClients: 2, minFitClients: 2 };
    const config = writeConfig(at("live"), { rounds, method: { name: "ffa-lora" } });
    served = await serve("--config", config, "--data-dir", at("live", "data"));
  });
  const client = (name: string, file: string) => ({ name, file, stateDir: at("state") });

  it("[DA2] [CI15] when one has an unknown label", async () => {
    const file = write("labels.csv", "text,label\ngood film,positive\nbad film,negativ\n");
    const outcome = await takePart(served, client("yara", file)).ended;
    expect(outcome.code).toBe(3);
    expect(outcome.stderr).toMatch(
      /^error label-unknown: .*labels\.csv, line 3: column "label" holds the unknown label "negativ"; did you mean "negative"\?$/m,
    );
  });

  it("[DA1] [CI15] when the file of one lacks a column of the run's task", async () => {
    const file = write("lacking.csv", "text,lable\nx,negative\n");
    const outcome = await takePart(served, client("zoe", file)).ended;
    expect(outcome.code).toBe(3);
    expect(outcome.stderr).toMatch(/line 1: there is no column "label"; columns: text, lable$/m);
  });

  it("[CI15] when one has another base model", async () => {
    const other = ["--model", "fedtune-mini"];
    const outcome = await takePart(served, client("xaver", at("good.tsv")), ...other).ended;
    expect(outcome.code).toBe(3);
    expect(outcome.stderr).toMatch(
      /^error layout-mismatch: .*this base model gives another adapter layout than ".*tiny-bert"$/m,
    );
  });

  it("[DA2] [CI5] one whose rows have one label only takes part", async () => {
    const file = write("one.csv", "text,label\ngood film,positive\ngreat movie,positive\n");
    const joined = [client("wanda", file), client("vera", at("good.tsv"))].map((one) =>
      takePart(served, one),
    );
    const outcome = await served.ended;
    expect(outcome.code).toBe(0);
    expect(resultOf(outcome)).toMatchObject({ rounds: [{ sampled: 2, accepted: 2 }] });
    for (const one of await Promise.all(joined.map(({ ended }) => ended))) expect(one.code).toBe(0);
  });
});

it("[TR9] [CI15] a client that reaches nobody has given up within half a minute", async () => {
  const { code, stderr } = await nobody.ended;
  expect(code).toBe(4);
  expect(stderr).toMatch(/^Connecting to http:\/\/127\.0\.0\.1:1\nerror \S+: Cannot reach/);
}, 60_000);
