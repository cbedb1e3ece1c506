/**
 * SST-2 under record-level differential privacy: one `fedtune simulate` per cell, and a table of means with intervals.
 *
 *   npx tsx scripts/experiments/sst2-privacy.ts DATA OUT [MINILM]
 *
 * DATA holds train.tsv (label, text, client) and dev.tsv; OUT keeps every cell, so that a second call goes on where the
 * first one was; MINILM is a checkpoint folder of MiniLM-L6.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";

interface Cell {
  readonly model: string;
  readonly method: string;
  /** Null: no privacy. */
  readonly targetEpsilon: number | null;
  readonly seed: number;
}

interface Result extends Cell {
  readonly accuracy: number;
  readonly loss: number;
  readonly epsilon: number | null;
}

const [data, out, minilm] = process.argv.slice(2);
if (data === undefined || out === undefined) {
  console.error("usage: npx tsx scripts/experiments/sst2-privacy.ts DATA OUT [MINILM]");
  process.exit(2);
}
const folder = resolve(out);
const seeds = [1, 2, 3];
const methods = ["fedavg", "ffa-lora", "fedsvd"];
/** Student's t for a two-sided 95 % interval with as many degrees of freedom as seeds but one. */
const T_95 = 4.303;

const cells: Cell[] = [3, 6, null].flatMap((targetEpsilon) =>
  methods.flatMap((method) =>
    seeds.map((seed) => ({ model: "fedtune-mini", method, targetEpsilon, seed })),
  ),
);
if (minilm !== undefined) {
  const model = resolve(minilm);
  for (const seed of seeds) cells.push({ model, method: "fedavg", targetEpsilon: 6, seed });
}

function configOf({ model, method, targetEpsilon, seed }: Cell): string {
  const sampling = { delta: 1e-5, samplingRate: 0.006, clipNorm: 1, noise: "seeded" };
  return JSON.stringify({
    ...{ name: "sst2", seed, model, adapter: { rank: 8, loraAlpha: 8 }, method: { name: method } },
    training: {
      ...{ optimizer: { name: "sgd" }, learningRate: 1, maxLength: 48 },
      ...{ batchSize: 64, microBatchSize: 64, maxSteps: 2 },
    },
    rounds: { numRounds: 20, weightedBy: "uniform", minAvailableClients: 6 },
    evaluation: { everyRounds: 20, aggregationError: false },
    privacy:
      targetEpsilon === null
        ? { mode: "none" }
        : { mode: "record-level", targetEpsilon, ...sampling },
  });
}

function run(cell: Cell): Result {
  const { model, method, targetEpsilon, seed } = cell;
  const name = `${basename(model)}-${method}-${targetEpsilon ?? "none"}-${seed}`;
  const results = join(folder, name);
  if (!existsSync(`${results}.done`)) {
    writeFileSync(`${results}.yaml`, configOf(cell));
    const started = Date.now();
    const files = ["--data", join(data ?? "", "train.tsv"), "--test", join(data ?? "", "dev.tsv")];
    const how = ["--partition", "by-column", "--column", "client", "--out", results, "--quiet"];
    const program = ["apps/cli/bin/fedtune.mjs", "simulate", "--config", `${results}.yaml`];
    const { status } = spawnSync(process.execPath, [...program, ...files, ...how], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    if (status !== 0) throw new Error(`${name} ended with ${String(status)}`);
    writeFileSync(`${results}.done`, "");
    console.error(`${name}: ${String(Math.round((Date.now() - started) / 1000))} s`);
  }
  const lines = readFileSync(join(results, "rounds.jsonl"), "utf8").trim().split("\n");
  const last = JSON.parse(lines.at(-1) ?? "") as {
    readonly evaluation: { readonly accuracy: number; readonly loss: number };
    readonly epsilon: number | null;
  };
  return { ...cell, ...last.evaluation, epsilon: last.epsilon };
}

function interval(values: readonly number[]): string {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const half = (T_95 * Math.sqrt(squares / (values.length - 1))) / Math.sqrt(values.length);
  return `${(100 * mean).toFixed(1)} ± ${(100 * half).toFixed(1)}`;
}

mkdirSync(folder, { recursive: true });
const results = cells.map(run);
const groups = new Map<string, Result[]>();
for (const result of results) {
  const { model, method, targetEpsilon } = result;
  const group = [basename(model), method, targetEpsilon ?? "none"].join(" | ");
  groups.set(group, [...(groups.get(group) ?? []), result]);
}
console.log(
  "| base model | method | target epsilon | accuracy, % | epsilon spent |\n| --- | --- | --- | --- | --- |",
);
for (const [group, of] of groups) {
  const spent = of[0]?.epsilon ?? null;
  const accuracy = interval(of.map((result) => result.accuracy));
  console.log(`| ${group} | ${accuracy} | ${spent === null ? "none" : spent.toFixed(3)} |`);
}
