import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callMain } from "../test-support/capture.ts";
import type { PrivacyAnswer } from "./privacy.ts";

const plan = ["--sampling-rate", "0.01", "--steps", "1000"] as const;
const done = [...plan, "--noise-multiplier", "1"] as const;
const row = {
  mechanism: "poisson-gaussian",
  samplingRate: 0.01,
  noiseMultiplier: 1,
  steps: 1000,
} as const;

let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fedtune-privacy-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function ledger(name: string, content: unknown): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

async function found(...argv: readonly string[]): Promise<PrivacyAnswer> {
  const { code, stdout, stderr } = await callMain("privacy", ...argv, "--json");
  expect([code, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout) as PrivacyAnswer;
}

describe("fedtune privacy", () => {
  it("[DP9] epsilon prints the value, its bounds and how it was found, as text and as JSON", async () => {
    const answer = await found("epsilon", ...done, "--delta", "1e-5");
    expect(answer).toMatchObject({ accountant: "prv", delta: 1e-5, events: [row], warnings: [] });
    expect(answer).toMatchObject({ relation: "add-or-remove-one", unit: "example" });
    expect(answer.epsilon).toBeCloseTo(1.8282, 3);
    expect(answer.lower).toBeLessThan(answer.epsilon);
    expect(answer.upper).toBeGreaterThanOrEqual(answer.epsilon);
    const { code, stdout } = await callMain("privacy", "epsilon", ...done, "--delta", "1e-5");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^epsilon +1\.828\d+ \(at least 1\.8\d+, at most 1\.828\d+\)$/m);
    expect(stdout).toMatch(/^accountant +prv, \d+ privacy losses \S+ apart$/m);
  });

  it("[DP9] epsilon by Renyi divergences names the order", async () => {
    const answer = await found("epsilon", ...done, "--delta", "1e-5", "--accountant", "rdp");
    expect(answer.epsilon).toBeCloseTo(2.1014, 3);
    expect(answer.order).toBe(7.8);
    const argv = ["epsilon", ...done, "--delta", "1e-5", "--accountant", "rdp"];
    const { stdout } = await callMain("privacy", ...argv);
    expect(stdout).toMatch(/^accountant +rdp, best order 7\.8 of \d+ from 1\.1 to 4096$/m);
  });

  it("[DP9] delta is the inverse of epsilon", async () => {
    const { epsilon } = await found("epsilon", ...done, "--delta", "1e-5");
    const answer = await found("delta", ...done, "--epsilon", String(epsilon));
    expect(answer.delta).toBeCloseTo(1e-5, 10);
  });

  it("[DP8] [DP9] noise stays within the target together with the ledger's rows", async () => {
    const spent = await ledger("spent.json", [row]);
    const argv = [...plan, "--epsilon", "4", "--delta", "1e-5", "--accountant", "rdp"];
    const fresh = await found("noise", ...argv);
    const later = await found("noise", ...argv, "--ledger", spent);
    expect(later.upper).toBeLessThanOrEqual(4);
    expect(later.noiseMultiplier).toBeGreaterThan(fresh.noiseMultiplier!);
    expect(later.events).toEqual([row, { ...row, noiseMultiplier: later.noiseMultiplier }]);
  });

  it("[DP9] a ledger alone is accounted for, and a tree without sampling", async () => {
    const spent = await ledger("two.json", [row, row]);
    const two = await found("epsilon", "--ledger", spent, "--delta", "1e-5", "--accountant", "rdp");
    const one = await found("epsilon", ...done, "--delta", "1e-5", "--accountant", "rdp");
    expect(two.epsilon).toBeGreaterThan(one.epsilon);
    const tree = ["--accountant", "tree", "--relation", "zero-out", "--participations", "2"];
    const steps = ["--noise-multiplier", "8", "--steps", "63", "--delta", "1e-5"];
    const { events } = await found("epsilon", ...tree, ...steps);
    expect(events).toMatchObject([{ mechanism: "tree-gaussian", steps: 63, participations: 2 }]);
    const plain = await found("epsilon", ...steps, "--accountant", "gaussian");
    expect(plain.events).toMatchObject([{ mechanism: "gaussian" }]);
  });

  it("[DP9] warns of a delta that is not below one over the number of examples", async () => {
    const argv = ["epsilon", ...done, "--delta", "1e-3", "--accountant", "rdp", "--json"];
    const { stdout, stderr } = await callMain("privacy", ...argv, "--examples", "1000");
    expect(stderr).toContain("delta 0.001 is not below 1 / 1000");
    expect((JSON.parse(stdout) as PrivacyAnswer).warnings).toHaveLength(1);
    expect((await callMain("privacy", ...argv, "--examples", "999")).stderr).toBe("");
  });

  it("[CI1] [DP9] its help has an example of each, and says what a ledger is", async () => {
    const { code, stdout } = await callWithHelp();
    expect(code).toBe(0);
    for (const what of ["epsilon", "noise", "delta", "ledger", "audit"]) {
      expect(stdout).toContain(`$ fedtune privacy ${what} `);
    }
    expect(stdout).toContain('{"mechanism": "poisson-gaussian"');
  });
});

