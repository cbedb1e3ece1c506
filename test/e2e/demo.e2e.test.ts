/** `demo` as a first-time user meets it: it works, shows what happens, and leaves nothing running. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { small, wordRows, writeTsv } from "./support/data.ts";
import { groupEnds, resultOf, start, workFolder } from "./support/fedtune.ts";

const folder = workFolder();
const at = (name: string): string => join(folder, name);

beforeAll(() => {
  const rows = wordRows(150);
  writeTsv(at("train.tsv"), rows.slice(0, 120));
  writeTsv(at("test.tsv"), rows.slice(120));
});

const own = (): readonly string[] => ["--data", at("train.tsv"), "--test", at("test.tsv")];
const demo = (out: string, ...options: readonly string[]) =>
  start("demo", ...small, "--no-pages", "--out", at(out), ...options);

describe("fedtune demo", () => {
  it("[CI4] fine-tunes own data with clients in processes of their own, and shows every round", async () => {
    const { ended, pid } = demo("own", "--rounds", "2", "--clients", "3", ...own());
    const { code, stdout, stderr } = await ended;
    expect(code).toBe(0);
    for (const name of ["client-0", "client-1", "client-2"]) {
      expect(stderr).toMatch(new RegExp(`^${name} joined \\(\\d here\\)$`, "m"));
    }
    expect(stderr).toMatch(/^Round 1\/2: 3\/3 clients, train loss [\d.]+, accuracy [\d.]+ %, /m);
    expect(stderr).toMatch(/^Round 2\/2: /m);
    expect(stdout).toMatch(
      /^round +clients +train loss +loss +accuracy +macro F1 +aggregation error +up +down$/m,
    );
    expect(stdout).toMatch(/^all +30 +[\d.]+ % +[\d.]+ %$/m);
    const [, adapter = ""] = /^Adapter: (.+)$/m.exec(stdout) ?? [];
    expect(readdirSync(adapter).sort()).toEqual([
      "adapter_config.json",
      "adapter_model.safetensors",
    ]);
    await groupEnds(pid);
  });

  it("[CI4] [CI12] runs on what it brings along, with JSON for a program", async () => {
    const { ended, pid } = demo("builtin", "--rounds", "1", "--json");
    const outcome = await ended;
    expect(outcome.code).toBe(0);
    const result = resultOf<{ accuracy: { name: string; rows: number }[]; adapter: string }>(
      outcome,
    );
    expect(result).toMatchObject({ run: "demo", status: "completed", failure: null });
    expect(result.accuracy.map(({ name }) => name)).toEqual([
      ...["client-0", "client-1", "client-2", "client-3", "all"],
    ]);
    expect(result.accuracy.at(-1)?.rows).toBe(400);
    expect(existsSync(result.adapter)).toBe(true);
    await groupEnds(pid);
  });

  it("[CI4] [RE13] gives the same adapter in one process and virtual time", async () => {
    const options = ["--rounds", "2", "--clients", "3", "--simulate", "--json", ...own()];
    const outcome = await demo("simulated", ...options).ended;
    expect(outcome.code).toBe(0);
    const tensors = (out: string) =>
      readFileSync(join(at(out), "runs/demo/round-2/adapter_model.safetensors"), "hex");
    expect(tensors("simulated")).toBe(tensors("own"));
  });
});

describe("an interrupt of the demo", () => {
  const endless = (out: string) =>
    demo(out, "--rounds", "100000", "--clients", "2", "--data", at("train.tsv"));

  const whole = "the whole group, as Ctrl-C does";
  it.each(process.env["TESTS"] === "full" ? [whole, "the parent alone"] : [whole])(
    "[CI13] [CI15] of %s leaves nothing running and exits with 130",
    async (whom) => {
      const { pid, ended, says } = endless("interrupted");
      await says(/^Round 1\//m);
      process.kill(whom === whole ? -pid : pid, "SIGINT");
      const { code, stderr } = await ended;
      expect([code, stderr]).toEqual([130, expect.stringContaining("Stopping; once more")]);
      await groupEnds(pid);
    },
  );

  it("[CI13] twice, before the clients are there, ends it at once", async () => {
    const { pid, ended, says } = endless("twice");
    await says(/client processes/);
    process.kill(pid, "SIGINT");
    await says(/Stopping/);
    process.kill(pid, "SIGINT");
    expect((await ended).code).toBe(130);
    await groupEnds(pid);
  });
});
