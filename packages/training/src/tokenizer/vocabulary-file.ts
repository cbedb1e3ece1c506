/** A tokenizer.json for models that ship a bare vocab.txt, as BERT's first releases do. */
import { FedtuneError } from "@fedtune/core";

const SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];

/**
 * The equivalent of vocab.txt with BERT's normaliser, pre-tokeniser and WordPiece.
 *
 * @throws FedtuneError `model-invalid` when a special token is not in the file
 */
export function wordPieceJson(
  vocabulary: string,
  { lowercase, path }: { readonly lowercase: boolean; readonly path: string },
): object {
  const tokens = vocabulary.split(/\r?\n/);
  if (tokens.at(-1) === "") tokens.pop();
  const vocab = Object.fromEntries(tokens.map((token, id) => [token, id]));
  for (const token of SPECIALS) {
    if (token in vocab || token === "[MASK]") continue;
    throw new FedtuneError("model-invalid", `Cannot use ${path}: it has no ${token}`, {
      data: { path, token },
    });
  }
  const special = (token: string): object => ({ id: token, ids: [vocab[token]], tokens: [token] });
  const template = (id: string, type_id: number): object => ({ SpecialToken: { id, type_id } });
  const single = [
    template("[CLS]", 0),
    { Sequence: { id: "A", type_id: 0 } },
    template("[SEP]", 0),
  ];
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: SPECIALS.filter((content) => content in vocab).map((content) => ({
      ...{ id: vocab[content], content, special: true },
      ...{ single_word: false, lstrip: false, rstrip: false, normalized: false },
    })),
    normalizer: {
      type: "BertNormalizer",
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase,
    },
    pre_tokenizer: { type: "BertPreTokenizer" },
    post_processor: {
      type: "TemplateProcessing",
      single,
      pair: [...single, { Sequence: { id: "B", type_id: 1 } }, template("[SEP]", 1)],
      special_tokens: { "[CLS]": special("[CLS]"), "[SEP]": special("[SEP]") },
    },
    decoder: { type: "WordPiece", prefix: "##", cleanup: true },
    model: {
      type: "WordPiece",
      unk_token: "[UNK]",
      continuing_subword_prefix: "##",
      max_input_chars_per_word: 100,
      vocab,
    },
  };
}
