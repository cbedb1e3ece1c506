import { adapterKinds, selectRoles } from "@fedtune/core";
import type { FactorRole } from "@fedtune/core";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, test } from "vitest";
import { lora } from "../adapters/lora.ts";
import { adapterForwards } from "../adapters/registry.ts";
import { chooseBackend } from "../backends/node-choose.ts";
import type { PaddedBatch } from "../data/batch.ts";
import { openCapture } from "../layers/capture.ts";
import { describeModel } from "../models/describe.ts";
import { uploadModel } from "../models/device.ts";
import {
  asPadded,
  flatten,
  goldenCheckpoint,
  goldenChoice,
  goldenJson,
  goldenStart,
  goldenTensors,
  relativeDifference,
  relativeNorm,
} from "../test-support/golden.ts";
import type { GoldenBatch } from "../test-support/golden.ts";
import { bindAdapter } from "./binding.ts";
import { exampleGradients, lossAndGradient } from "./gradient.ts";

interface TrainGolden {
  readonly base: string;
  readonly batch: GoldenBatch;
  readonly labels: readonly number[];
  readonly loss: number;
  readonly example_gradient_norms: readonly number[];
}

const roles: Readonly<Record<string, readonly FactorRole[]>> = {
  lora: ["down", "up", "head"],
  rslora: ["down", "up", "head"],
  dora: ["down", "up", "magnitude", "head"],
  vera: ["down", "up", "head"],
  "lora-xs": ["down", "up", "core", "head"],
};
const adapters = [
  "tiny-bert-lora",
  "tiny-bert-rslora",
  "tiny-bert-dora-all-linear",
  "tiny-bert-vera-all-linear",
  "tiny-bert-lora-xs",
  "tiny-roberta-lora",
  "tiny-distilbert-lora",
];

async function setUp(adapter: string, only?: readonly FactorRole[]) {
  const golden = goldenJson<TrainGolden>(`train/${adapter}/golden.json`);
  const checkpoint = await goldenCheckpoint(golden.base);
  const labels = golden.base === "tiny-roberta" ? ["no", "yes"] : ["a", "b", "c"];
  const choice = goldenChoice(adapter, labels);
  const description = describeModel(checkpoint.config, choice);
  const { layout, prefix } = description;
  const train = only ?? roles[choice.kind]!;
  const start = flatten(goldenStart(adapter), layout, prefix);
  const model = uploadModel(checkpoint);
  const binding = bindAdapter(description, start, { kind: choice.kind, train });
  const batch = asPadded(golden.batch, golden.labels);
  const trained = selectRoles(layout, train);
  const close = () => {
    binding.dispose();
    model.dispose();
  };
  return { golden, model, binding, batch, start, trained, prefix, close };
}

/** The rows of a batch, in that order, as a batch of their own. */
function rowsOf(batch: PaddedBatch, rows: readonly number[]): PaddedBatch {
  const { length } = batch;
  const pick = <T extends Int32Array | Float32Array>(from: T): number[] =>
    rows.flatMap((row) => Array.from(from.subarray(row * length, (row + 1) * length)));
  return {
    ...batch,
    batch: rows.length,
    ids: Int32Array.from(pick(batch.ids)),
    types: Int32Array.from(pick(batch.types)),
    mask: Float32Array.from(pick(batch.mask)),
    labels: Int32Array.from(rows, (row) => batch.labels[row]!),
  };
}

/** The same batch in wider rows. */
function widened(batch: PaddedBatch, by: number): PaddedBatch {
  const length = batch.length + by;
  const widen = <T extends Int32Array | Float32Array>(from: T, to: T): T => {
    for (let row = 0; row < batch.batch; row++)
      to.set(from.subarray(row * batch.length, (row + 1) * batch.length), row * length);
    return to;
  };
  const size = batch.batch * length;
  return {
    ...batch,
    length,
    ids: widen(batch.ids, new Int32Array(size)),
    types: widen(batch.types, new Int32Array(size)),
    mask: widen(batch.mask, new Float32Array(size)),
  };
}

type Job = Awaited<ReturnType<typeof setUp>>;

/** The obvious way: one pass per example, a batch of one. */
async function oneByOne(job: Job): Promise<Float32Array[]> {
  const found: Float32Array[] = [];
  for (let row = 0; row < job.batch.batch; row++) {
    const batch = rowsOf(job.batch, [row]);
    found.push((await lossAndGradient({ ...job, batch }, job.start, 1)).gradient);
  }
  return found;
}

const largest = (found: readonly Float32Array[], wanted: readonly Float32Array[]): number =>
  Math.max(...wanted.map((own, row) => relativeNorm(found[row]!, own)));

