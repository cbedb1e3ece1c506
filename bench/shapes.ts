/**
 * Memory and time of one training step at the shapes of real models with random weights, loaded from a checkpoint as any other.
 *
 * `npx tsx --conditions=@fedtune/source bench/shapes.ts [shape...] [--backends wasm,tfjs-node] [--precision f32]` prints a JSON
 * line for each shape and backend, each measured in a process of its own: peak after loading, and after a step. Shapes: gpt2,
 * smollm, minilm (all linears), and load, which only loads 500 MB of float16.
 */
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
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
  parseModelConfig,
  wantedTensors,
} from "@fedtune/training";
import type { BasePrecision, ModelConfig, TextTokenizer } from "@fedtune/training";
import { chooseBackend, nodeFiles, peakMemoryBytes, stepBytes } from "@fedtune/training/node";
import type { BackendName } from "@fedtune/training/node";

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
  readonly dtype: "F32" | "F16";
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
  },
});
const steps = 2;

if (options.folder === undefined) await measureAll();
else await measure(positionals[0] ?? "", options.folder, options.backends as BackendName);

/** Writes each checkpoint once, and measures it on each backend in a child. */
async function measureAll(): Promise<void> {
  const names = positionals.length > 0 ? positionals : Object.keys(shapes);
  for (const name of names) {
    const shape = shapes[name];
    if (shape === undefined) throw new RangeError(`There is no shape "${name}"`);
    const folder = await mkdtemp(join(tmpdir(), "fedtune-shape-"));
    try {
      await writeCheckpoint(join(folder, "model"), shape);
      for (const backend of options.backends.split(",")) {
        const args = [
          ...["--import", "tsx", "--conditions=@fedtune/source", fileURLToPath(import.meta.url)],
          ...[name, "--folder", join(folder, "model"), "--backends", backend],
          ...["--precision", options.precision],
        ];
        const { status } = spawnSync(process.execPath, args, {
          stdio: ["ignore", "inherit", "inherit"],
        });
        if (status !== 0) console.log(JSON.stringify({ shape: name, backend, failed: status }));
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

/** Random weights, written tensor by tensor; one draw of a million numbers serves all of them. */
async function writeCheckpoint(folder: string, { config, dtype }: Shape): Promise<void> {
  await mkdir(folder);
  await writeFile(join(folder, "config.json"), JSON.stringify(config));
  const parsed = parseModelConfig(config);
  const width = dtype === "F32" ? 4 : 2;
  const isTurned = parsed.family === "gpt2";
  const turns = new Set(isTurned ? linearWeights(parsed) : []);
  const header: Record<string, object> = {};
  let end = 0;
  for (const [name, shape] of wanted(parsed)) {
    const start = end;
    end += width * sizeOf(shape);
    const stored = turns.has(name) ? [...shape].reverse() : shape;
    header[name] = { dtype, shape: stored, data_offsets: [start, end] };
  }
  const text = utf8(JSON.stringify(header));
  const prefix = new DataView(new ArrayBuffer(8));
  prefix.setBigUint64(0, BigInt(text.length), true);
  const file = createWriteStream(join(folder, "model.safetensors"));
  file.write(new Uint8Array(prefix.buffer));
  file.write(text);
  const draw = drawn(dtype);
  for (const [name, shape] of wanted(parsed)) {
    for (let left = width * sizeOf(shape); left > 0; left -= draw.length) {
      const isNorm = shape.length === 1 && name.endsWith("weight");
      const part = (isNorm ? ones(dtype) : draw).subarray(0, Math.min(left, draw.length));
      if (!file.write(part)) await once(file, "drain");
    }
  }
  file.end();
  await once(file, "close");
}

function wanted(config: ModelConfig): ReadonlyMap<string, readonly number[]> {
  return wantedTensors(config, config.decoder === null ? "pooler" : "last");
}

function linearWeights(config: ModelConfig): readonly string[] {
  const adapter = {
    kind: "lora",
    rank: 1,
    loraAlpha: 1,
    targetModules: ["all-linear"],
    labels: [],
  };
  return describeModel(config, adapter).modules.map(({ name }) => `${name}.weight`);
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** A million numbers of deviation 0.02, as bytes. */
function drawn(dtype: Shape["dtype"]): Uint8Array {
  const rng = rngFromSeed(1);
  const spread = 0.02 * Math.sqrt(12);
  const values = Float32Array.from({ length: 1e6 }, () => spread * (rng.uniform() - 0.5));
  if (dtype === "F32") return new Uint8Array(values.buffer);
  // Sign and exponent of float32 to those of float16, the mantissa cut: random is random.
  const bits = new Uint32Array(values.buffer);
  const halves = Uint16Array.from(bits, (word) => {
    const exponent = Math.max(0, ((word >>> 23) & 0xff) - 112);
    return ((word >>> 16) & 0x8000) | (exponent << 10) | ((word >>> 13) & 0x3ff);
  });
  return new Uint8Array(halves.buffer);
}

function ones(dtype: Shape["dtype"]): Uint8Array {
  if (dtype === "F32") return new Uint8Array(new Float32Array(1e4).fill(1).buffer);
  return new Uint8Array(new Uint16Array(1e4).fill(0x3c00).buffer);
}

/** One shape on one backend, in this process. */
async function measure(name: string, folder: string, wantedBackend: BackendName): Promise<void> {
  const shape = shapes[name];
  if (shape === undefined || !existsSync(folder)) throw new RangeError(`Nothing to measure`);
  const chosen = await chooseBackend(wantedBackend);
  const started = peakMemoryBytes();
  const began = performance.now();
  const checkpoint = await loadCheckpoint(nodeFiles, folder);
  const { config } = checkpoint;
  const trainer = createTrainer({
    checkpoint,
    basePrecision: options.precision as BasePrecision,
    stepBytes: stepBytes(chosen.name),
    tokenizer: numbersAsTexts(config),
    files: memoryFiles({ "rows.csv": utf8(rowsOf(shape.batchSize)) }),
    clock: performance,
    pause: () => new Promise((resolve) => setImmediate(resolve)),
  });
  const loadMs = performance.now() - began;
  const loaded = peakMemoryBytes();
  const ends: number[] = [];
  if (shape.trains) {
    const onProgress = (): void => {
      ends.push(performance.now());
    };
    const { signal } = new AbortController();
    await trainer.train(jobOf(shape, config), { signal, onProgress });
  }
  const times = ends.slice(1).map((end, index) => end - (ends[index] ?? 0));
  const megabytes = (bytes: number): number => Math.round(bytes / 1e6);
  console.log(
    JSON.stringify({
      ...{ shape: name, backend: chosen.name, kernels: chosen.kernels, threads: chosen.threads },
      ...{ precision: options.precision, batchSize: shape.batchSize, length: shape.length },
      weightMegabytes: megabytes(
        [...wanted(config).values()].reduce((sum, one) => sum + 4 * sizeOf(one), 0),
      ),
      ...{ startMegabytes: megabytes(started), loadedMegabytes: megabytes(loaded) },
      ...{ peakMegabytes: megabytes(peakMemoryBytes()), loadMs: Math.round(loadMs) },
      ...(shape.trains ? { bestStepMs: Math.round(Math.min(...times)) } : {}),
    }),
  );
  process.exit(0);
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
