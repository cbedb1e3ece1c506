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
import type { TrainJob } from "@fedtune/core";
import { privacySchema } from "@fedtune/dp";
import { createTrainer, describeModel } from "@fedtune/training";
import type { LocalTrainer } from "@fedtune/training";
import {
  adapter,
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
    length: { type: "string", default: "64" },
    pairs: { type: "string", default: "9" },
  },
});
const stepsPerRound = 4;
const { layout } = describeModel(minilmConfig, { ...adapter, labels: numberLabels });

const jobOf = (privacy: object) =>
  benchJob({
    ...{ layout, labels: numberLabels, path: numberPath },
    training: {
      maxLength: Number(options.length),
      localEpochs: stepsPerRound,
      learningRate: 1e-3,
    },
    privacy: privacySchema.parse(privacy),
  });

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
  const chosen = await chooseEngine(engine);
  const trainer = createTrainer({
    checkpoint: randomMinilm(),
    tokenizer: numberTokenizer,
    files: numberFiles,
    entropy: nodeEntropy,
    ...trainerPorts,
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
await measureEach(wanted, measure);
