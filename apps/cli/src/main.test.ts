import { methods } from "@fedtune/aggregators";
import { describe, expect, it } from "vitest";
import { callMain } from "./test-support/capture.ts";
import { verbs } from "./verbs.ts";

describe("usage errors", () => {
  it.each([
    [["simulte"], "unknown command 'simulte' (Did you mean simulate?)"],
    [["simulate", "--roundz", "3"], "unknown option '--roundz' (Did you mean --rounds?)"],
    [["doctor", "please"], "too many arguments for 'doctor'"],
    [["serve", "--port", "70000"], "Wanted an integer in [0, 65535]."],
    [["simulate", "--clients", "0"], "Wanted an integer >= 1."],
    [["simulate", "--seed", "1.5"], "Wanted an integer in [0, 4294967295]."],
    [["simulate", "--alpha", "-1"], "Wanted a number > 0."],
    [["simulate", "--set", "seed"], "Wanted key=value."],
    [["join", "--server", "host:8470"], "Wanted an address such as http://localhost:8470."],
    [["aggregate", "-m", "fedavg", "-o", "x", "a:-1"], "a weight >= 0"],
    [["aggregate", "-m", "fedavg", "-o", "x"], "missing required argument"],
    [["export", "--out", "x"], "required option '--data-dir <folder>'"],
  ])("[CI2] fedtune %j exits with 2 and says why", async (argv, why) => {
    const { code, stdout, stderr } = await callMain(...argv);
    expect(stderr).toContain(why);
    expect(stderr).toMatch(/^error usage: /);
    expect([code, stdout]).toEqual([2, ""]);
  });

  it("[CI2] [CI12] with --json the refusal is one JSON value on standard output", async () => {
    const { code, stdout } = await callMain("methods", "--jsno", "--json");
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: "usage", data: { help: "fedtune methods --help" } },
    });
  });

  it("[CI3] a wrong verb shows where help is, and no stack", async () => {
    const { stderr } = await callMain("simulte");
    expect(stderr).toMatch(/See: fedtune --help\n$/);
    expect(stderr).not.toContain("    at ");
  });
});

describe("verbs", () => {
  it("[CI1] have distinct names, and each command bears its verb's", () => {
    const enter = () => Promise.resolve();
    const names = verbs.map((verb) => verb.define(enter).name());
    expect(names).toEqual(verbs.map(({ name }) => name));
    expect(new Set(names).size).toBe(names.length);
  });
});

describe("fedtune methods", () => {
  it("[CI10] lists every method of the registry with what its clients do", async () => {
    const { code, stdout, stderr } = await callMain("methods");
    expect([code, stderr]).toEqual([0, ""]);
    const lines = stdout.split("\n");
    for (const { name, paper } of methods) {
      const line = lines.find((candidate) => candidate.startsWith(`${name} `));
      expect(line).toContain(paper.id);
    }
    expect(stdout).toMatch(/^ffa-lora +exact +up head +up head +- /m);
  });

  it("[CI10] [CI12] prints the same as one JSON value", async () => {
    const { stdout } = await callMain("methods", "--json");
    const listed = JSON.parse(stdout) as { name: string; claims: unknown }[];
    expect(listed.map(({ name }) => name)).toEqual(methods.map(({ name }) => name));
    expect(listed[0]?.claims).toEqual(methods[0].claims);
  });

  it("[CI10] says everything about one, options with their defaults included", async () => {
    const { stdout } = await callMain("methods", "ffa-lora");
    expect(stdout).toContain("Improving LoRA in Privacy-preserving Federated Learning");
    expect(stdout).toMatch(/^trains +up head$/m);
  });

  it("[CI2] names the nearest method for an unknown one", async () => {
    const { code, stderr } = await callMain("methods", "fedavgg");
    expect(stderr).toContain('did you mean "fedavg"?');
    expect(code).toBe(2);
  });
});
