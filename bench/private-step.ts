/**
 * What record-level privacy costs a training step at MiniLM-L6's shape with random weights: 16 texts of 64 tokens, LoRA
 * r = 8 on query and value with a trained head, AdamW; every text is in every sample, so that both steps see the same.
 *
 * `npx tsx --conditions=@fedtune/source bench/private-step.ts [engine...] [--length 64] [--pairs 9]` prints one JSON line per
 * engine. Plain and private rounds of four steps take turns, so that a busy machine slows both; the first steps are not
 * counted.
 */
import { parseArgs } from "node:util";
import { nodeEntropy } from "@fedtune/node-ports";
import { isFedtuneError, rngFromSeed, runId, trainingSchema, utf8 } from "@fedtune/core";
import type { TrainJob } from "@fedtune/core";
import { privacySchema } from "@fedtune/dp";
import {
  createTrainer,
  describeModel,
  fileData,
  memoryFiles,
  parseModelConfig,
  wantedTensors,
} from "@fedtune/training";
import type { LocalTrainer, TextTokenizer } from "@fedtune/training";
import { chooseBackend } from "@fedtune/training/node";
import type { BackendName } from "@fedtune/training/node";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    length: { type: "string", default: "64" },
    pairs: { type: "string", default: "9" },
  },
});
const batchSize = 16;
const stepsPerRound = 4;
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
    const isGain = name.includes("LayerNorm") && name.endsWith("weight");
    const spread = shape.length === 1 ? 0.02 : 1 / Math.sqrt(shape.at(-1) ?? 1);
    const draw = () => (isGain ? 1 : 0) + spread * (2 * rng.uniform() - 1) * Math.sqrt(3);
    return [name, { shape, values: Float32Array.from({ length: size }, draw) }] as const;
  });
  const head = new Map<string, never>();
  return { config, pooling: "pooler" as const, weights: new Map(weights), head };
}

/** Texts are numbers; each becomes `maxLength` tokens. */
const tokenizer: TextTokenizer = {
  vocabularySize: config.vocabularySize,
  encode(text, _pair, maxLength) {
    const token = (_: unknown, i: number) =>
      (Number(text) * 7919 + i * 104_729) % config.vocabularySize;
    const ids = Int32Array.from({ length: maxLength }, token);
    return { ids, types: new Int32Array(maxLength) };
  },
};

const rows = Array.from({ length: batchSize }, (_, row) => `${row},${labels[row % 2] ?? ""}\n`);
const files = memoryFiles({ "rows.csv": utf8(`text,label\n${rows.join("")}`) });
const { layout } = describeModel(config, { ...adapter, labels });

function jobOf(privacy: object): TrainJob {
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
    privacy: privacySchema.parse(privacy),
    task: { kind: "sequence-classification", labels },
    training: trainingSchema.parse({
      batchSize,
      maxLength: Number(options.length),
      localEpochs: stepsPerRound,
      learningRate: 1e-3,
    }),
    seed: [1, 2, 3, 4],
    data: fileData({ kind: "file", path: "rows.csv" }),
  };
}

const record = { mode: "record-level", samplingRate: 1, noiseMultiplier: 1 };
const kinds = {
  plain: jobOf({ mode: "none" }),
  private: jobOf(record),
  hardened: jobOf({ ...record, hardened: true }),
};

interface Time {
  readonly wall: number;
  readonly cpu: number;
}

/** Milliseconds of the steps of one round after its first. */
async function roundTimes(trainer: LocalTrainer, job: TrainJob): Promise<Time[]> {
  const now = (): Time => {
    const { user, system } = process.cpuUsage();
    return { wall: performance.now(), cpu: (user + system) / 1000 };
  };
  const ends: Time[] = [];
  const onProgress = (): void => void ends.push(now());
  await trainer.train(job, { signal: new AbortController().signal, onProgress });
  return ends.slice(1).map((end, index) => {
    const { wall, cpu } = ends[index] ?? end;
    return { wall: end.wall - wall, cpu: end.cpu - cpu };
  });
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

async function measure(engine: string): Promise<void> {
  const [name = "", threads] = engine.split("/");
  const request = threads === undefined ? {} : { threads: Number(threads) };
  const chosen = await chooseBackend(name as BackendName, request);
  const trainer = createTrainer({
    checkpoint: randomCheckpoint(),
    tokenizer,
    files,
    clock: performance,
    entropy: nodeEntropy,
    pause: () => new Promise((resolve) => setImmediate(resolve)),
  });
  const times = { plain: [] as Time[], private: [] as Time[], hardened: [] as Time[] };
  for (let pair = 0; pair <= Number(options.pairs); pair++) {
    for (const [kind, job] of Object.entries(kinds)) {
      const found = await roundTimes(trainer, job);
      // The first round of each kind warms up.
      if (pair > 0) times[kind as keyof typeof times].push(...found);
    }
  }
  await trainer.close();
  const middle = (kind: keyof typeof times, clock: keyof Time) =>
    median(times[kind].map((time) => time[clock]));
  const ratio = (kind: keyof typeof times, clock: keyof Time) =>
    Number((middle(kind, clock) / middle("plain", clock)).toFixed(3));
  const line = {
    engine,
    kernels: chosen.kernels,
    threads: chosen.threads,
    length: Number(options.length),
    trainedValues: layout.size,
    plainMs: Math.round(middle("plain", "wall")),
    plainCpuMs: Math.round(middle("plain", "cpu")),
    private: ratio("private", "wall"),
    privateCpu: ratio("private", "cpu"),
    hardened: ratio("hardened", "wall"),
    hardenedCpu: ratio("hardened", "cpu"),
  };
  console.log(JSON.stringify(line));
}

const wanted = positionals.length > 0 ? positionals : ["wasm/1", "tfjs-node"];
for (const engine of wanted) {
  try {
    await measure(engine);
  } catch (error) {
    if (!isFedtuneError(error)) throw error;
    console.log(JSON.stringify({ engine, unavailable: error.message }));
  }
}
process.exit(0);
