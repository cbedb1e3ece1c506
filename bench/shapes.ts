/**
 * Memory and time of one training step at the shapes of real models with random weights, loaded from a checkpoint as any other.
 *
 * `npx tsx --conditions=@fedtune/source bench/shapes.ts [shape...] [--backends wasm,tfjs-node] [--precision f32] [--sizes 4x128,2x512]
 * [--steps 2]` prints a JSON line for each shape, backend and size of a batch (examples x tokens), each measured in a process of its
 * own: peak after loading, and after a step. Shapes: gpt2, smollm, minilm (all linears), and load, which only loads 500 MB of
 * float16. A backend may be `wasm/<threads>`.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { rngFromSeed, runId, trainingSchema, utf8 } from "@fedtune/core";
import type { TrainJob } from "@fedtune/core";
import {
  createTrainer,
  defaultTargets,
  describeModel,
  fileData,
  loadCheckpoint,
  memoryFiles,
} from "@fedtune/training";
import type { BasePrecision, ModelConfig, TextTokenizer } from "@fedtune/training";
import { chooseBackend, nodeFiles, peakMemoryBytes, stepBytes } from "@fedtune/training/node";
import type { BackendName, ChosenBackend } from "@fedtune/training/node";
import { linearWeights, sizeOf, wanted, writeCheckpoint } from "./support/shape-checkpoint.ts";
import type { StoredType } from "./support/shape-checkpoint.ts";

const gpt2 = {
  model_type: "gpt2",
  vocab_size: 50_257,
  n_positions: 1024,
  n_embd: 768,
  n_layer: 12,
  n_head: 12,
  eos_token_id: 50_256,
};
const smollm = {
  model_type: "llama",
  vocab_size: 49_152,
  hidden_size: 576,
  intermediate_size: 1536,
  num_hidden_layers: 30,
  num_attention_heads: 9,
  num_key_value_heads: 3,
  max_position_embeddings: 2048,
  rms_norm_eps: 1e-5,
  tie_word_embeddings: true,
  bos_token_id: 0,
  eos_token_id: 0,
};
const minilm = {
  model_type: "bert",
  vocab_size: 30_522,
  max_position_embeddings: 512,
  hidden_size: 384,
  num_hidden_layers: 6,
  num_attention_heads: 12,
  intermediate_size: 1536,
};

interface Shape {
  readonly config: object;
  readonly batchSize: number;
  readonly length: number;
  /** Null: the family's own. */
  readonly targets: readonly string[] | null;
  readonly dtype: StoredType;
  /** Whether it is trained, or only loaded. */
  readonly trains: boolean;
}

const usual = { batchSize: 4, length: 128, targets: null, dtype: "F32", trains: true } as const;
const shapes: Readonly<Record<string, Shape>> = {
  gpt2: { ...usual, config: gpt2 },
  smollm: { ...usual, config: smollm },
  minilm: { ...usual, config: minilm, batchSize: 16, targets: ["all-linear"] },
  load: { ...usual, config: { ...gpt2, n_layer: 29 }, dtype: "F16", trains: false },
};

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    backends: { type: "string", default: "wasm,tfjs-node" },
    precision: { type: "string", default: "f32" },
    folder: { type: "string" },
    sizes: { type: "string" },
    steps: { type: "string", default: "2" },
  },
});
const steps = Number(options.steps);

if (options.folder === undefined) await measureAll();
else await measure(positionals[0] ?? "", options.folder);

