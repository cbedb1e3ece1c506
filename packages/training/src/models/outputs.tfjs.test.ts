import { factorView } from "@fedtune/core";
import { beforeAll, describe, expect, test } from "vitest";
import { chooseBackend } from "../backends/node-choose.ts";
import { nodeFiles } from "../backends/node-files.ts";
import {
  asPadded,
  goldenCheckpoint,
  goldenJson,
  relativeDifference,
} from "../test-support/golden.ts";
import type { GoldenBatch } from "../test-support/golden.ts";
import { bindAdapter } from "../trainer/binding.ts";
import { batchLogits } from "../trainer/gradient.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { loadCheckpoint } from "./checkpoint.ts";
import { describeModel } from "./describe.ts";
import { uploadModel } from "./device.ts";

interface Outputs {
  readonly batch: GoldenBatch;
  readonly labels?: readonly number[];
  readonly logits: readonly number[][];
  readonly cls: readonly number[][];
  readonly mean: readonly number[][];
}

const minilm = process.env["FEDTUNE_MINILM"];

beforeAll(async () => {
  await chooseBackend("wasm");
});

/** Logits with an adapter of zeros and the head that `head` fills in. */
async function outputs(
  checkpoint: Checkpoint,
  batch: GoldenBatch,
  options: { labels: number; head(name: string, view: Float32Array): void },
) {
  const targetModules = checkpoint.config.family === "distilbert" ? ["q_lin"] : ["query"];
  const labels = Array.from({ length: options.labels }, (_, index) => String(index));
  const description = describeModel(checkpoint.config, {
    kind: "lora",
    rank: 2,
    loraAlpha: 2,
    targetModules,
    labels,
  });
  const values = new Float32Array(description.layout.size);
  for (const factor of description.layout.factors)
    if (factor.role === "head") options.head(factor.name, factorView(values, factor));
  const model = uploadModel(checkpoint);
  const binding = bindAdapter(description, values, { kind: "lora", train: [] });
  const found = await batchLogits(
    {
      model,
      binding,
      batch: asPadded(
        batch,
        batch.input_ids.map(() => 0),
      ),
    },
    values,
  );
  binding.dispose();
  model.dispose();
  return found;
}

/** A head that lets the pooled vector through. */
const identity = (name: string, view: Float32Array) => {
  if (!name.endsWith("weight")) return;
  const columns = view.length / 8;
  for (let row = 0; row < 8; row++) view[row * columns + row] = 1;
};

describe("outputs", () => {
  test.each(["tiny-bert", "tiny-roberta", "tiny-distilbert"])(
    "[TN1] %s with its own head gives PyTorch's logits",
    async (base) => {
      const golden = goldenJson<Outputs>(`${base}/golden.json`);
      const checkpoint = await goldenCheckpoint(base);
      const labels = golden.logits[0]?.length ?? 0;
      const head = (name: string, view: Float32Array) =>
        view.set(checkpoint.head.get(name)?.values ?? []);
      const found = await outputs(checkpoint, golden.batch, { labels, head });
      expect(relativeDifference(found, golden.logits.flat())).toBeLessThan(1e-5);
    },
  );

  test.each(["cls", "mean"] as const)(
    "[TN1] an encoder without a pooler gives PyTorch's hidden states, pooled by %s",
    async (pooling) => {
      const golden = goldenJson<Outputs>("tiny-bert-encoder/golden.json");
      const checkpoint = { ...(await goldenCheckpoint("tiny-bert-encoder")), pooling };
      const found = await outputs(checkpoint, golden.batch, { labels: 8, head: identity });
      expect(
        relativeDifference(found, golden[pooling].map((row) => row.slice(0, 8)).flat()),
      ).toBeLessThan(1e-5);
    },
  );

  test.skipIf(minilm === undefined).each(["cls", "mean"] as const)(
    "[TN1] MiniLM gives PyTorch's hidden states, pooled by %s (needs FEDTUNE_MINILM)",
    async (pooling) => {
      const golden = goldenJson<Outputs>("minilm.json");
      const checkpoint = { ...(await loadCheckpoint(nodeFiles, minilm ?? "")), pooling };
      const found = await outputs(checkpoint, golden.batch, { labels: 8, head: identity });
      expect(relativeDifference(found, golden[pooling].flat())).toBeLessThan(2e-5);
    },
  );
});
