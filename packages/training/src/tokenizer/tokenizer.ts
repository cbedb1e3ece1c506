/** Texts to token ids, as the base model's own tokenizer files say. */
import { FedtuneError } from "@fedtune/core";
import { z } from "zod";
import type { FileSource } from "../files.ts";
import { joinPath, readJson, readText } from "../files.ts";
import type { ModelConfig } from "../models/family.ts";
import type { TokenizerLibrary } from "./library.ts";
import { openLibrary } from "./library.ts";
import { llama2cTokenizer } from "./llama2c.ts";
import type { Piece, Templates } from "./template.ts";
import { readTemplates } from "./template.ts";
import { longestFirst } from "./truncate.ts";
import { wordPieceJson } from "./vocabulary-file.ts";

/** Token ids with their types, of equal length. */
export interface Encoding {
  readonly ids: Int32Array;
  readonly types: Int32Array;
}

/** What language models need of a tokenizer. */
export interface LanguageTokens {
  /** Ids of a text alone, without special tokens. */
  pieces(text: string): readonly number[];
  /** Special tokens that stand before a text. */
  readonly start: readonly number[];
  /** How messages become one text, as a Jinja template; null: the checkpoint has none. */
  readonly chatTemplate: string | null;
  /** The text of ids, special tokens left out. */
  decode(ids: readonly number[]): string;
}

/** A tokenizer with truncation and pairs; it holds no device. */
export interface TextTokenizer {
  /** One more than the largest token id. */
  readonly vocabularySize: number;
  /** Encodes one text or a pair with special tokens, cut to `maxLength` by the longest-first rule. */
  encode(text: string, pair: string | null, maxLength: number): Encoding;
  /** Absent: it only serves encoders. */
  readonly language?: LanguageTokens;
}

const tokenizerJson = z.looseObject({
  model: z.looseObject({ vocab: z.union([z.record(z.string(), z.int()), z.array(z.unknown())]) }),
  added_tokens: z.array(z.looseObject({ id: z.int() })).default([]),
  normalizer: z.unknown(),
  post_processor: z.unknown(),
});

/**
 * Loads tokenizer.json, or vocab.txt or llama2.c's tokenizer.bin where that is all there is.
 *
 * @throws FedtuneError `model-invalid` when neither is there or usable
 */
export async function loadTokenizer(files: FileSource, folder: string): Promise<TextTokenizer> {
  const path = joinPath(folder, "tokenizer.json");
  if (await files.exists(path)) {
    const { chatTemplate } = await readSettings(files, folder);
    return openTokenizer(await readJson(files, path), path, chatTemplate);
  }
  const scored = joinPath(folder, "tokenizer.bin");
  if (await files.exists(scored)) return llama2cTokenizer(await files.read(scored), scored);
  const vocabulary = joinPath(folder, "vocab.txt");
  if (!(await files.exists(vocabulary))) {
    throw new FedtuneError(
      "model-invalid",
      `Cannot load the tokenizer: neither ${path} nor ${vocabulary} exists`,
      { data: { path } },
    );
  }
  const { lowercase } = await readSettings(files, folder);
  return openTokenizer(
    wordPieceJson(await readText(files, vocabulary), { lowercase, path: vocabulary }),
    vocabulary,
  );
}

const settingsSchema = z.object({
  do_lower_case: z.boolean().default(true),
  chat_template: z.string().nullish(),
});

/** What tokenizer_config.json says of what tokenizer.json leaves open. */
async function readSettings(
  files: FileSource,
  folder: string,
): Promise<{ readonly lowercase: boolean; readonly chatTemplate: string | null }> {
  const path = joinPath(folder, "tokenizer_config.json");
  const json = (await files.exists(path)) ? await readJson(files, path) : {};
  const { data } = settingsSchema.safeParse(json);
  return { lowercase: data?.do_lower_case ?? true, chatTemplate: data?.chat_template ?? null };
}

