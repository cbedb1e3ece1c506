/** `simulate` and what people do with its adapter: measure, export, combine. */
import { readSafetensors } from "@fedtune/core";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { small, wordRows, writeTsv } from "./support/data.ts";
import { fedtune, resultOf, workFolder } from "./support/fedtune.ts";
import type { Outcome } from "./support/fedtune.ts";

const folder = workFolder();
const at = (...parts: readonly string[]): string => join(folder, ...parts);

interface ReportRow {
  readonly round: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
  readonly evaluation: Readonly<Record<string, number>> | null;
  readonly training: Readonly<Record<string, number>> | null;
}

const jsonLines = (path: string): unknown[] =>
  readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
const fileOf = (path: string) =>
  readSafetensors(new Uint8Array(readFileSync(join(path, "adapter_model.safetensors"))));
const tensors = (path: string) => [...fileOf(path).tensors.values()];
/** Values in the tensors whose name matches. */
const countValues = (path: string, name: RegExp): number =>
  tensors(path)
    .filter((tensor) => name.test(tensor.name))
    .reduce((sum, tensor) => sum + tensor.shape.reduce((a, b) => a * b, 1), 0);

const HEADER = 48;
const CLIENTS = 3;
const ROUNDS = 3;

function simulate(method: string, ...more: readonly string[]): Promise<Outcome> {
  const data = ["--data", at("train.tsv"), "--test", at("test.tsv")];
  const shape = ["--clients", String(CLIENTS), "--rounds", String(ROUNDS), "--method", method];
  const rates = ["--set", "training.learningRate=0.02", "--set", "training.maxLength=24"];
  const out = ["--out", at(method)];
  return fedtune("simulate", ...small, ...data, ...shape, ...rates, ...out, ...more);
}

let simulated: Outcome;
beforeAll(async () => {
  const rows = wordRows(150);
  writeTsv(at("train.tsv"), rows.slice(0, 120));
  writeTsv(at("test.tsv"), rows.slice(120));
  simulated = await simulate("fedavg");
});

describe("fedtune simulate", () => {
  it("[CI6] says every round as it comes and ends with a table", () => {
    expect(simulated.code).toBe(0);
    expect(simulated.stderr).toMatch(/^Before training: accuracy [\d.]+ %/m);
    for (const round of [1, 2, 3]) {
      const line = `^Round ${String(round)}/3: 3/3 clients, train loss [\\d.]+, accuracy .* up, .* down$`;
      expect(simulated.stderr).toMatch(new RegExp(line, "m"));
    }
    expect(simulated.stdout).toMatch(/^round +clients +train loss/);
    expect(simulated.stdout).toContain(`Adapter: ${at("fedavg", "adapter")}`);
  });

  it("[CI6] writes per-round metrics, shares, adapter and the resolved config", () => {
    expect(readdirSync(at("fedavg")).sort()).toEqual([
      "adapter",
      "config.json",
      "rounds.jsonl",
      "shares.json",
    ]);
    const rounds = jsonLines(at("fedavg", "rounds.jsonl")) as ReportRow[];
    expect(rounds.map(({ round }) => round)).toEqual([0, 1, 2, 3]);
    const losses = rounds.flatMap(({ training }) => training?.["loss"] ?? []);
    expect(losses[2]).toBeLessThan((losses[0] ?? 0) * 0.9);
    expect(rounds[3]?.evaluation?.["loss"]).toBeLessThan(rounds[0]?.evaluation?.["loss"] ?? 0);
    const shares = JSON.parse(readFileSync(at("fedavg", "shares.json"), "utf8")) as object;
    expect(shares).toMatchObject({ rows: 120 });
  });

  it("[CI6] the resolved config is complete and runs again to the same adapter", async () => {
    const again = await fedtune(
      ...["simulate", "--config", at("fedavg", "config.json")],
      ...["--backend", "wasm", "--out", at("again"), "--quiet"],
    );
    expect([again.code, again.stderr]).toEqual([0, ""]);
    const bytes = (name: string) => readFileSync(at(name, "adapter", "adapter_model.safetensors"));
    expect(bytes("again").equals(bytes("fedavg"))).toBe(true);
  });

  it("[CI6] [AG14] bytes are those of the plan: a header and four bytes per value, per client", async () => {
    const frozenA = await simulate("ffa-lora", "--json");
    expect(frozenA.code).toBe(0);
    const rowsOf = (method: string) => jsonLines(at(method, "rounds.jsonl")) as ReportRow[];
    for (const [method, uploads] of [
      ["fedavg", /./],
      ["ffa-lora", /lora_B|classifier/],
    ] as const) {
      const perClient = HEADER + 4 * countValues(at(method, "adapter"), uploads);
      const [, first, ...later] = rowsOf(method);
      expect(first).toMatchObject({ bytesUp: CLIENTS * perClient, bytesDown: 0 });
      for (const row of later) {
        expect([method, row.bytesUp]).toEqual([method, CLIENTS * perClient]);
        expect([method, row.bytesDown]).toEqual([method, CLIENTS * perClient]);
      }
    }
    // One JSON value per line: the rounds, and the result at the end.
    const lines = frozenA.stdout.trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line) as object).at(-1)).toMatchObject({
      status: "completed",
    });
  });
});

