/**
 * Time of one training step at MiniLM-L6's shape with random weights: B16, LoRA r = 8 on query and value, AdamW.
 *
 * `npx tsx --conditions=@fedtune/source bench/train-step.ts [engine...] [--lengths 32,64,128] [--steps 5]` prints one JSON
 * line per engine and length; what is not there gets a line that says so. An engine is a backend, or `wasm/<threads>` for wasm
 * with our kernels on so many threads, or `wasm/stock`.
 */
import { parseArgs } from "node:util";
import { isFedtuneError, rngFromSeed, runId, trainingSchema, utf8 } from "@fedtune/core";
import type { TrainJob } from "@fedtune/core";
import {
  createTrainer,
  describeModel,
  fileData,
  memoryFiles,
  parseModelConfig,
  wantedTensors,
} from "@fedtune/training";
import type { TextTokenizer } from "@fedtune/training";
import { backendNames, chooseBackend } from "@fedtune/training/node";
import type { BackendName, ChosenBackend } from "@fedtune/training/node";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    lengths: { type: "string", default: "32,64,128" },
    steps: { type: "string", default: "5" },
  },
});
const steps = Number(options.steps);
const batchSize = 16;
const labels = ["a", "b"];
const adapter = { kind: "lora", rank: 8, loraAlpha: 16, targetModules: ["query", "value"] };

const config = parseModelConfig({
  model_type: "bert",
  vocab_size: 30_522,
  max_position_embeddings: 512,
  hidden_size: 384,
  num_hidden_layers: 6,
  num_attention_heads: 12,
  intermediate_size: 1536,
});

function randomCheckpoint() {
  const rng = rngFromSeed(1);
  const weights = [...wantedTensors(config, "pooler")].map(([name, shape]) => {
    const size = shape.reduce((product, extent) => product * extent, 1);
    const isNorm = name.includes("LayerNorm");
    const spread = isNorm || shape.length === 1 ? 0.02 : 1 / Math.sqrt(shape.at(-1) ?? 1);
    const centre = isNorm && name.endsWith("weight") ? 1 : 0;
    const draw = () => centre + spread * (2 * rng.uniform() - 1) * Math.sqrt(3);
    return [name, { shape, values: Float32Array.from({ length: size }, draw) }] as const;
  });
  return {
    config,
    pooling: "pooler" as const,
    weights: new Map(weights),
    head: new Map<string, never>(),
  };
}

/** Texts are numbers; each becomes `maxLength` tokens. */
const tokenizer: TextTokenizer = {
  vocabularySize: config.vocabularySize,
  encode(text, _pair, maxLength) {
    const ids = Int32Array.from(
      { length: maxLength },
      (_, i) => (Number(text) * 7919 + i * 104_729) % config.vocabularySize,
    );
    return { ids, types: new Int32Array(maxLength) };
  },
};

const rows = Array.from({ length: batchSize }, (_, row) => `${row},${labels[row % 2] ?? ""}\n`);
const files = memoryFiles({ "rows.csv": utf8(`text,label\n${rows.join("")}`) });
const { layout } = describeModel(config, { ...adapter, labels });

function jobOf(maxLength: number): TrainJob {
  const rng = rngFromSeed(2);
  return {
    run: runId("bench"),
    round: 1,
    rank: adapter.rank,
    adapter,
    start: Float32Array.from({ length: layout.size }, () => 0.05 * (rng.uniform() - 0.5)),
    residuals: [],
    train: ["down", "up", "head"],
    freezeZeros: [],
    privacy: { mode: "none" },
    task: { kind: "sequence-classification", labels },
    training: trainingSchema.parse({
      batchSize,
      maxLength,
      localEpochs: steps + 1,
      learningRate: 1e-3,
    }),
    seed: [1, 2, 3, 4],
    data: fileData({ kind: "file", path: "rows.csv" }),
  };
}

/** Takes `wasm/2` apart. */
async function choose(engine: string): Promise<ChosenBackend> {
  const [name = "", variant] = engine.split("/");
  const backend = name as BackendName;
  if (variant === undefined) return chooseBackend(backend);
  if (variant === "stock") return chooseBackend(backend, { kernels: "stock" });
  return chooseBackend(backend, { threads: Number(variant) });
}

async function measure(engine: string): Promise<void> {
  const { kernels, threads } = await choose(engine);
  const trainer = createTrainer({
    checkpoint: randomCheckpoint(),
    tokenizer,
    files,
    clock: performance,
    pause: () => new Promise((resolve) => setImmediate(resolve)),
  });
  for (const length of options.lengths.split(",").map(Number)) {
    const ends: { wall: number; cpu: number }[] = [];
    const onProgress = (): void => {
      const { user, system } = process.cpuUsage();
      ends.push({ wall: performance.now(), cpu: (user + system) / 1000 });
    };
    await trainer.train(jobOf(length), { signal: new AbortController().signal, onProgress });
    // The first step warms up and is not counted. On a busy machine processor time tells more than the clock.
    const [wall, cpu] = [spread(ends.map((end) => end.wall)), spread(ends.map((end) => end.cpu))];
    const tokensPerSecond = Math.round((1000 * batchSize * length) / wall.median);
    const rssMegabytes = Math.round(process.memoryUsage.rss() / 1e6);
    console.log(
      JSON.stringify({
        engine,
        kernels,
        threads,
        batchSize,
        length,
        medianMs: wall.median,
        bestMs: wall.best,
        cpuMs: cpu.median,
        bestCpuMs: cpu.best,
        tokensPerSecond,
        gflops: Math.round((1000 * gflopOf(length)) / wall.best),
        gflopsPerCore: Math.round((1000 * gflopOf(length)) / cpu.best),
        rssMegabytes,
      }),
    );
  }
  await trainer.close();
}

/** Median and least distance of neighbours. */
function spread(ends: readonly number[]): { median: number; best: number } {
  const times = ends.slice(1).map((end, index) => end - (ends[index] ?? 0));
  times.sort((a, b) => a - b);
  return { median: Math.round(times[times.length >> 1] ?? 0), best: Math.round(times[0] ?? 0) };
}

/**
 * Floating-point operations of the products of a step, in 1e9: forward, and back through everything above the lowest adapted
 * module, whose frozen weights need no gradient of their own.
 */
function gflopOf(length: number): number {
  const { hiddenSize: hidden, intermediateSize: inner, layers } = config;
  const tokens = batchSize * length;
  const linear = 2 * tokens * (4 * hidden * hidden + 2 * hidden * inner);
  const scores = 4 * tokens * length * hidden;
  const adapted = 2 * 2 * tokens * adapter.rank * 2 * hidden;
  const forward = layers * (linear + scores + adapted);
  const belowLowest = 2 * tokens * 3 * hidden * hidden;
  const backward = layers * (linear + 2 * scores + 2 * adapted) - belowLowest;
  return (forward + backward) / 1e9;
}

// The cpu backend takes a minute per step at this size; it runs only when asked for by name. The memory of wasm is made for
// threads when it is first used, and never shrinks: most threads first.
const others = backendNames.filter((name) => name !== "cpu" && name !== "wasm");
const wanted = positionals.length > 0 ? positionals : [...others, "wasm/2", "wasm/1", "wasm/stock"];
for (const engine of wanted) {
  try {
    await measure(engine);
  } catch (error) {
    if (!isFedtuneError(error)) throw error;
    console.log(JSON.stringify({ engine, unavailable: error.message }));
  }
}
process.exit(0);
