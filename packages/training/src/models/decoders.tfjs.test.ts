/** Decoders against PyTorch, transformers and PEFT: losses of completions, gradients, classification by the last token. */
import { parseAdapterConfig } from "@fedtune/core";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, test } from "vitest";
import { chooseBackend } from "../backends/node-choose.ts";
import { padBatch } from "../data/batch.ts";
import type { TextExample } from "../data/batch.ts";
import {
  flatten,
  goldenCheckpoint,
  goldenJson,
  goldenTensors,
  relativeDifference,
} from "../test-support/golden.ts";
import { bindAdapter } from "../trainer/binding.ts";
import {
  batchLogits,
  batchTokens,
  exampleGradients,
  lossAndGradient,
} from "../trainer/gradient.ts";
import { describeModel } from "./describe.ts";
import { uploadModel } from "./device.ts";

interface DecoderGolden {
  readonly task: "CAUSAL_LM" | "SEQ_CLS";
  readonly batch: {
    readonly input_ids: readonly (readonly number[])[];
    readonly attention_mask: readonly (readonly number[])[];
  };
  readonly predicted: readonly (readonly number[])[];
  readonly labels: readonly number[];
  readonly loss: number;
  readonly example_losses: readonly number[];
  readonly logits?: readonly (readonly number[])[];
}

const names = ["tiny-gpt2", "tiny-gpt2-classifier", "tiny-llama", "tiny-qwen2"] as const;
/** The native library is optional; where it was fetched, it is held to the same numbers. */
const native = await chooseBackend("tfjs-node").then(
  () => true,
  () => false,
);

const engines = [
  ["cpu", "stock"],
  ["wasm", "own"],
  ["wasm", "stock"],
  ...(native
    ? ([
        ["tfjs-node", "own"],
        ["tfjs-node", "stock"],
      ] as const)
    : []),
] as const;

async function setUp(name: (typeof names)[number]) {
  const folder = `decoders/${name}`;
  const golden = goldenJson<DecoderGolden>(`${folder}/golden.json`);
  const checkpoint = await goldenCheckpoint(folder);
  const config = parseAdapterConfig(goldenJson(`${folder}/adapter/adapter_config.json`));
  const { rank, loraAlpha, targetModules: targets } = config;
  const isLanguage = golden.task === "CAUSAL_LM";
  const description = describeModel(checkpoint.config, {
    ...{ kind: config.kind.name, rank, loraAlpha },
    targetModules: typeof targets === "string" ? [targets] : targets,
    labels: isLanguage ? [] : ["a", "b", "c"],
  });
  const { layout, prefix } = description;
  const pack = (file: string) => flatten(goldenTensors(`${folder}/${file}`), layout, prefix);
  const values = pack("adapter/adapter_model.safetensors");
  const train = isLanguage ? (["down", "up"] as const) : (["down", "up", "head"] as const);
  const model = uploadModel(checkpoint);
  const binding = bindAdapter(description, values, { kind: config.kind.name, train });
  const examples = golden.batch.input_ids.map((row, index): TextExample => {
    const length = golden.batch.attention_mask[index]!.reduce((sum, one) => sum + one, 0);
    const ids = Int32Array.from(row.slice(0, length));
    const predicted = Uint8Array.from(golden.predicted[index]!.slice(0, length));
    const label = golden.labels[index]!;
    return { ids, types: new Int32Array(length), label, ...(isLanguage ? { predicted } : {}) };
  });
  const { padId } = checkpoint.config;
  const jobOf = (part: readonly TextExample[], most = 48) => ({
    ...{ model, binding },
    batch: padBatch(part, { padId, maxTokens: most }),
  });
  const close = () => {
    binding.dispose();
    model.dispose();
  };
  return { golden, values, examples, jobOf, pack, close };
}