/** Writes each checkpoint once, and measures it on each backend in a child. */
async function measureAll(): Promise<void> {
  const names = positionals.length > 0 ? positionals : Object.keys(shapes);
  for (const name of names) {
    const shape = shapes[name];
    if (shape === undefined) throw new RangeError(`There is no shape "${name}"`);
    const folder = await mkdtemp(join(tmpdir(), "fedtune-shape-"));
    try {
      await writeCheckpoint(join(folder, "model"), shape);
      const sizes = options.sizes ?? `${shape.batchSize}x${shape.length}`;
      for (const [backend, size] of pairs(options.backends.split(","), sizes.split(","))) {
        const args = [
          ...["--import", "tsx", "--conditions=@fedtune/source", fileURLToPath(import.meta.url)],
          ...[name, "--folder", join(folder, "model"), "--backends", backend],
          ...["--precision", options.precision, "--sizes", size, "--steps", options.steps],
        ];
        const { status } = spawnSync(process.execPath, args, {
          stdio: ["ignore", "inherit", "inherit"],
        });
        if (status !== 0)
          console.log(JSON.stringify({ shape: name, backend, size, failed: status }));
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

/** Every backend with every size. */
function pairs(
  backends: readonly string[],
  sizes: readonly string[],
): (readonly [string, string])[] {
  return backends.flatMap((backend) => sizes.map((size) => [backend, size] as const));
}

/** Takes `wasm/2` apart. */
function choose(engine: string): Promise<ChosenBackend> {
  const [name = "", threads] = engine.split("/");
  return chooseBackend(
    name as BackendName,
    threads === undefined ? {} : { threads: Number(threads) },
  );
}

/** One shape on one backend, in this process. */
async function measure(name: string, folder: string): Promise<void> {
  const usual = shapes[name];
  if (usual === undefined || !existsSync(folder)) throw new RangeError(`Nothing to measure`);
  const [batchSize = 0, length = 0] = (options.sizes ?? "").split("x").map(Number);
  const shape = { ...usual, batchSize, length };
  const chosen = await choose(options.backends);
  const started = peakMemoryBytes();
  const began = performance.now();
  const checkpoint = await loadCheckpoint(nodeFiles, folder);
  const { config } = checkpoint;
  const trainer = createTrainer({
    checkpoint,
    basePrecision: options.precision as BasePrecision,
    stepBytes: stepBytes(chosen.name),
    tokenizer: numbersAsTexts(config),
    files: memoryFiles({ "rows.csv": utf8(rowsOf(batchSize)) }),
    clock: performance,
    pause: () => new Promise((resolve) => setImmediate(resolve)),
  });
  const loadMs = performance.now() - began;
  const loaded = peakMemoryBytes();
  const ends: { readonly wall: number; readonly cpu: number }[] = [];
  if (shape.trains) {
    const onProgress = (): void => {
      const { user, system } = process.cpuUsage();
      ends.push({ wall: performance.now(), cpu: (user + system) / 1000 });
    };
    const { signal } = new AbortController();
    await trainer.train(jobOf(shape, config), { signal, onProgress });
  }
  const megabytes = (bytes: number): number => Math.round(bytes / 1e6);
  console.log(
    JSON.stringify({
      ...{ shape: name, backend: chosen.name, kernels: chosen.kernels, threads: chosen.threads },
      ...{ precision: options.precision, batchSize, length },
      weightMegabytes: megabytes(
        [...wanted(config).values()].reduce((sum, one) => sum + 4 * sizeOf(one), 0),
      ),
      ...{ startMegabytes: megabytes(started), loadedMegabytes: megabytes(loaded) },
      ...{ peakMegabytes: megabytes(peakMemoryBytes()), loadMs: Math.round(loadMs) },
      ...(shape.trains
        ? {
            bestStepMs: leastStep(ends.map(({ wall }) => wall)),
            bestStepCpuMs: leastStep(ends.map(({ cpu }) => cpu)),
            gflop: Math.round(gflopOf(shape, config)),
          }
        : {}),
    }),
  );
  process.exit(0);
}

/** Least distance of neighbours; the first step warms up. */
function leastStep(ends: readonly number[]): number {
  return Math.round(Math.min(...ends.slice(1).map((end, index) => end - (ends[index] ?? 0))));
}

/**
 * Floating-point operations of a step's products with the weights, in 1e9, forward and back, without those of the adapter; of a
 * decoder with its vocabulary. Those of attention are not in it.
 */
function gflopOf({ batchSize, length }: Shape, config: ModelConfig): number {
  const weights = linearWeights(config).reduce(
    (sum, weight) => sum + sizeOf(wanted(config).get(weight) ?? []),
    0,
  );
  const vocabulary = config.decoder === null ? 0 : config.vocabularySize * config.hiddenSize;
  return (4 * batchSize * length * (weights + vocabulary)) / 1e9;
}

function rowsOf(count: number): string {
  const rows = Array.from({ length: count }, (_, row) => `${row},${row % 2}\n`);
  return `text,label\n${rows.join("")}`;
}

/** Texts are numbers; each becomes more tokens than any job takes. All but the first are learned. */
function numbersAsTexts({ vocabularySize }: ModelConfig): TextTokenizer {
  const idsOf = (text: string, length: number): number[] =>
    Array.from({ length }, (_, i) => (Number(text) * 7919 + i * 104_729) % vocabularySize);
  return {
    vocabularySize,
    encode: (text, _pair, maxLength) => ({
      ids: Int32Array.from(idsOf(text, maxLength)),
      types: new Int32Array(maxLength),
    }),
    language: {
      pieces: (text) => (text === "" ? [] : idsOf(text, 512)),
      start: [],
      chatTemplate: null,
      decode: () => "",
    },
  };
}

function jobOf({ batchSize, length, targets }: Shape, config: ModelConfig): TrainJob {
  const labels = config.decoder === null ? ["0", "1"] : [];
  const targetModules = [...(targets ?? defaultTargets(config))];
  const adapter = { kind: "lora", rank: 8, loraAlpha: 16, targetModules };
  const { layout } = describeModel(config, { ...adapter, labels });
  const rng = rngFromSeed(2);
  return {
    ...{ run: runId("bench"), round: 1, rank: adapter.rank, adapter, residuals: [] },
    start: Float32Array.from({ length: layout.size }, () => 0.05 * (rng.uniform() - 0.5)),
    train: labels.length === 0 ? ["down", "up"] : ["down", "up", "head"],
    freezeZeros: [],
    privacy: { mode: "none" },
    task:
      labels.length === 0
        ? { kind: "causal-lm", labels }
        : { kind: "sequence-classification", labels },
    training: trainingSchema.parse({ batchSize, maxLength: length, localEpochs: steps + 1 }),
    seed: [1, 2, 3, 4],
    data: fileData({ kind: "file", path: "rows.csv" }),
  };
}
