/** The real binary in processes of its own, called from a folder outside the repository. */
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verbs } from "./verbs.ts";

const binary = fileURLToPath(new URL("../bin/fedtune.mjs", import.meta.url));

let elsewhere = "";
beforeAll(async () => {
  elsewhere = await mkdtemp(join(tmpdir(), "fedtune-cli-"));
  // A project of somebody else: its settings must not reach fedtune.
  await writeFile(join(elsewhere, "tsconfig.json"), "{ this is no JSON");
});
afterAll(() => rm(elsewhere, { recursive: true }));

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function fedtune(...argv: readonly string[]): Promise<Outcome> {
  // From source, also where other tests start what was built.
  const env = { ...process.env, RUN_BUILT: "" };
  const child = spawn(process.execPath, [binary, ...argv], { cwd: elsewhere, env });
  const text = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => (text.stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (text.stderr += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      resolve({ code, ...text });
    });
  });
}

describe("help", () => {
  it("[CI1] [CI16] fedtune alone lists every verb and the exit codes", async () => {
    const { code, stdout, stderr } = await fedtune();
    expect([code, stderr]).toEqual([0, ""]);
    for (const { name } of verbs) expect(stdout).toMatch(new RegExp(`^  ${name} `, "m"));
    expect(stdout).toContain("Exit codes:");
  });

  it.each(verbs.map(({ name }) => name))(
    "[CI1] fedtune %s --help shows an example",
    async (name) => {
      const { code, stdout, stderr } = await fedtune(name, "--help");
      expect([code, stderr]).toEqual([0, ""]);
      expect(stdout).toMatch(new RegExp(`Examples?:\n  \\$ fedtune ${name}`));
      expect(stdout).toContain("--json");
    },
  );

  it("[CI1] fedtune --version is the package's version", async () => {
    expect((await fedtune("--version")).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe("refusals", () => {
  it("[CI2] an unknown verb names the nearest", async () => {
    const { code, stdout, stderr } = await fedtune("agregate");
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("error usage: unknown command 'agregate' (Did you mean aggregate?)");
  });

  it("[CI2] [CI12] an unknown option names the nearest, as JSON too", async () => {
    const { code, stdout, stderr } = await fedtune("simulate", "--partitoin", "iid", "--json");
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toEqual({
      error: {
        code: "usage",
        message: "unknown option '--partitoin' (Did you mean --partition?)",
        data: { help: "fedtune simulate --help" },
      },
    });
    expect(stderr).toContain("error usage:");
  });

  it("[CI14] [CF1] a wrong key of a config is shown with its place and the nearest known", async () => {
    const task = "task: { kind: sequence-classification, labels: [a, b] }";
    await writeFile(join(elsewhere, "run.yaml"), `${task}\nrounds:\n  numRound: 3\n`);
    const { code, stderr } = await fedtune("serve", "--config", "run.yaml");
    expect(stderr).toContain("error config-invalid: Cannot read the run config\n");
    expect(stderr).toContain(
      '  run.yaml:3:3 rounds.numRound = 3, wanted a known key (did you mean "numRounds"?)',
    );
    expect(code).toBe(2);
  });

  it("[CI15] [CI3] a missing file exits with 3, without a stack unless asked for", async () => {
    const { code, stderr } = await fedtune("serve", "--config", "none.yaml");
    expect(code).toBe(3);
    expect(stderr).toBe(
      "error file-missing: Cannot read config file none.yaml: there is no such file\n",
    );
    expect((await fedtune("serve", "--config", "none.yaml", "--verbose")).stderr).toContain(
      "    at ",
    );
  });
});

it("[CI10] [CI16] fedtune methods --json works from any folder and prints nothing else", async () => {
  const { code, stdout, stderr } = await fedtune("methods", "--json");
  expect([code, stderr]).toEqual([0, ""]);
  expect(JSON.parse(stdout)).toContainEqual(expect.objectContaining({ name: "fedavg" }));
});

describe("an interrupt", () => {
  const training = (path: string) =>
    fileURLToPath(new URL(`../../../packages/training/${path}`, import.meta.url));
  const endless = [
    ...["simulate", "--data", training("assets/household-intents/train.tsv"), "--backend", "wasm"],
    ...["--model", training("golden/tiny-bert"), "--clients", "3", "--rounds", "100000"],
  ];

  it("[CI13] [CI15] ends a run in good order and leaves with 130", async () => {
    const child = spawn(process.execPath, [binary, ...endless], { cwd: elsewhere });
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk.toString();
      if (stderr.includes("Training on") && !stderr.includes("Stopping")) child.kill("SIGINT");
    });
    const ended = await new Promise((resolve) =>
      child.once("close", (...how) => {
        resolve(how);
      }),
    );
    expect([ended, stderr]).toEqual([[130, null], expect.stringContaining("Stopping; once more")]);
  });
});
