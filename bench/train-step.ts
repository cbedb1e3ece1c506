/**
 * Time of one training step at MiniLM-L6's shape with random weights: B16, LoRA r = 8 on query and value, AdamW.
 *
 * `npx tsx --conditions=@fedtune/source bench/train-step.ts [backend...] [--lengths 32,64,128] [--steps 5]` prints one JSON
 * line per backend and length; backends that are not there get a line that says so.
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
import type { BackendName } from "@fedtune/training/node";

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

async function measure(backend: BackendName): Promise<void> {
  await chooseBackend(backend);
  const trainer = createTrainer({
    checkpoint: randomCheckpoint(),
    tokenizer,
    files,
    clock: performance,
    pause: () => new Promise((resolve) => setImmediate(resolve)),
  });
  for (const length of options.lengths.split(",").map(Number)) {
    const ends: number[] = [];
    let cpu = process.cpuUsage();
    const onProgress = (): void => {
      if (ends.push(performance.now()) === 1) cpu = process.cpuUsage();
    };
    await trainer.train(jobOf(length), { signal: new AbortController().signal, onProgress });
    // The first step warms up and is not counted.
    const times = ends.slice(1).map((end, index) => end - (ends[index] ?? 0));
    const median = times.sort((a, b) => a - b)[times.length >> 1] ?? Number.NaN;
    const tokensPerSecond = Math.round((1000 * batchSize * length) / median);
    const used = process.cpuUsage(cpu);
    // On a busy machine processor time tells more than the clock.
    const cpuMs = Math.round((used.user + used.system) / 1000 / times.length);
    const rssMegabytes = Math.round(process.memoryUsage.rss() / 1e6);
    console.log(
      JSON.stringify({
        backend,
        batchSize,
        length,
        medianMs: Math.round(median),
        cpuMs,
        tokensPerSecond,
        rssMegabytes,
      }),
    );
  }
  await trainer.close();
}

// The cpu backend takes a minute per step at this size; it runs only when asked for by name.
const wanted = positionals.length > 0 ? positionals : backendNames.filter((name) => name !== "cpu");
for (const name of wanted) {
  try {
    await measure(name as BackendName);
  } catch (error) {
    if (!isFedtuneError(error)) throw error;
    console.log(JSON.stringify({ backend: name, unavailable: error.message }));
  }
}
process.exit(0);
