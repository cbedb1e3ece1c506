"""The corpus as token ids: documents, blocks, word pieces, packed sequences, pairs of neighbours."""

import json
import re

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
PAD, UNK, CLS, SEP, MASK = range(5)
BLOCK_CHARS = 4000
HELD_OUT_EVERY = 50
SENTENCE_END = re.compile(r"(?<=[.!?])[\"')]*\s+")


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def read_documents(corpus):
    """Each document as a list of paragraphs."""
    books = [path.read_text("utf-8").splitlines() for path in sorted((corpus / "books").glob("*.txt"))]
    lines = (corpus / "state_of_the_union.jsonl").read_text("utf-8").splitlines()
    return books + [json.loads(line)["text"].split("\n") for line in lines if line]


def split_blocks(documents):
    """Cuts documents into blocks of about BLOCK_CHARS characters; every HELD_OUT_EVERY-th is held out."""
    blocks = []
    for paragraphs in documents:
        block, size = [], 0
        for paragraph in filter(None, (p.strip() for p in paragraphs)):
            block.append(paragraph)
            size += len(paragraph)
            if size >= BLOCK_CHARS:
                blocks.append(block)
                block, size = [], 0
        if block:
            blocks.append(block)
    held_out = blocks[HELD_OUT_EVERY // 2 :: HELD_OUT_EVERY]
    held_ids = {id(block) for block in held_out}
    return [block for block in blocks if id(block) not in held_ids], held_out


def word_piece(vocab):
    return models.WordPiece(vocab, unk_token="[UNK]", max_input_chars_per_word=100)


def train_tokenizer(blocks, vocab_size):
    """Pieces are numbered in sorted order after the special ones: the library's own order differs from run to run."""
    tokenizer = Tokenizer(word_piece({}))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    trainer = trainers.WordPieceTrainer(
        vocab_size=vocab_size,
        special_tokens=SPECIAL,
        initial_alphabet=[chr(code) for code in range(33, 127) if not chr(code).isupper()],
        limit_alphabet=120,
        show_progress=False,
    )
    tokenizer.train_from_iterator((p for block in blocks for p in block), trainer)
    pieces = SPECIAL + sorted(set(tokenizer.get_vocab()) - set(SPECIAL))
    tokenizer.model = word_piece({piece: number for number, piece in enumerate(pieces)})
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS]:0 $A:0 [SEP]:0",
        pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1",
        special_tokens=[("[CLS]", CLS), ("[SEP]", SEP)],
    )
    return tokenizer


def encode_blocks(tokenizer, blocks):
    """Each block as a list of sentences, each a list of token ids."""
    encoded = []
    for block in blocks:
        sentences = [s for paragraph in block for s in SENTENCE_END.split(paragraph) if s]
        encoded.append([e.ids for e in tokenizer.encode_batch(sentences, add_special_tokens=False) if e.ids])
    return encoded


def pack(blocks, length):
    """Full sequences [CLS] ... [SEP] that start where a sentence starts, as pairs of neighbours [n, 2, length].

    A sentence cut off at the end of one sequence starts the next, so sequences overlap by part of a sentence.
    """
    room = length - 2
    pairs = []
    for sentences in blocks:
        stream = [token for sentence in sentences for token in sentence]
        starts, position = [], 0
        for sentence in sentences:
            starts.append(position)
            position += len(sentence)
        rows, at = [], 0
        while at + room <= len(stream):
            rows.append([CLS, *stream[at : at + room], SEP])
            last = max(start for start in starts if start <= at + room)
            at = last if last > at else at + room
        pairs += zip(rows[0::2], rows[1::2])
    return torch.tensor(pairs, dtype=torch.int32)


class PairSampler:
    """Endless epochs over pairs in an order fixed by the seed; `position` counts pairs handed out."""

    def __init__(self, pairs, seed):
        self.pairs, self.seed, self.position = pairs, seed, 0

    def next(self, count):
        rows = [self._at(self.position + i) for i in range(count)]
        self.position += count
        return self.pairs[rows].flatten(0, 1).long()

    def _at(self, index):
        epoch, offset = divmod(index, len(self.pairs))
        if getattr(self, "_epoch", None) != epoch:
            self._epoch = epoch
            self._order = torch.randperm(len(self.pairs), generator=seeded(self.seed * 1000 + epoch)).tolist()
        return self._order[offset]
