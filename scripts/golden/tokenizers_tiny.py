"""Two tiny tokenizers: a WordPiece one in BERT's manner and a byte-level BPE one in RoBERTa's."""
import json
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

LETTERS = "abcdefghijklmnopqrstuvwxyz"
DIGITS = "0123456789"
PUNCTUATION = ".,!?'\"-:;()#@$"
WORDS = ["the", "a", "is", "was", "not", "good", "bad", "movie", "film", "very", "and", "of", "to", "it", "this",
         "un", "great", "##ing", "##ed", "##ly", "##s", "##able", "##er", "want", "play", "cafe", "hello", "world", "中", "国"]

SENTENCES = [
    "The movie was very good and the cast was great.",
    "The film is not good, it was a bad movie!",
    "Hello world, this is the world of federated learning.",
    "A café in the centre of the town; naïve people don't play here.",
    "Playing, played, player: the words of the world are unwanted 123 times.",
    "中国 is a country. 日本 too.",
    "This is this and that is that, isn't it?",
]


def wordpiece_vocab() -> list[str]:
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *PUNCTUATION, *DIGITS, *LETTERS]
    pieces += [f"##{c}" for c in DIGITS + LETTERS] + WORDS
    return list(dict.fromkeys(pieces))


def wordpiece() -> Tokenizer:
    vocab = {piece: index for index, piece in enumerate(wordpiece_vocab())}
    tokenizer = Tokenizer(models.WordPiece(vocab, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS]:0 $A:0 [SEP]:0", pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1",
        special_tokens=[("[CLS]", vocab["[CLS]"]), ("[SEP]", vocab["[SEP]"])])
    tokenizer.decoder = decoders.WordPiece(prefix="##")
    tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    return tokenizer


def byte_level() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=320, special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    tokenizer.train_from_iterator(SENTENCES * 2, trainer)
    tokenizer.post_processor = processors.RobertaProcessing(
        ("</s>", 2), ("<s>", 0), trim_offsets=True, add_prefix_space=False)
    return tokenizer


def save(tokenizer: Tokenizer, folder: Path, config: dict) -> None:
    """tokenizer.json and tokenizer_config.json, with vocab.txt for WordPiece."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")
    if "[CLS]" in tokenizer.get_vocab():
        (folder / "vocab.txt").write_text("\n".join(wordpiece_vocab()) + "\n", encoding="utf-8")
