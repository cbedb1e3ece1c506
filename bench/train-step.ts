/**
 * Time of one training step at MiniLM-L6's shape with random weights: B16, LoRA r = 8 on query and value, AdamW.
 *
 * `npx tsx --conditions=@fedtune/source bench/train-step.ts [engine...] [--lengths 32,64,128] [--steps 5]` prints one JSON
 * line per engine and length; what is not there gets a line that says so. An engine is a backend, or `wasm/<threads>` for wasm
 * with our kernels on so many threads, `wasm/stock`, or `tfjs-node/bf16` with large products in bfloat16.
 */
import { parseArgs } from "node:util";
import { createTrainer, describeModel } from "@fedtune/training";
import { backendNames } from "@fedtune/training/node";
import {
  adapter,
  batchSize,
  benchJob,
  chooseEngine,
  measureEach,
  minilmConfig,
  numberFiles,
  numberLabels,
  numberPath,
  numberTokenizer,
  randomMinilm,
  trainerPorts,
} from "./support/minilm-job.ts";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    lengths: { type: "string", default: "32,64,128" },
    steps: { type: "string", default: "5" },
  },
});
const steps = Number(options.steps);
const { layout } = describeModel(minilmConfig, { ...adapter, labels: numberLabels });

const jobOf = (maxLength: number) =>
  benchJob({
    ...{ layout, labels: numberLabels, path: numberPath },
    training: { maxLength, localEpochs: steps + 1, learningRate: 1e-3 },
  });

async function measure(engine: string): Promise<void> {
  const { kernels, threads } = await chooseEngine(engine);
  const trainer = createTrainer({
    checkpoint: randomMinilm(),
    tokenizer: numberTokenizer,
    files: numberFiles,
    ...trainerPorts,
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
  const { hiddenSize: hidden, intermediateSize: inner, layers } = minilmConfig;
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
await measureEach(wanted, measure);
