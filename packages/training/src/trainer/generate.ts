/** Texts that an adapted language model writes. */
import * as tf from "@tensorflow/tfjs";
import type { EvaluateJob, TrainControl } from "@fedtune/core";
import { FedtuneError, rngFromState } from "@fedtune/core";
import { openDecoding } from "../models/decode.ts";
import type { DeviceModel } from "../models/device.ts";
import { maxTokens } from "../models/family.ts";
import type { TextTokenizer } from "../tokenizer/tokenizer.ts";
import type { Binding } from "./binding.ts";
import type { ReadTensor } from "./device-reads.ts";
import { chooseToken, parseSampling } from "./sampling.ts";
import type { Sampling } from "./sampling.ts";
import { languageHeadOf } from "./task-loss.ts";

/** What is to be written. */
export interface GenerateJob extends Omit<EvaluateJob, "batchSize" | "data" | "maxLength"> {
  /** The text begins so; empty: with nothing. */
  readonly prompt: string;
  readonly maxNewTokens: number;
  readonly sampling: Sampling;
  /** Four words of the stream that tokens are drawn from. */
  readonly seed: readonly [number, number, number, number];
}

/** What was written. */
export interface Generated {
  /** Without the prompt. */
  readonly text: string;
  readonly ids: readonly number[];
  /** Why it ends: the model's own end, or the limit of tokens or positions. */
  readonly ends: "end" | "length";
}

interface Writer {
  readonly model: DeviceModel;
  readonly tokenizer: TextTokenizer;
  readonly binding: Binding;
  readonly read: ReadTensor;
  /** Lets other work run between tokens, and throws when the job was cancelled. */
  readonly turn: () => Promise<void>;
}

/**
 * Writes on from a prompt, one token after the other.
 *
 * @throws FedtuneError `model-invalid` for a model without a language head, `data-invalid` for a prompt that leaves no room
 */
export async function generateText(
  { model, tokenizer, binding, turn, read }: Writer,
  job: GenerateJob,
  control: TrainControl,
): Promise<Generated> {
  const sampling = parseSampling(job.sampling);
  const languageHead = () => languageHeadOf(model);
  checkWrites(model);
  const prompt = promptIds(tokenizer, job.prompt);
  const most = Math.min(job.maxNewTokens, roomAfter(prompt.length, model));
  const ends = model.config.decoder?.endIds ?? [];
  const rng = rngFromState({ key: job.seed, position: 0 });
  const { adapter } = binding.bind(job.start);
  const decoding = openDecoding({ model, adapter, languageHead });
  const ids: number[] = [];
  try {
    let next = Int32Array.from(prompt);
    while (ids.length < most) {
      await turn();
      const scores = (await read(decoding.read(next))) as Float32Array;
      const id = chooseToken(scores, sampling, rng.uniform());
      if (ends.includes(id)) break;
      ids.push(id);
      next = Int32Array.of(id);
      control.onProgress?.({ done: ids.length, total: most });
    }
  } finally {
    decoding.dispose();
  }
  const text = textAfter(tokenizer, prompt, ids);
  return { text, ids, ends: ids.length < most ? "end" : "length" };
}

/** Said before anything is read. */
function checkWrites(model: DeviceModel): void {
  tf.tidy(() => void languageHeadOf(model));
}

function promptIds({ language }: TextTokenizer, prompt: string): readonly number[] {
  const ids = language === undefined ? [] : [...language.start, ...language.pieces(prompt)];
  if (ids.length > 0) return ids;
  const message = `Cannot begin with "${prompt}": it has no tokens, and this tokenizer puts none before a text`;
  throw new FedtuneError("data-invalid", message);
}

function roomAfter(length: number, { config }: DeviceModel): number {
  const room = maxTokens(config) - length;
  if (room > 0) return room;
  const message = `Cannot write on: the prompt has ${length} tokens, the base model ${maxTokens(config)} positions`;
  throw new FedtuneError("data-invalid", message, { data: { length } });
}

/** Decoded with what stands before, since a tokenizer may treat the beginning of a text in another way. */
function textAfter(
  { language }: TextTokenizer,
  prompt: readonly number[],
  ids: readonly number[],
): string {
  if (language === undefined) return "";
  const before = language.decode(prompt);
  return language.decode([...prompt, ...ids]).slice(before.length);
}