/** Opens a parsed tokenizer.json. @throws FedtuneError `model-invalid` */
export function openTokenizer(
  json: unknown,
  path: string,
  chatTemplate: string | null = null,
): TextTokenizer {
  const parsed = tokenizerJson.safeParse(json);
  if (!parsed.success)
    throw invalid(
      path,
      parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; "),
    );
  const templates = readTemplates(parsed.data.post_processor, path);
  const library = tryOpen(parsed.data, path);
  const { vocab } = parsed.data.model;
  const ids = Array.isArray(vocab) ? [vocab.length - 1] : Object.values(vocab);
  const largest = [...ids, ...parsed.data.added_tokens.map(({ id }) => id)].reduce(
    (most, id) => Math.max(most, id),
    -1,
  );
  const opened = { library, templates, lowercases: lowercases(parsed.data.normalizer) };
  return {
    vocabularySize: largest + 1,
    encode: (text, pair, maxLength) => encode(opened, [text, pair], maxLength),
    language: languageOf(opened, chatTemplate),
  };
}

function languageOf(opened: Opened, chatTemplate: string | null): LanguageTokens {
  const { library, templates } = opened;
  const first = templates.single.findIndex((piece) => "text" in piece);
  return {
    chatTemplate,
    pieces: (text) => plainIds(opened, text),
    start: templates.single.slice(0, first).flatMap((piece) => ("id" in piece ? [piece.id] : [])),
    decode: (ids) =>
      library.decode(ids, { skip_special_tokens: true, clean_up_tokenization_spaces: false }),
  };
}

function lowercases(normalizer: unknown): boolean {
  return /"lowercase":true|"type":"Lowercase"/.test(JSON.stringify(normalizer ?? null));
}

function tryOpen(json: object, path: string): TokenizerLibrary {
  try {
    // Truncation and padding are ours.
    return openLibrary({ ...json, truncation: null, padding: null }, {});
  } catch (error) {
    throw invalid(path, error instanceof Error ? error.message : String(error));
  }
}

function invalid(path: string, reason: string): FedtuneError {
  return new FedtuneError("model-invalid", `Cannot use ${path}: ${reason}`, { data: { path } });
}

interface Opened {
  readonly library: TokenizerLibrary;
  readonly templates: Templates;
  readonly lowercases: boolean;
}

function plainIds({ library, lowercases }: Opened, text: string | null): readonly number[] {
  if (text === null || text === "") return [];
  // JavaScript lowers a sigma at the end of a word to another letter; the original tokenizers lower each letter alone.
  return library.encode(lowercases ? text.replaceAll("\u03a3", "\u03c3") : text, {
    add_special_tokens: false,
  }).ids;
}

function encode(
  opened: Opened,
  texts: readonly [string, string | null],
  maxLength: number,
): Encoding {
  const template = texts[1] === null ? opened.templates.single : opened.templates.pair;
  const [first, second] = [plainIds(opened, texts[0]), plainIds(opened, texts[1])];
  const specials = template.filter((piece) => "id" in piece).length;
  const [keepFirst, keepSecond] = longestFirst(
    first.length,
    second.length,
    Math.max(0, maxLength - specials),
  );
  const kept = { A: first.slice(0, keepFirst), B: second.slice(0, keepSecond) };
  const idsOf = (piece: Piece): readonly number[] =>
    "id" in piece ? [piece.id] : kept[piece.text];
  return {
    ids: Int32Array.from(template.flatMap(idsOf)),
    types: Int32Array.from(template.flatMap((piece) => idsOf(piece).map(() => piece.type))),
  };
}

/**
 * Holds the tokenizer against the model.
 *
 * @throws FedtuneError `tokenizer-mismatch` when the tokenizer has ids that the embedding table lacks
 */
export function checkVocabulary(
  tokenizer: Pick<TextTokenizer, "vocabularySize">,
  config: Pick<ModelConfig, "vocabularySize">,
): void {
  if (tokenizer.vocabularySize <= config.vocabularySize) return;
  const [has, wants] = [tokenizer.vocabularySize, config.vocabularySize];
  const message = `Cannot use this tokenizer: it has ${String(has)} entries, the base model has embeddings for ${String(wants)}`;
  throw new FedtuneError("tokenizer-mismatch", message, { data: { tokenizer: has, model: wants } });
}
