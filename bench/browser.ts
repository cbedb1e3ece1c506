/**
 * Time of one training step in a tab of Chromium, through the trainer that the pages use: MiniLM-L6's shape with random
 * weights, B16, LoRA r = 8 on query and value, AdamW, as `train-step` does it in Node.
 *
 * `npx tsx --conditions=@fedtune/source bench/browser.ts [engine...] [--lengths 64,128] [--steps 5]` prints one JSON line per
 * engine and length. An engine is `wasm/<threads>`, `wasm/stock`, `webgl` or `webgpu`; graphics cards only where Chromium
 * finds real ones. Processor time is that of this Chromium's processes, on Linux.
 */
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { rngFromSeed, runId, trainingSchema, writeSafetensors } from "@fedtune/core";
import { describeModel, fileData, parseModelConfig, wantedTensors } from "@fedtune/training";
import { chromiumPath, launchChromium, withoutChromium } from "@fedtune/testkit/chromium";
import type { Page } from "playwright-core";
import { serveSite } from "../apps/client-web/src/training/test-support/site.ts";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    lengths: { type: "string", default: "64,128" },
    steps: { type: "string", default: "5" },
  },
});
const steps = Number(options.steps);
const batchSize = 16;
const labels = ["a", "b"];
const adapter = { kind: "lora", rank: 8, loraAlpha: 16, targetModules: ["query", "value"] };
/** 1e9 floating-point operations of a step by its length, as `train-step` counts them. */
const gflopOf: Readonly<Record<number, number>> = { 64: 44.8, 128: 93.3 };

const configJson = {
  ...{ model_type: "bert", vocab_size: 30_522, max_position_embeddings: 512 },
  ...{ hidden_size: 384, num_hidden_layers: 6, num_attention_heads: 12, intermediate_size: 1536 },
};
const config = parseModelConfig(configJson);
const { layout } = describeModel(config, { ...adapter, labels });

/** Random weights, and words that are one token each. */
async function writeModel(folder: string): Promise<void> {
  const rng = rngFromSeed(1);
  const tensors = [...wantedTensors(config, "pooler")].map(([name, shape]) => {
    const size = shape.reduce((product, extent) => product * extent, 1);
    const isNorm = name.includes("LayerNorm");
    const spread = isNorm || shape.length === 1 ? 0.02 : 1 / Math.sqrt(shape.at(-1) ?? 1);
    const centre = isNorm && name.endsWith("weight") ? 1 : 0;
    const draw = () => centre + spread * (2 * rng.uniform() - 1) * Math.sqrt(3);
    return { name, shape, values: Float32Array.from({ length: size }, draw) };
  });
  const special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
  const words = Array.from({ length: 30_522 - special.length }, (_, word) => `w${word}`);
  await writeFile(join(folder, "model.safetensors"), writeSafetensors(tensors));
  await writeFile(join(folder, "config.json"), JSON.stringify(configJson));
  await writeFile(join(folder, "vocab.txt"), [...special, ...words].join("\n"));
}

/** Files as the trainer asks for them. */
async function modelFiles(folder: string) {
  const files = (await readdir(folder)).map(async (name) => {
    const bytes = await readFile(join(folder, name));
    const hash = createHash("sha256").update(bytes).digest("hex");
    return { name, url: `/model/${name}`, bytes: bytes.length, hash };
  });
  return Promise.all(files);
}

function jobOf(maxLength: number) {
  const rng = rngFromSeed(2);
  const text = (row: number) =>
    Array.from({ length: maxLength }, (_, i) => `w${(row * 7919 + i * 104_729) % 30_000}`).join(
      " ",
    );
  const rows = Array.from({ length: batchSize }, (_, row) => `${text(row)},${labels[row % 2]}\n`);
  const training = { batchSize, maxLength, localEpochs: steps + 1 };
  return {
    text: `text,label\n${rows.join("")}`,
    start: Array.from({ length: layout.size }, () => 0.05 * (rng.uniform() - 0.5)),
    job: {
      ...{ run: runId("bench"), round: 1, rank: adapter.rank, adapter, residuals: [] },
      train: ["down", "up", "head"],
      privacy: { mode: "none" },
      task: { kind: "sequence-classification", labels },
      training: trainingSchema.parse(training),
      seed: [1, 2, 3, 4],
      data: fileData({ kind: "file", path: `rows-${maxLength}.csv` }),
    },
  };
}

/** What the page of the trainer's tests offers; see apps/client-web/src/training/test-support. */
interface Harness {
  readonly trainer: {
    ready(): Promise<{ readonly threads: number; readonly kernels: string }>;
    setFile(path: string, file: Blob): void;
    train(job: unknown, control: object): Promise<unknown>;
    close(): Promise<void>;
  };
  open(options: object): Promise<void>;
  job(job: object, start: readonly number[]): unknown;
}