describe("with the adapter of a simulation", () => {
  const evaluate = (...options: readonly string[]) =>
    fedtune("eval", ...small, "--data", at("test.tsv"), "--max-length", "24", ...options);

  it("[CI8] eval agrees with the last evaluation of the run, and writes every example's logits", async () => {
    const logits = ["--logits", at("logits.jsonl"), "--json"];
    const outcome = await evaluate("--adapter", at("fedavg", "adapter"), ...logits);
    expect(outcome.code).toBe(0);
    const found = resultOf<Record<string, number>>(outcome);
    const last = (jsonLines(at("fedavg", "rounds.jsonl")) as ReportRow[]).at(-1)?.evaluation;
    for (const name of ["accuracy", "macroF1", "matthews", "loss"] as const) {
      expect([name, found[name]]).toEqual([name, expect.closeTo(last?.[name] ?? NaN, 5)]);
    }
    const lines = jsonLines(at("logits.jsonl")) as { label: string; logits: number[] }[];
    expect(lines).toHaveLength(30);
    expect(new Set(lines.map((line) => line.logits.length))).toEqual(new Set([3]));
  });

  it("[CI8] eval without an adapter measures the base model with its own head", async () => {
    const outcome = await evaluate();
    expect([outcome.code, outcome.stdout]).toEqual([
      0,
      expect.stringMatching(/^accuracy +[\d.]+ %/),
    ]);
  });

  it("[CI18] try tells the labels of texts with their probabilities, the likeliest first", async () => {
    const texts = ["red green", "blue"];
    const adapter = ["--adapter", at("fedavg", "adapter")];
    const outcome = await fedtune("try", ...small, ...adapter, "--json", ...texts);
    expect(outcome.code).toBe(0);
    const { answers } = resultOf<{
      answers: { text: string; labels: { label: string; probability: number }[] }[];
    }>(outcome);
    expect(answers.map(({ text }) => text)).toEqual(texts);
    for (const { labels } of answers) {
      const probabilities = labels.map(({ probability }) => probability);
      expect(probabilities.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 5);
      expect(probabilities).toEqual([...probabilities].sort((a, b) => b - a));
    }
  });

  it("[CI19] merge writes a checkpoint that measures like base and adapter, and into no folder that is there", async () => {
    const adapter = ["--adapter", at("fedavg", "adapter")];
    const [, , ...backend] = small;
    const merged = await fedtune("merge", ...small, ...adapter, "--out", at("merged"));
    expect(merged.code).toBe(0);
    const metricsOf = (outcome: Outcome) => resultOf<Record<string, number>>(outcome);
    const together = metricsOf(await evaluate(...adapter, "--json"));
    const data = ["--data", at("test.tsv"), "--max-length", "24", "--json"];
    const alone = metricsOf(await fedtune("eval", ...backend, ...data, "--model", at("merged")));
    expect(alone["accuracy"]).toBe(together["accuracy"]);
    expect(alone["loss"]).toBeCloseTo(together["loss"] ?? 0, 4);
    const again = await fedtune("merge", ...small, ...adapter, "--out", at("merged"));
    expect(again.code).not.toBe(0);
  });

  it("[CI8] eval refuses an adapter of another base model by name and shape", async () => {
    const outcome = await fedtune(
      ...["eval", "--data", at("test.tsv"), "--backend", "wasm"],
      ...["--adapter", at("fedavg", "adapter")],
    );
    expect(outcome.code).toBe(3);
    expect(outcome.stderr).toMatch(/^error adapter-invalid: .*wanted \[/m);
  });

  it("[CI7] [AG4] aggregate of one adapter gives its product back", async () => {
    const outcome = await fedtune(
      ...["aggregate", "--method", "fedavg", at("fedavg", "adapter"), "--out", at("one"), "--json"],
    );
    expect(outcome.code).toBe(0);
    expect(resultOf<{ error: { total: number } }>(outcome).error.total).toBeLessThan(1e-6);
    expect(tensors(at("one")).map(({ name }) => name)).toEqual(
      tensors(at("fedavg", "adapter")).map(({ name }) => name),
    );
  });

  it("[CI7] aggregate of two keeps the labels, so that eval knows them", async () => {
    const folders = [`${at("fedavg", "adapter")}:3`, at("ffa-lora", "adapter")];
    const mean = await fedtune("aggregate", "--method", "fedavg", ...folders, "--out", at("two"));
    expect([mean.code, mean.stderr]).toEqual([0, ""]);
    expect(mean.stdout).toContain("relative distance from the mean of the products");
    const outcome = await evaluate("--adapter", at("two"), "--json");
    expect(resultOf<{ labels: string[] }>(outcome).labels).toHaveLength(3);
  });
});

it("[AD10] an adapter whose head stayed with the clients says that it is incomplete", async () => {
  const outcome = await simulate("fedavg", "--out", at("personal"), "--set", "head=personal");
  expect(outcome.code).toBe(0);
  expect(outcome.stdout).toContain("Incomplete: its head factors are zero");
  const { metadata } = fileOf(at("personal", "adapter"));
  expect(metadata.get("incomplete")).toBe("head");
  const head = tensors(at("personal", "adapter")).filter(({ name }) => name.includes("classifier"));
  const bytes = head.map((tensor) => tensor.bytes);
  expect(bytes.map((values) => values.some((byte) => byte !== 0))).toEqual([false, false]);
});
