/** Texts of decoders against transformers, with keys and values kept, and the real stories260k. */
import { adapterKind, initialAdapter, parseAdapterConfig, rngFromSeed, runId } from "@fedtune/core";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { chooseBackend } from "../backends/node-choose.ts";
import { nodeFiles } from "../backends/node-files.ts";
import { memoryFiles } from "../files.ts";
import { loadCheckpoint } from "../models/checkpoint.ts";
import { describeModel } from "../models/describe.ts";
import {
  flatten,
  goldenCheckpoint,
  goldenJson,
  goldenTensors,
  relativeDifference,
} from "../test-support/golden.ts";
import { loadTokenizer } from "../tokenizer/tokenizer.ts";
import type { TextTokenizer } from "../tokenizer/tokenizer.ts";
import { createTrainer } from "./trainer.ts";
import type { GenerateJob } from "./generate.ts";

/** Ids as texts of numbers, so that a test sees exactly what was chosen. */
const numbers: TextTokenizer = {
  vocabularySize: 61,
  encode: () => ({ ids: new Int32Array(), types: new Int32Array() }),
  language: {
    ...{ start: [], chatTemplate: null },
    pieces: (text) => text.split(" ").filter(Boolean).map(Number),
    decode: (ids) => ids.map((id) => `${id} `).join(""),
  },
};

const greedy = { temperature: 0, topK: null, topP: 1 };
const control = { signal: new AbortController().signal };

beforeAll(async () => {
  await chooseBackend("wasm", { threads: 1 });
});

const ports = { files: nodeFiles, clock: performance, pause: () => Promise.resolve() };

describe.each(["tiny-gpt2", "tiny-llama", "tiny-qwen2"])("%s", (name) => {
  const golden = goldenJson<{ greedy: number[]; batch: { input_ids: number[][] } }>(
    `decoders/${name}/golden.json`,
  );
  const config = parseAdapterConfig(goldenJson(`decoders/${name}/adapter/adapter_config.json`));
  const targets = config.targetModules;
  const adapter = {
    ...{ kind: config.kind.name, rank: config.rank, loraAlpha: config.loraAlpha },
    targetModules: typeof targets === "string" ? [targets] : targets,
  };

  async function setUp() {
    const checkpoint = await goldenCheckpoint(`decoders/${name}`);
    const { layout, prefix } = describeModel(checkpoint.config, { ...adapter, labels: [] });
    const tensors = goldenTensors(`decoders/${name}/adapter/adapter_model.safetensors`);
    const job: GenerateJob = {
      ...{ run: runId("toy"), rank: adapter.rank, adapter, residuals: [] },
      start: flatten(tensors, layout, prefix),
      task: { kind: "causal-lm", labels: [] },
      prompt: golden.batch.input_ids[0]!.slice(0, 5).join(" "),
      maxNewTokens: 12,
      sampling: greedy,
      seed: [1, 2, 3, 4],
    };
    return { trainer: createTrainer({ ...ports, checkpoint, tokenizer: numbers }), job };
  }

  test("[TN21] greedy decoding gives transformers' tokens", async () => {
    const { trainer, job } = await setUp();
    const { ids, ends } = await trainer.generate(job, control);
    const expected = golden.greedy.slice(5);
    const end = expected.indexOf(2);
    expect(ids).toEqual(end === -1 ? expected : expected.slice(0, end));
    expect(ends).toBe(end === -1 ? "length" : "end");
    await trainer.close();
  });

  test("[TN21] the same seed draws the same text, another one another", async () => {
    const { trainer, job } = await setUp();
    const sampled = { ...job, sampling: { temperature: 1.5, topK: 40, topP: 0.95 } };
    const draw = async (seed: GenerateJob["seed"]) =>
      (await trainer.generate({ ...sampled, seed }, control)).text;
    const first = await draw([1, 2, 3, 4]);
    expect(await draw([1, 2, 3, 4])).toBe(first);
    expect(await draw([5, 6, 7, 8])).not.toBe(first);
    await trainer.close();
  });

  test("a prompt that fills the model, and none at all, are refused", async () => {
    const { trainer, job } = await setUp();
    const long = Array(48).fill("7").join(" ");
    for (const prompt of [long, ""])
      await expect(trainer.generate({ ...job, prompt }, control)).rejects.toMatchObject({
        code: "data-invalid",
      });
    await trainer.close();
  });
});

