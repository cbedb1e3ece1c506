/** The tokenizer library behind a port of our own: under NodeNext its class is silently `any`, so it is cast once, here. */
import { Tokenizer as LibraryTokenizer } from "@huggingface/tokenizers";

/** The part of the library that is used. */
export interface TokenizerLibrary {
  encode(
    text: string,
    options: { readonly add_special_tokens: boolean },
  ): { readonly ids: readonly number[] };
  decode(
    ids: readonly number[],
    options: {
      readonly skip_special_tokens: boolean;
      readonly clean_up_tokenization_spaces: boolean;
    },
  ): string;
  token_to_id(token: string): number | undefined;
}

/** Builds a tokenizer from the parsed tokenizer.json. The second file only matters for settings that are handled by us. */
export function openLibrary(tokenizerJson: object, config: object): TokenizerLibrary {
  const Constructor = LibraryTokenizer as unknown as new (
    json: object,
    config: object,
  ) => TokenizerLibrary;
  return new Constructor(tokenizerJson, config);
}
