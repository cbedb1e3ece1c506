/** Rows as examples of a language model: which text it reads, and which of it it is to predict. */
import { FedtuneError, parseInput } from "@fedtune/core";
import { Template } from "@huggingface/jinja";
import { z } from "zod";
import type { LanguageTokens } from "../tokenizer/tokenizer.ts";
import type { TextExample } from "./batch.ts";
import type { FileData } from "./reference.ts";

/** A piece of a text, and whether it is learned. */
interface Segment {
  readonly text: string;
  readonly isPredicted: boolean;
}

/** What turns rows into examples. */
export interface LanguageOptions {
  readonly tokens: LanguageTokens;
  /** Ends a text; null: the model has no such token. */
  readonly endId: number | null;
  readonly maxLength: number;
}

/** The columns that hold a row's texts: messages of a chat, a prompt with its completion, or one text. */
export function languageColumns({
  messages,
  prompt,
  completion,
  text,
}: FileData): readonly string[] {
  if (messages !== null) return [messages];
  return completion === null ? [text] : [prompt, completion];
}

/**
 * One row as an example.
 *
 * The loss is that of completions: of what the assistant says in a chat, of the completion of a prompt, of all of a plain
 * text, and of the token that ends it. What is longer than `maxLength` is cut at its end.
 *
 * @param values of {@link languageColumns}
 * @throws FedtuneError `data-invalid` for messages that are none, `model-invalid` for a chat without a template
 */
export function languageExample(
  values: readonly string[],
  ref: FileData,
  { tokens, endId, maxLength }: LanguageOptions,
): TextExample {
  const [first = "", second = ""] = values;
  const segments =
    ref.messages === null
      ? plainSegments(ref.completion === null ? ["", first] : [first, second])
      : chatSegments(first, tokens, ref);
  const ids = [...tokens.start];
  const predicted = ids.map(() => 0);
  for (const { text, isPredicted } of segments) {
    const pieces = tokens.pieces(text);
    ids.push(...pieces);
    predicted.push(...pieces.map(() => (isPredicted ? 1 : 0)));
  }
  const last = segments.at(-1);
  if (endId !== null && last?.isPredicted === true && ids.at(-1) !== endId) {
    ids.push(endId);
    predicted.push(1);
  }
  // Nothing comes before the first token from which it could be told.
  predicted[0] = 0;
  return {
    ids: Int32Array.from(ids.slice(0, maxLength)),
    types: new Int32Array(Math.min(ids.length, maxLength)),
    label: 0,
    predicted: Uint8Array.from(predicted.slice(0, maxLength)),
  };
}

function plainSegments([prompt, completion]: readonly [string, string]): readonly Segment[] {
  return [
    { text: prompt, isPredicted: false },
    { text: completion, isPredicted: true },
  ];
}

const messagesSchema = z
  .array(z.object({ role: z.string(), content: z.string() }))
  .min(1)
  .max(1_000);

function chatSegments(json: string, tokens: LanguageTokens, ref: FileData): readonly Segment[] {
  const what = `column "${ref.messages ?? ""}" of ${ref.path}`;
  const messages = parseInput(messagesSchema, jsonOf(json), { what, code: "data-invalid" });
  if (tokens.chatTemplate === null) {
    const message = `Cannot use ${what}: the base model's tokenizer_config.json has no chat_template`;
    throw new FedtuneError("model-invalid", message, { data: { path: ref.path } });
  }
  return segmentsOf(messages, new Template(tokens.chatTemplate));
}

/**
 * Cuts a rendered chat where the assistant begins and ends to speak.
 *
 * The library does not tell which text is whose, so the chat is rendered up to each place, as far as the assistant's turn.
 */
function segmentsOf(
  messages: z.output<typeof messagesSchema>,
  template: Pick<Template, "render">,
): readonly Segment[] {
  const rendered = (count: number, opens: boolean): string =>
    template.render({ messages: messages.slice(0, count), add_generation_prompt: opens });
  const segments: Segment[] = [];
  let told = 0;
  const tell = (whole: string, isPredicted: boolean): void => {
    segments.push({ text: whole.slice(told), isPredicted });
    told = whole.length;
  };
  messages.forEach(({ role }, index) => {
    if (role !== "assistant") return;
    tell(rendered(index, true), false);
    tell(rendered(index + 1, false), true);
  });
  return segments;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
