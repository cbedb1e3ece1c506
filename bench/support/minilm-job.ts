/** What benches of training share: MiniLM-L6's shape with random weights, texts of any length for it, jobs, engines by name. */
import { isFedtuneError, rngFromSeed, runId, trainingSchema, utf8 } from "@fedtune/core";
import type { Layout, TrainJob } from "@fedtune/core";
import { fileData, memoryFiles, parseModelConfig, wantedTensors } from "@fedtune/training";
import type { Checkpoint, TextTokenizer } from "@fedtune/training";
import { chooseBackend } from "@fedtune/training/node";
import type { BackendName, ChosenBackend } from "@fedtune/training/node";

/** Examples of a batch. */
export const batchSize = 16;
/** LoRA as all benches of training have it. */
export const adapter = {
  ...{ kind: "lora", rank: 8, loraAlpha: 16 },
  targetModules: ["query", "value"],
};

/** MiniLM-L6's. */
export const minilmConfig = parseModelConfig({
  ...{ model_type: "bert", vocab_size: 30_522, max_position_embeddings: 512 },
  ...{ hidden_size: 384, num_hidden_layers: 6, num_attention_heads: 12, intermediate_size: 1536 },
});

/** The same random weights every time; matrices keep the size of what passes them. */
export function randomMinilm(): Checkpoint {
  const rng = rngFromSeed(1);
  const weights = [...wantedTensors(minilmConfig, "pooler")].map(([name, shape]) => {
    const size = shape.reduce((product, extent) => product * extent, 1);
    const centre = name.includes("LayerNorm") && name.endsWith("weight") ? 1 : 0;
    const spread = shape.length === 1 ? 0.02 : 1 / Math.sqrt(shape.at(-1) ?? 1);
    const draw = () => centre + spread * (2 * rng.uniform() - 1) * Math.sqrt(3);
    return [name, { shape, values: Float32Array.from({ length: size }, draw) }] as const;
  });
  return { config: minilmConfig, pooling: "pooler", weights: new Map(weights), head: new Map() };
}

/** Texts are numbers; each becomes `maxLength` tokens. */
export const numberTokenizer: TextTokenizer = {
  vocabularySize: minilmConfig.vocabularySize,
  encode(text, _pair, maxLength) {
    const token = (_: unknown, i: number) =>
      (Number(text) * 7919 + i * 104_729) % minilmConfig.vocabularySize;
    return {
      ids: Int32Array.from({ length: maxLength }, token),
      types: new Int32Array(maxLength),
    };
  },
};

/** Of one batch of such texts. */
export const numberLabels = ["a", "b"];
const numberRows = Array.from(
  { length: batchSize },
  (_, row) => `${row},${numberLabels[row % numberLabels.length] ?? ""}\n`,
);
/** One batch of such texts, at `numberPath`. */
export const numberFiles = memoryFiles({
  "rows.csv": utf8(`text,label\n${numberRows.join("")}`),
});
/** Where they are. */
export const numberPath = "rows.csv";

/** What differs between jobs. */
export interface BenchJob {
  readonly layout: Layout;
  readonly labels: readonly string[];
  /** Of the files. */
  readonly path: string;
  /** As the settings of a run have it. */
  readonly training: object;
  readonly privacy?: TrainJob["privacy"];
}

/** A round of classification from a random adapter, the same every time. */
export function benchJob({
  layout,
  labels,
  path,
  training,
  privacy = { mode: "none" },
}: BenchJob): TrainJob {
  const rng = rngFromSeed(2);
  return {
    ...{ run: runId("bench"), round: 1, rank: adapter.rank, adapter },
    start: Float32Array.from({ length: layout.size }, () => 0.05 * (rng.uniform() - 0.5)),
    residuals: [],
    train: ["down", "up", "head"],
    freezeZeros: [],
    privacy,
    task: { kind: "sequence-classification", labels: [...labels] },
    training: trainingSchema.parse({ batchSize, ...training }),
    seed: [1, 2, 3, 4],
    data: fileData({ kind: "file", path }),
  };
}

/** What a trainer of Node is given beside its model and files. */
export const trainerPorts = {
  clock: performance,
  pause: () => new Promise<void>((resolve) => setImmediate(resolve)),
};

/** Makes an engine current: a backend, `wasm/<threads>`, `tfjs-node/bf16`, or a backend with `/stock` for its own kernels. */
export function chooseEngine(engine: string): Promise<ChosenBackend> {
  const [name = "", variant] = engine.split("/");
  const backend = name as BackendName;
  if (variant === undefined) return chooseBackend(backend);
  if (variant === "bf16") return chooseBackend(backend, { matmulPrecision: variant });
  if (variant === "stock") return chooseBackend(backend, { kernels: "stock" });
  return chooseBackend(backend, { threads: Number(variant) });
}

/** Measures one engine after the other; of one that is not there a line says so. Ends the process. */
export async function measureEach(
  engines: readonly string[],
  measure: (engine: string) => Promise<void>,
): Promise<never> {
  for (const engine of engines) {
    try {
      await measure(engine);
    } catch (error) {
      if (!isFedtuneError(error)) throw error;
      console.log(JSON.stringify({ engine, unavailable: error.message }));
    }
  }
  process.exit(0);
}