const folder =
  process.env["FEDTUNE_MODELS"] ?? join(import.meta.dirname, "../../../../../shared/models");
const stories = join(folder, "stories260k");
const isHere = existsSync(join(stories, "model.safetensors"));

describe.skipIf(!isHere)(
  isHere ? "stories260k" : "stories260k (skipped: no folder of models; set FEDTUNE_MODELS)",
  () => {
    interface Reference {
      readonly greedy_from_bos_ids: readonly number[];
      readonly greedy_from_bos_text: string;
      readonly prompts: readonly {
        readonly text: string;
        readonly ids: readonly number[];
        readonly mean_nll: number;
      }[];
    }
    const reference = () =>
      JSON.parse(readFileSync(join(stories, "reference.json"), "utf8")) as Reference;

    /** Without a token that ends texts the reference is met: it counts none. */
    async function setUp(rows = "") {
      const { config, ...checkpoint } = await loadCheckpoint(nodeFiles, stories);
      const tokenizer = await loadTokenizer(nodeFiles, stories);
      const adapter = { kind: "lora", rank: 2, loraAlpha: 4, targetModules: ["q_proj"] };
      const { layout } = describeModel(config, { ...adapter, labels: [] });
      const job: GenerateJob = {
        ...{ run: runId("stories"), rank: 2, adapter, residuals: [] },
        start: initialAdapter(layout, { ...adapter, kind: adapterKind("lora") }, rngFromSeed(1)),
        task: { kind: "causal-lm", labels: [] },
        ...{ prompt: "", maxNewTokens: 127, sampling: greedy, seed: [1, 2, 3, 4] },
      };
      const endless = { ...config, decoder: { ...config.decoder!, endIds: [] } };
      const trainer = createTrainer({
        ...{ ...ports, tokenizer, checkpoint: { ...checkpoint, config: endless } },
        files: memoryFiles({ "texts.jsonl": new TextEncoder().encode(rows) }),
      });
      return { tokenizer, job, trainer };
    }

    test("[TN21] its tokenizer and greedy text are those of llama2.c", async () => {
      const { trainer, tokenizer, job } = await setUp();
      const { prompts, greedy_from_bos_ids: ids, greedy_from_bos_text: text } = reference();
      for (const { text: prompt, ids: wanted } of prompts)
        expect([...tokenizer.encode(prompt, null, 99).ids]).toEqual(wanted);
      const told = await trainer.generate(job, control);
      expect([1, ...told.ids].slice(0, ids.length)).toEqual(ids);
      expect(told.text).toBe(text);
      await trainer.close();
    });

    test("[TN20] its loss is the reference's", async () => {
      const { prompts } = reference();
      const rows = prompts.map(({ text }) => JSON.stringify({ text })).join("\n");
      const { trainer, job } = await setUp(rows);
      const data = { kind: "file", path: "texts.jsonl" };
      const found = await trainer.evaluate(
        { ...job, data, batchSize: 2, maxLength: null },
        control,
      );
      const counts = prompts.map(({ ids }) => ids.length - 1);
      const total = counts.reduce((sum, count) => sum + count, 0);
      const sum = prompts.reduce((all, { mean_nll: mean }, k) => all + mean * counts[k]!, 0);
      expect(found["tokens"]).toBe(total);
      expect(relativeDifference([found["loss"]!], [sum / total])).toBeLessThan(1e-4);
      await trainer.close();
    });
  },
);