interface ProcessFacts {
  readonly id: number;
  readonly parent: number;
  /** Hundredths of a second of user and system time; proc(5). */
  readonly ticks: number;
}

async function processFacts(id: string): Promise<ProcessFacts | null> {
  const stat = await readFile(`/proc/${id}/stat`, "utf8").catch(() => null);
  if (stat === null) return null;
  // The name, in brackets, may hold anything.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
  return { id: Number(id), parent: Number(fields[1] ?? 0), ticks };
}

/** Milliseconds that this process's descendants have computed, Chromium and what it started; null without `/proc`. */
async function processorTime(): Promise<number | null> {
  const names = await readdir("/proc").catch(() => null);
  if (names === null) return null;
  const all = await Promise.all(names.filter((name) => /^\d+$/.test(name)).map(processFacts));
  const processes = all.filter((facts) => facts !== null);
  const ours = new Set([process.pid]);
  let known = 0;
  while (ours.size > known) {
    known = ours.size;
    for (const { id, parent } of processes) if (ours.has(parent)) ours.add(id);
  }
  ours.delete(process.pid);
  return 10 * processes.reduce((sum, { id, ticks }) => sum + (ours.has(id) ? ticks : 0), 0);
}

/** Milliseconds of each step but the first, which warms up, and processor time of one. */
async function timeSteps(
  page: Page,
  length: number,
): Promise<{ wall: number[]; cpu: number | null }> {
  const before: (number | null)[] = [];
  const name = `warm${length}`;
  await page.exposeFunction(name, async () => {
    before.push(await processorTime());
  });
  const ends = await page.evaluate(
    async ({ job, start, text, warm }) => {
      const scope = globalThis as unknown as { harness: Harness } & Record<string, () => void>;
      const { trainer } = scope.harness;
      const times: number[] = [];
      trainer.setFile(job.data.path, new Blob([text]));
      await trainer.train(scope.harness.job(job, start), {
        signal: new AbortController().signal,
        onProgress() {
          if (times.push(performance.now()) === 1) scope[warm]?.();
        },
      });
      return times;
    },
    { ...jobOf(length), warm: name },
  );
  const after = await processorTime();
  const wall = ends.slice(1).map((end, index) => end - (ends[index] ?? 0));
  const [since = null] = before;
  const cpu = since === null || after === null ? null : (after - since) / wall.length;
  return { wall: wall.sort((a, b) => a - b), cpu };
}

async function measure(url: string, model: object, engine: string): Promise<void> {
  const [backend = "", variant] = engine.split("/");
  const kernels = variant === "stock" ? { kernels: "stock" } : { threads: Number(variant ?? 1) };
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    await page.goto(`${url}/trainer.html`);
    const chosen = await page.evaluate(
      async (given) => {
        const { harness } = globalThis as unknown as { harness: Harness };
        await harness.open(given);
        return harness.trainer.ready();
      },
      { model, backend, ...kernels },
    );
    for (const length of options.lengths.split(",").map(Number)) {
      const { wall, cpu } = await timeSteps(page, length);
      const [best = Number.NaN, median = Number.NaN] = [wall[0], wall[wall.length >> 1]];
      const perMs = gflopOf[length] ?? Number.NaN;
      console.log(
        JSON.stringify({
          ...{ engine, kernels: chosen.kernels, threads: chosen.threads, batchSize, length },
          ...{ medianMs: Math.round(median), bestMs: Math.round(best) },
          cpuMs: cpu === null ? null : Math.round(cpu),
          tokensPerSecond: Math.round((1000 * batchSize * length) / median),
          gflops: Math.round((1000 * perMs) / best),
          load: Number(loadavg()[0]?.toFixed(1)),
        }),
      );
    }
  } finally {
    await browser.close();
  }
}

if (chromiumPath() === null) {
  console.log(JSON.stringify({ engine: "chromium", unavailable: withoutChromium }));
  process.exit(0);
}
const folder = await mkdtemp(join(tmpdir(), "fedtune-bench-"));
await writeModel(folder);
const site = await serveSite(["trainer.html"], { model: folder });
const model = await modelFiles(folder);
const wanted = positionals.length > 0 ? positionals : ["wasm/2", "wasm/1", "webgpu", "webgl"];
for (const engine of wanted) {
  try {
    await measure(site.url, model, engine);
  } catch (error) {
    const [reason = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
    console.log(JSON.stringify({ engine, unavailable: reason }));
  }
}
await site.close();
await rm(folder, { recursive: true });
process.exit(0);