describe.each(engines)("on %s with %s kernels", (backend, kernels) => {
  beforeAll(async () => {
    expect(await chooseBackend(backend, { kernels })).toMatchObject({ kernels });
  });

  describe.each(names)("%s", (name) => {
    test("[TN1] [TN2] loss and gradients equal PyTorch's", async () => {
      const before = tf.memory().numTensors;
      const { golden, values, examples, jobOf, pack, close } = await setUp(name);
      const { loss, gradient } = await lossAndGradient(jobOf(examples), values, 0.25);
      expect(loss).toBeCloseTo(golden.loss, 5);
      expect(relativeDifference(gradient, pack("gradients.safetensors"))).toBeLessThan(2e-5);
      close();
      expect(tf.memory().numTensors).toBe(before);
    });

    test("[TN20] [TN1] what is padded, and by how much, changes nothing", async () => {
      const { golden, values, examples, jobOf, close } = await setUp(name);
      const wide = await lossAndGradient(jobOf(examples, 40), values, 0.25);
      expect(wide.loss).toBeCloseTo(golden.loss, 5);
      const alone = await lossAndGradient(jobOf([examples[2]!]), values, 1);
      expect(alone.loss).toBeCloseTo(golden.example_losses[2]!, 5);
      close();
    });

    test("[TN17] every example's own gradient is that of a batch of one", async () => {
      const { values, examples, jobOf, close } = await setUp(name);
      const { gradients } = await exampleGradients(jobOf(examples), values);
      for (const [index, example] of examples.entries()) {
        const { gradient } = await lossAndGradient(jobOf([example]), values, 1);
        expect(relativeDifference(gradients[index]!, gradient)).toBeLessThan(2e-5);
      }
      close();
    });
  });

  test("[TN1] a decoder classifies by its last token, as HuggingFace's does", async () => {
    const { golden, values, examples, jobOf, close } = await setUp("tiny-gpt2-classifier");
    const found = await batchLogits(jobOf(examples), values);
    expect(relativeDifference(found, golden.logits!.flat())).toBeLessThan(1e-5);
    close();
  });

  test("[TN20] scores of tokens add up to the loss of their examples", async () => {
    const { golden, values, examples, jobOf, close } = await setUp("tiny-llama");
    const { losses, hits } = await batchTokens(jobOf(examples), values);
    let at = 0;
    examples.forEach(({ predicted }, index) => {
      const count = predicted!.reduce((sum, one) => sum + one, 0);
      const own = losses.subarray(at, at + count);
      expect(own.reduce((sum, loss) => sum + loss, 0) / count).toBeCloseTo(
        golden.example_losses[index]!,
        4,
      );
      at += count;
    });
    expect(at).toBe(losses.length);
    expect([...hits].every((hit) => hit === 0 || hit === 1)).toBe(true);
    close();
  });

  test("keys and values of grouped heads are not repeated", async () => {
    const { values, examples, jobOf, close } = await setUp("tiny-llama");
    const kernels = await kernelsOf(() => lossAndGradient(jobOf(examples), values, 0.25));
    expect(kernels.some(({ name }) => name === "Tile")).toBe(false);
    close();
  });
});

/** What the backend ran, and the shapes that it gave. */
async function kernelsOf(work: () => Promise<unknown>) {
  const { kernels } = await tf.profile(async () => {
    await work();
    return [];
  });
  return kernels;
}

/** Kernels of a pass forward and back on wasm, and those of them whose results are as large as scores. */
async function passOn(name: (typeof names)[number], kernels: "own" | "stock") {
  await chooseBackend("wasm", { kernels, threads: 1 });
  const { values, examples, jobOf, close } = await setUp(name);
  const job = jobOf(examples);
  const all = await kernelsOf(() => lossAndGradient(job, values, 0.25));
  close();
  const { length } = job.batch;
  const isScores = ([...shape]: readonly number[]) =>
    shape.length >= 3 && shape.at(-1) === length && shape.at(-2)! % length === 0;
  const scores = all.filter(({ outputShapes }) => outputShapes.some((shape) => isScores(shape)));
  return { scores, count: (kernel: string) => all.filter((one) => one.name === kernel).length };
}

describe.each(["tiny-gpt2", "tiny-llama", "tiny-qwen2"] as const)("%s on our kernels", (name) => {
  test("has one kernel per layer for attention and one for its gradient, and no scores between them", async () => {
    const { layers } = (await goldenCheckpoint(`decoders/${name}`)).config;
    const own = await passOn(name, "own");
    expect(own.count("FedtuneAttention")).toBe(layers);
    expect(own.count("FedtuneAttentionGradient")).toBe(layers);
    expect(own.scores).toEqual([]);
    const stock = await passOn(name, "stock");
    expect(stock.scores.length).toBeGreaterThan(6 * layers);
  });
});