describe("fedtune privacy refuses", () => {
  it.each([
    [["epsilon", "--noise-multiplier", "0"], "Wanted a number > 0."],
    [["epsilon", "--noise-multiplier", "-1"], "Wanted a number > 0."],
    [["epsilon", "--noise-multiplier", "0.001", "--steps", "1", "--delta", "0.1"], ">= 0.01"],
    [["epsilon", "--sampling-rate", "1.5"], "Wanted a number in [0, 1]."],
    [["epsilon", ...done, "--delta", "0"], "Wanted a number > 0 and < 1."],
    [["epsilon", ...done, "--delta", "1"], "Wanted a number > 0 and < 1."],
    [["epsilon", ...done], "needs --delta"],
    [["epsilon", ...done, "--delta", "1e-5", "--epsilon", "1"], "is what fedtune privacy epsilon"],
    [["epsilon", "--delta", "1e-5"], "nothing to account for"],
    [["epsilon", "--delta", "1e-5", "--sampling-rate", "0.1"], "--sampling-rate needs --steps"],
    [["epsilon", ...plan, "--delta", "1e-5"], "needs --noise-multiplier"],
    [["delta", ...done], "needs --epsilon"],
    [["noise", ...plan, "--delta", "1e-5"], "needs --epsilon"],
    [
      ["noise", ...done, "--delta", "1e-5", "--epsilon", "1"],
      "is what fedtune privacy noise finds",
    ],
    [["loss"], "Allowed choices are epsilon, noise, delta, ledger, audit"],
    [["epsilon", ...done, "--delta", "0.1", "--accountant", "tree"], "means nothing for a tree"],
    [["epsilon", ...done, "--delta", "0.1", "--participations", "2"], "needs --accountant tree"],
    [["epsilon", ...done, "--delta", "0.1", "--accountant", "gaussian"], "accountant rdp or prv"],
  ])("[DP9] %j", async (argv, why) => {
    const { code, stdout, stderr } = await callMain("privacy", ...argv);
    expect(stderr).toContain(why);
    expect([code, stdout]).toEqual([2, ""]);
  });

  it("[DP8] [DP9] a target below what is spent, with the numbers", async () => {
    const spent = await ledger("much.json", [{ ...row, steps: 10_000 }]);
    const argv = [...plan, "--epsilon", "2", "--delta", "1e-5", "--accountant", "rdp"];
    const { code, stderr } = await callMain("privacy", "noise", ...argv, "--ledger", spent);
    expect(code).toBe(2);
    expect(stderr).toMatch(/within epsilon 2 at delta 0.00001: epsilon [\d.]+ is already spent/);
  });

  it.each([
    ["laplace.json", [{ mechanism: "laplace", scale: 1 }], 2, "mechanism"],
    ["rate.json", [row, { ...row, samplingRate: 2 }], 2, "1.samplingRate = 2"],
    ["text.json", "epsilon 3", 3, "it is no JSON, wanted a ledger or an array of rows"],
  ])("[DP9] the ledger %s", async (name, content, status, why) => {
    const path = await ledger(name, content);
    const { code, stderr } = await callMain(
      "privacy",
      "epsilon",
      "--delta",
      "0.1",
      "--ledger",
      path,
    );
    expect(stderr).toContain(why);
    expect(code).toBe(status);
  });

  it("[DP9] a ledger that is not there", async () => {
    const argv = ["epsilon", "--delta", "0.1", "--ledger", join(folder, "none.json")];
    const { code, stderr } = await callMain("privacy", ...argv);
    expect(stderr).toContain("there is no such file");
    expect(code).toBe(3);
  });
});

/** Commander prints help to the process itself. */
async function callWithHelp() {
  const { privacy } = await import("../verbs/privacy.ts");
  const command = privacy.define(() => Promise.resolve());
  let stdout = "";
  command.configureOutput({ writeOut: (text) => (stdout += text) });
  command.outputHelp();
  return { code: 0, stdout };
}
