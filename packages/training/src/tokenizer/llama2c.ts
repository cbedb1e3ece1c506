/**
 * The tokenizer files of the llama2.c project: byte-pair encoding in which the pair with the best score is joined first.
 *
 * The file: int32 length of the longest token, then for each token float32 score, int32 length, bytes; little-endian.
 */
import { FedtuneError, utf8 } from "@fedtune/core";
import type { Encoding, TextTokenizer } from "./tokenizer.ts";

/** Id of the token that begins a text. */
const START = 1;
/** Ids of the 256 bytes follow the special tokens. */
const FIRST_BYTE = 3;

interface Vocabulary {
  readonly tokens: readonly Uint8Array[];
  readonly scores: readonly number[];
  readonly idOf: ReadonlyMap<string, number>;
}

/** Opens a file. @throws FedtuneError `model-invalid` */
export function llama2cTokenizer(bytes: Uint8Array, path: string): TextTokenizer {
  const vocabulary = readVocabulary(bytes, path);
  const pieces = (text: string): readonly number[] => encodeText(text, vocabulary);
  return {
    vocabularySize: vocabulary.tokens.length,
    encode(text, pair, maxLength): Encoding {
      const whole = pair === null ? text : `${text} ${pair}`;
      const ids = Int32Array.from([START, ...pieces(whole)].slice(0, maxLength));
      return { ids, types: new Int32Array(ids.length) };
    },
    language: {
      ...{ pieces, start: [START], chatTemplate: null },
      decode: (ids) => decodeIds(ids, vocabulary),
    },
  };
}

function readVocabulary(bytes: Uint8Array, path: string): Vocabulary {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tokens: Uint8Array[] = [];
  const scores: number[] = [];
  const idOf = new Map<string, number>();
  for (let at = 4; at < bytes.length;) {
    const length = at + 8 <= bytes.length ? view.getInt32(at + 4, true) : -1;
    if (length < 0 || at + 8 + length > bytes.length) {
      const message = `Cannot use ${path}: token ${tokens.length} ends behind the end of the file`;
      throw new FedtuneError("model-invalid", message, { data: { path } });
    }
    const token = bytes.slice(at + 8, at + 8 + length);
    idOf.set(keyOf(token), tokens.length);
    tokens.push(token);
    scores.push(view.getFloat32(at, true));
    at += 8 + length;
  }
  if (tokens.length >= FIRST_BYTE + 256) return { tokens, scores, idOf };
  const message = `Cannot use ${path}: it has ${tokens.length} tokens, wanted at least the special ones and 256 bytes`;
  throw new FedtuneError("model-invalid", message, { data: { path } });
}

/** A token's bytes as a key: one character per byte. */
function keyOf(token: Uint8Array): string {
  return String.fromCharCode(...token);
}

function encodeText(text: string, vocabulary: Vocabulary): readonly number[] {
  if (text === "") return [];
  const ids = Array.from(` ${text}`).flatMap((character) => {
    const bytes = utf8(character);
    const id = vocabulary.idOf.get(keyOf(bytes));
    return id === undefined ? Array.from(bytes, (byte) => byte + FIRST_BYTE) : [id];
  });
  for (;;) {
    const best = bestPair(ids, vocabulary);
    if (best === null) return ids;
    ids.splice(best.at, 2, best.id);
  }
}

/** The neighbours that together are the token with the best score, the first of equals; null: none are a token. */
function bestPair(
  ids: readonly number[],
  { tokens, scores, idOf }: Vocabulary,
): { readonly at: number; readonly id: number } | null {
  let best: { at: number; id: number; score: number } | null = null;
  for (let at = 0; at + 1 < ids.length; at++) {
    const key = keyOfId(ids[at], tokens) + keyOfId(ids[at + 1], tokens);
    const id = idOf.get(key);
    const score = id === undefined ? Number.NEGATIVE_INFINITY : (scores[id] ?? 0);
    if (id !== undefined && score > (best?.score ?? Number.NEGATIVE_INFINITY))
      best = { at, id, score };
  }
  return best;
}

function keyOfId(id: number | undefined, tokens: readonly Uint8Array[]): string {
  return keyOf(tokens[id ?? -1] ?? new Uint8Array());
}

/** Bytes of tokens, one after the other; tokens written as `<0x0A>` are that byte. */
function decodeIds(ids: readonly number[], { tokens }: Vocabulary): string {
  const bytes = ids.flatMap((id, place) => {
    if (id < FIRST_BYTE) return [];
    const token = tokens[id] ?? new Uint8Array();
    const raw = /^<0x([0-9A-F]{2})>$/.exec(keyOf(token))?.[1];
    if (raw !== undefined) return [Number.parseInt(raw, 16)];
    // The space that was put before the text.
    const isFirst = place === ids.findIndex((other) => other >= FIRST_BYTE);
    return [...(isFirst && token[0] === 0x20 ? token.subarray(1) : token)];
  });
  return new TextDecoder().decode(Uint8Array.from(bytes));
}
