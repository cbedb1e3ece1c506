/**
 * Memory over a long run: does anything grow with steps or with rounds?
 *
 * npm run bench -- memory
 * Prints one JSON line per checkpoint: resident size, heap and array buffers in MiB.
 */
import { methods } from "@fedtune/aggregators";
import {
  adapterKind,
  adapterKinds,
  initialAdapter,
  layoutOf,
  rngFromSeed,
  runId,
} from "@fedtune/core";
import type { Trainer } from "@fedtune/core";
import { nodeHash } from "@fedtune/node-ports";
import { simulate } from "@fedtune/simulation";
import {
  createTrainer,
  describeModel,
  discoverLabels,
  fileData,
  loadCheckpoint,
  loadTokenizer,
} from "@fedtune/training";
import {
  builtinModelFolder,
  chooseBackend,
  householdFile,
  nodeFiles,
} from "@fedtune/training/node";

await steps(200);
await rounds(50);

/** Training steps of fedtune-mini on wasm, a mark every 40. */
async function steps(count: number): Promise<void> {
  await chooseBackend("wasm");
  const folder = builtinModelFolder("fedtune-mini") ?? "";
  const [checkpoint, tokenizer] = await Promise.all([
    loadCheckpoint(nodeFiles, folder),
    loadTokenizer(nodeFiles, folder),
  ]);
  const trainer = createTrainer({
    checkpoint,
    tokenizer,
    files: nodeFiles,
    clock: performance,
    pause: () => Promise.resolve(),
  });
  const data = fileData({ kind: "file", path: householdFile("train.tsv") });
  const labels = [...(await discoverLabels(nodeFiles, data))];
  const adapter = { kind: "lora", rank: 8, loraAlpha: 16, targetModules: ["query", "value"] };
  const { layout } = describeModel(checkpoint.config, { ...adapter, labels });
  let start = initialAdapter(layout, { ...adapter, kind: adapterKind("lora") }, rngFromSeed(1));
  for (let done = 0; done < count; done += 40) {
    const { factors } = await trainer.train(
      {
        run: runId("bench"),
        round: 1,
        rank: 8,
        adapter,
        start,
        residuals: [],
        train: ["down", "up", "head"],
        freezeZeros: [],
        privacy: { mode: "none" },
        task: { kind: "sequence-classification", labels },
        training: {
          localEpochs: 1,
          maxSteps: 40,
          batchSize: 16,
          microBatchSize: null,
          learningRate: 1e-3,
          maxLength: 48,
          maxGradNorm: null,
          optimizer: { name: "adamw", beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 },
        },
        seed: [1, 2, 3, done],
        data,
      },
      { signal: new AbortController().signal },
    );
    start = factors;
    mark({ steps: done + 40 });
  }
  await trainer.close();
}

/** Rounds of 20 clients with 100,000 parameters that return what they received, a mark every 10. */
async function rounds(count: number): Promise<void> {
  const size = 100_000 / 16;
  const layout = layoutOf([
    { name: "layer.lora_A", module: "layer", role: "down", shape: [8, size] },
    { name: "layer.lora_B", module: "layer", role: "up", shape: [size, 8] },
  ]);
  const shape = { layout, modules: [{ name: "layer", in: size, out: size }] };
  const idle: Trainer = {
    train: ({ start }) =>
      Promise.resolve({ factors: start, examples: 1, metrics: {}, privacyEvents: [] }),
    evaluate: () => Promise.resolve({}),
    close: () => Promise.resolve(),
  };
  await simulate(
    {
      name: "bench",
      task: { kind: "sequence-classification", labels: ["a", "b"] },
      rounds: { numRounds: count, minAvailableClients: 20 },
    },
    {
      registries: { methods, kinds: adapterKinds },
      describe: () => shape,
      clients: Array.from({ length: 20 }, (_, k) => ({ name: `c${k}`, data: { kind: "none" } })),
      trainer: idle,
      evaluate: null,
      hash: nodeHash,
      settle: () => new Promise((resolve) => setImmediate(resolve)),
      listener: {
        roundCommitted({ round }) {
          if (round % 10 === 0) mark({ rounds: round });
        },
      },
    },
  );
}

function mark(at: Readonly<Record<string, number>>): void {
  globalThis.gc?.();
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  const mib = (bytes: number): number => Math.round(bytes / 2 ** 20);
  process.stdout.write(
    `${JSON.stringify({ ...at, rssMiB: mib(rss), heapMiB: mib(heapUsed), buffersMiB: mib(arrayBuffers) })}\n`,
  );
}