test("every adapter kind is held against the loop", () => {
  expect(Object.keys(roles).sort()).toEqual(adapterKinds.map(({ name }) => name).sort());
  expect(Object.keys(roles).sort()).toEqual(adapterForwards.map(({ name }) => name).sort());
});

describe.each([
  ["cpu", "stock"],
  ["wasm", "own"],
  ["wasm", "stock"],
] as const)("on %s with %s kernels", (backend, kernels) => {
  beforeAll(async () => {
    await chooseBackend(backend, { kernels });
  });

  test.each(adapters)(
    "[TN17] %s: gradients per example equal a loop of batches of one",
    async (adapter) => {
      const before = tf.memory().numTensors;
      const job = await setUp(adapter);
      const wanted = await oneByOne(job);
      const { loss, gradients } = await exampleGradients(job, job.start);
      expect(largest(gradients, wanted)).toBeLessThan(1e-5);
      expect(loss / job.batch.batch).toBeCloseTo(job.golden.loss, 5);
      // And they are no other's: neither of the next example, nor in sum another one than the plain pass.
      expect(largest([...gradients.slice(1), gradients[0]!], wanted)).toBeGreaterThan(0.1);
      const whole = await lossAndGradient(job, job.start, 1);
      const sum = whole.gradient.map((_, i) => gradients.reduce((all, own) => all + own[i]!, 0));
      expect(relativeNorm(sum, whole.gradient)).toBeLessThan(1e-5);
      job.close();
      expect(tf.memory().numTensors).toBe(before);
    },
  );

  test("[TN17] they equal PyTorch's", async () => {
    const job = await setUp("tiny-bert-lora");
    const stacked = goldenTensors("train/tiny-bert-lora/per_example.safetensors");
    const { gradients } = await exampleGradients(job, job.start);
    for (const [row, found] of gradients.entries()) {
      const own = new Map(
        [...stacked].map(([name, values]) => {
          const size = values.length / gradients.length;
          return [name, values.subarray(row * size, (row + 1) * size)] as const;
        }),
      );
      expect(relativeDifference(found, flatten(own, job.trained, job.prefix))).toBeLessThan(1e-5);
      const norm = Math.sqrt(found.reduce((sum, g) => sum + g * g, 0));
      expect(norm).toBeCloseTo(job.golden.example_gradient_norms[row]!, 4);
    }
    job.close();
  });

  test("[TN17] neither the other examples nor the padding they bring change an example's gradient", async () => {
    const job = await setUp("tiny-bert-lora");
    const { gradients } = await exampleGradients(job, job.start);
    const order = [4, 1, 1, 5];
    const batch = widened(rowsOf(job.batch, order), 6);
    const other = await exampleGradients({ ...job, batch }, job.start);
    const wanted = order.map((row) => gradients[row]!);
    expect(largest(other.gradients, wanted)).toBeLessThan(1e-5);
    job.close();
  });

  test.each<{ train: readonly FactorRole[] }>([
    { train: ["up"] },
    { train: ["head"] },
    { train: ["magnitude"] },
    { train: ["down", "head"] },
  ])("[TN17] with $train alone", async ({ train }) => {
    const job = await setUp("tiny-bert-dora-all-linear", train);
    const { gradients } = await exampleGradients(job, job.start);
    expect(largest(gradients, await oneByOne(job))).toBeLessThan(1e-5);
    job.close();
  });
});

describe("on cpu", () => {
  beforeAll(async () => {
    await chooseBackend("cpu");
  });

  test("[TN17] a kind that gives no gradients per example is refused, and leaves no tensor", async () => {
    const before = tf.memory().numTensors;
    const job = await setUp("tiny-bert-lora");
    const binding = {
      ...job.binding,
      bind(values: Float32Array) {
        const bound = job.binding.bind(values);
        const forward: typeof lora = {
          name: "old",
          apply: (x, { capture: _, ...pass }) => lora.apply(x, pass),
        };
        return { ...bound, adapter: { ...bound.adapter, forward } };
      },
    };
    await expect(exampleGradients({ ...job, binding }, job.start)).rejects.toThrow(
      /gives no gradients per example/,
    );
    job.close();
    expect(tf.memory().numTensors).toBe(before);
  });

  test("[TN17] a second gradient of one parameter is a layer's mistake, not added and not dropped", () => {
    const capture = openCapture(2);
    const [parameter, gradient] = [tf.zeros([3]), tf.zeros([2, 3])];
    capture.keep(parameter, gradient);
    expect(() => capture.keep(parameter, tf.clone(gradient))).toThrow(RangeError);
    expect(capture.rows(parameter).shape).toEqual([2, 3]);
    capture.dispose();
  });
});
