import * as tf from "@tensorflow/tfjs";
import { rngFromSeed, trainingSchema } from "@fedtune/core";
import type { TrainJob } from "@fedtune/core";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { chooseBackend } from "../backends/node-choose.ts";
import type { Example } from "../data/batch.ts";
import { parseModelConfig } from "../models/registry.ts";
import { noAbort, tinyJob, tinyTrainer } from "../test-support/jobs.ts";
import { isOutOfMemory, openStepMemory } from "./step-memory.ts";

interface Allocator {
  readonly wasm: { _malloc: (bytes: number) => number };
}

let restore = (): void => undefined;

beforeAll(async () => {
  await chooseBackend("wasm", { threads: 1 });
});
afterEach(() => restore());

/** From now on the backend's memory has no place for more than `most` bytes at once; counts what was refused. */
function limitMemory(most: number): () => number {
  const { wasm } = tf.backend() as unknown as Allocator;
  const allocate = wasm._malloc;
  let refused = 0;
  wasm._malloc = (bytes) => {
    if (bytes <= most) return allocate(bytes);
    refused += 1;
    // As our allocator words it.
    throw new Error(`Cannot allocate ${bytes} bytes: WebAssembly's memory is full at 4096 MiB`);
  };
  restore = () => {
    wasm._malloc = allocate;
    restore = () => undefined;
  };
  return () => refused;
}

const training = (input: object) =>
  trainingSchema.parse({ batchSize: 10, learningRate: 0.01, localEpochs: 3, ...input });

async function trained(changes: Partial<TrainJob>, stepBytes?: number) {
  const options = stepBytes === undefined ? {} : { stepBytes };
  const { trainer, checkpoint } = await tinyTrainer("tiny-bert", options);
  const job = tinyJob(checkpoint, changes);
  const start = job.start.map((value, index) => value + 0.01 * Math.cos(index));
  const train = () => trainer.train({ ...job, start }, noAbort);
  return { train, trainer };
}

/** The widest activation of tiny-bert is 64 numbers a token; the longest review has 11 tokens, padded to 16. */
const bytesFor = (rows: number): number => rows * 16 * 64 * 4 + 256;

describe("a step for which memory is short", () => {
  test("[TN25] is done anew in halves, to the bits of that part size; nothing stays behind", async () => {
    const halves = await trained({ training: training({ microBatchSize: 2 }) });
    const { factors: wanted } = await halves.train();
    await halves.trainer.close();
    const { train, trainer } = await trained({ training: training({}) });
    const { numTensors, numBytes } = tf.memory();
    const refused = limitMemory(bytesFor(3));
    const { factors, metrics } = await train();
    expect(refused()).toBeGreaterThan(0);
    restore();
    expect(factors).toEqual(wanted);
    expect(metrics).toMatchObject({ steps: 3 });
    expect(tf.memory()).toMatchObject({ numTensors, numBytes });
    // What was learned stays: the next job asks for no more than there is.
    const again = limitMemory(bytesFor(3));
    await train();
    expect(again()).toBe(0);
    await trainer.close();
  });

  test("[TN25] ends with a clear error when one example is too much, and the next job is as if nothing had been", async () => {
    const { train, trainer } = await trained({ training: training({}) });
    const { numTensors } = tf.memory();
    limitMemory(300);
    await expect(train()).rejects.toMatchObject({
      code: "training-failed",
      retryable: true,
      data: { reason: "out-of-memory" },
    });
    expect(tf.memory().numTensors).toBe(numTensors);
    restore();
    const singly = await trained({ training: training({ microBatchSize: 1 }) });
    expect((await train()).factors).toEqual((await singly.train()).factors);
    await trainer.close();
    await singly.trainer.close();
  });

  test("of a private round gives every example's gradient all the same", async () => {
    const privacy = {
      ...{ mode: "record-level", noise: "seeded", noiseMultiplier: 0.01, clipNorm: 1 },
      ...{ delta: 1e-5, samplingRate: 1 },
    } as unknown as TrainJob["privacy"];
    const settings = training({ batchSize: 10, maxSteps: 3 });
    const { train, trainer } = await trained({ training: settings, privacy });
    const { factors: whole } = await train();
    const refused = limitMemory(bytesFor(3));
    const { factors: halved } = await train();
    expect(refused()).toBeGreaterThan(0);
    const apart = whole.reduce(
      (most, value, i) => Math.max(most, Math.abs(value - (halved[i] ?? 0))),
      0,
    );
    expect(apart).toBeLessThan(1e-4);
    await trainer.close();
  });
});

describe("parts planned from the memory that there is", () => {
  test("are those of that microBatchSize, and the whole batch where there is enough", async () => {
    const settings = { training: training({}) };
    const parts = await trained({ training: training({ microBatchSize: 1 }) });
    const none = await trained(settings, 1);
    const plenty = await trained(settings, 2 ** 30);
    const whole = await trained(settings);
    expect((await none.train()).factors).toEqual((await parts.train()).factors);
    expect((await plenty.train()).factors).toEqual((await whole.train()).factors);
    for (const { trainer } of [parts, none, plenty, whole]) await trainer.close();
  });

  test("hold every example once, and no more of them than fit or were asked for", async () => {
    const config = parseModelConfig({
      ...{ model_type: "bert", vocab_size: 11, max_position_embeddings: 512, hidden_size: 8 },
      ...{ num_hidden_layers: 2, num_attention_heads: 2, intermediate_size: 16 },
    });
    const rng = rngFromSeed(3);
    for (let turn = 0; turn < 100; turn++) {
      const [count, asked] = [1 + rng.below(40), 1 + rng.below(40)];
      const examples = Array.from({ length: count }, (): Example => {
        const ids = new Int32Array(1 + rng.below(300));
        return { ids, types: ids, label: 0 };
      });
      const memory = openStepMemory(config, 2 ** (10 + rng.below(20)));
      const parts = await memory.inParts(examples, asked, (found) => Promise.resolve(found));
      expect(parts.flat()).toEqual(examples);
      expect(Math.max(...parts.map(({ length }) => length))).toBeLessThanOrEqual(asked);
      const less = openStepMemory(config, 1);
      expect(await less.inParts(examples, null, (found) => Promise.resolve(found.length))).toBe(
        count,
      );
    }
  });
});

test.each([
  ["OOM when allocating tensor with shape[16,128,1536]", true],
  ["Array buffer allocation failed", true],
  ["WebAssembly.Memory(): could not allocate memory", true],
  ["Error in matMul: inner shapes must match", false],
])("%s: %s", (message, wanted) => {
  expect(isOutOfMemory(new Error(message))).toBe(wanted);
});
