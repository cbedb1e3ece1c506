/** The same with the real trainer, whose backend's allocator has no more to give in round 2. */
import { utf8 } from "@fedtune/core";
import type { Trainer, TrainResult } from "@fedtune/core";
import { toyData, toyTrainer } from "@fedtune/testkit";
import {
  createTrainer,
  describeModel,
  fileData,
  loadCheckpoint,
  loadTokenizer,
  memoryFiles,
} from "@fedtune/training";
import { chooseBackend, nodeFiles } from "@fedtune/training/node";
import * as tf from "@tensorflow/tfjs";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, it } from "vitest";
import { playInMemory, saidBy } from "./test-support/memory-run.ts";

const folder = fileURLToPath(new URL("../../training/golden/tiny-bert", import.meta.url));
const rows = ["great film\tyes", "very good\tyes", "bad movie\tno", "not good\tno"];
const labels = ["no", "yes"];
const adapter = { kind: "lora", rank: 2, loraAlpha: 4, targetModules: ["query", "value"] };

interface Allocator {
  readonly wasm: { _malloc: (bytes: number) => number };
}

beforeAll(async () => {
  await chooseBackend("wasm", { threads: 1 });
});

/** While `work` goes on, the backend's memory has no place for more than `most` bytes at once. */
async function withMemoryOf<T>(most: number, work: () => Promise<T>): Promise<T> {
  const { wasm } = tf.backend() as unknown as Allocator;
  const allocate = wasm._malloc;
  wasm._malloc = (bytes) => {
    if (bytes <= most) return allocate(bytes);
    throw new Error(`Cannot allocate ${bytes} bytes: WebAssembly's memory is full at 4096 MiB`);
  };
  try {
    return await work();
  } finally {
    wasm._malloc = allocate;
  }
}

async function openTrainer(): Promise<Trainer> {
  return createTrainer({
    checkpoint: await loadCheckpoint(nodeFiles, folder),
    tokenizer: await loadTokenizer(nodeFiles, folder),
    files: memoryFiles({ "own.tsv": utf8(`text\tlabel\n${rows.join("\n")}\n`) }),
    clock: performance,
    pause: () => Promise.resolve(),
  });
}

it("[CL5] a step that is too much for the device ends the client's round and no more", async () => {
  const { config } = await loadCheckpoint(nodeFiles, folder);
  const shape = describeModel(config, { ...adapter, labels });
  const real = await openTrainer();
  const results = new Map<number, TrainResult>();
  const tensors: number[] = [];
  const poor: Trainer = {
    ...real,
    async train(job, control) {
      const train = () => real.train(job, control);
      try {
        const result = await (job.round === 2 ? withMemoryOf(300, train) : train());
        results.set(job.round, result);
        return result;
      } finally {
        tensors.push(tf.memory().numTensors);
      }
    },
  };
  const declined: string[] = [];
  const played = await playInMemory(
    [
      { trainer: toyTrainer(shape.layout), data: toyData(1, 10) },
      {
        trainer: poor,
        data: fileData({ kind: "file", path: "own.tsv" }),
        listener: { declined: ({ message }) => void declined.push(message) },
      },
    ],
    { shape, config: { adapter, method: { name: "fedavg" }, training: { learningRate: 0.01 } } },
  );
  await real.close();
  expect(played.end.status).toBe("completed");
  expect(played.rounds.map(({ accepted }) => accepted)).toEqual([[0, 1], [0], [0, 1]]);
  expect(declined).toEqual([
    expect.stringMatching(/^Cannot train: one example of length \d+ is more than the memory holds/),
  ]);
  expect(saidBy(played.heard, "declined")).toEqual([
    expect.objectContaining({ round: 2, code: "training-failed" }),
  ]);
  expect([...results.keys()]).toEqual([1, 3]);
  expect(results.get(3)?.metrics).toMatchObject({ loss: expect.any(Number) as number });
  // The failed step left nothing on the device.
  expect(tensors).toEqual([tensors[0], tensors[0], tensors[0]]);
});
