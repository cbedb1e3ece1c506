/**
 * Examples per second of a real epoch: sentences of SST-2, MiniLM-L6 with its own weights, LoRA r = 8 on query and value, a
 * trained 2-label head, B16, AdamW, through the trainer as clients use it, which makes batches of like length itself.
 *
 * `npx tsx --conditions=@fedtune/source bench/sst2-epoch.ts [engine...] [--examples 2000] [--least-words 1] [--epochs 1]
 * [--model experiments/models/minilm-l6] [--data experiments/data/sst2/train.tsv]` prints one JSON line per engine, named as in
 * train-step.ts. Examples are taken at equal distances of the file; reading and tokenising come before the epoch and are told
 * apart. `scripts/golden/bench_sst2.py` does the same with PyTorch and PEFT.
 */
import { existsSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { utf8 } from "@fedtune/core";
import type { TrainResult } from "@fedtune/core";
import {
  createTrainer,
  describeModel,
  loadCheckpoint,
  loadTokenizer,
  memoryFiles,
} from "@fedtune/training";
import type { LocalTrainer } from "@fedtune/training";
import { nodeFiles } from "@fedtune/training/node";
import {
  adapter,
  benchJob,
  chooseEngine,
  measureEach,
  trainerPorts,
} from "./support/minilm-job.ts";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    examples: { type: "string", default: "2000" },
    "least-words": { type: "string", default: "1" },
    epochs: { type: "string", default: "1" },
    model: { type: "string", default: "experiments/models/minilm-l6" },
    data: { type: "string", default: "experiments/data/sst2/train.tsv" },
  },
});
const [maxLength, warmUpSteps] = [64, 12] as const;
const labels = ["0", "1"];

for (const path of [options.model, options.data]) {
  if (existsSync(path)) continue;
  console.log(JSON.stringify({ unavailable: `${path} is not there` }));
  process.exit(0);
}

/** Rows of the file with enough words, as many as wanted, at equal distances. */
function chooseRows(): readonly string[] {
  const [, ...lines] = readFileSync(options.data, "utf8").trimEnd().split("\n");
  const long = lines.filter((line) => wordsOf(line) >= Number(options["least-words"]));
  const distance = Math.max(1, Math.floor(long.length / Number(options.examples)));
  return long.filter((_, index) => index % distance === 0).slice(0, Number(options.examples));
}

const wordsOf = (line: string): number => (line.split("\t")[1] ?? "").split(" ").length;
const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
const rounded = (value: number, digits = 0): number => Number(value.toFixed(digits));

const rows = chooseRows();
const files = memoryFiles({ "rows.tsv": utf8(`label\ttext\tclient\n${rows.join("\n")}\n`) });
const checkpoint = await loadCheckpoint(nodeFiles, options.model);
const tokenizer = await loadTokenizer(nodeFiles, options.model);
const { layout } = describeModel(checkpoint.config, { ...adapter, labels });

const jobOf = (maxSteps: number | null) =>
  benchJob({
    ...{ layout, labels, path: "rows.tsv" },
    training: { maxLength, maxSteps, learningRate: 1e-4, localEpochs: Number(options.epochs) },
  });

/** Seconds by the clock and of the processor. */
interface Time {
  readonly wall: number;
  readonly cpu: number;
}

async function timed<T>(work: () => Promise<T>): Promise<Time & { readonly result: T }> {
  const [began, before] = [performance.now(), process.cpuUsage()];
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  return { result, wall: (performance.now() - began) / 1e3, cpu: (user + system) / 1e6 };
}

function train(trainer: LocalTrainer, maxSteps: number | null): Promise<TrainResult> {
  return trainer.train(jobOf(maxSteps), { signal: new AbortController().signal });
}

async function measure(engine: string): Promise<void> {
  const { kernels, threads } = await chooseEngine(engine);
  const trainer = createTrainer({
    ...{ checkpoint, tokenizer, files },
    ...trainerPorts,
  });
  await train(trainer, warmUpSteps);
  const { result, wall, cpu } = await timed(() => train(trainer, null));
  await trainer.close();
  const examples = result.examples * Number(options.epochs);
  const { loss = Number.NaN, tokens = 0 } = result.metrics;
  console.log(
    JSON.stringify({
      ...{ engine, kernels, threads, examples, medianWords },
      medianTokens: median(lengths),
      meanTokens: rounded(tokens / examples, 1),
      loss: rounded(loss, 4),
      examplesPerSecond: rounded(examples / wall, 1),
      examplesPerCpuSecond: rounded(examples / cpu, 1),
      cpuMsPerExample: rounded((1e3 * cpu) / examples, 2),
      tokenizeCpuMsPerExample: rounded((1e3 * tokenizing.cpu) / lengths.length, 3),
    }),
  );
}

const medianWords = median(rows.map(wordsOf));
const tokenizing = await timed(() =>
  Promise.resolve(
    rows.map((row) => tokenizer.encode(row.split("\t")[1] ?? "", null, maxLength).ids.length),
  ),
);
const lengths = tokenizing.result;
// The memory of wasm is made for threads when it is first used, and never shrinks: most threads first.
const wanted = positionals.length > 0 ? positionals : ["tfjs-node", "wasm/2", "wasm/1"];
await measureEach(wanted, measure);
