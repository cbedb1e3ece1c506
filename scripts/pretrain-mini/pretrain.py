"""Pretrains fedtune-mini, a BERT encoder of 3 M parameters, from scratch on a CPU.

Objective: masked-language modelling, 15 % of the tokens, drawn anew for every batch, plus a small contrastive
term that gives the [CLS] vector and the pooler something to learn: two consecutive pieces of one text must find
each other among the other pieces of the batch, after the pooler.

Corpus folder: `books/*.txt` (one paragraph a line) and `state_of_the_union.jsonl` (a `text` field a line).
Two per cent of the text is held out in blocks and used for the reported numbers only.

The schedule runs over --steps. If --minutes would end the run earlier, the decay follows the clock instead, so that
the last step always has a learning rate near zero; only a run that ends by --steps can be repeated exactly.
"""

import argparse
import json
import re
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import BertConfig, BertModel

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
PAD, UNK, CLS, SEP, MASK = range(5)
LENGTHS = [64, 64, 64, 16, 64, 64, 64, 128]  # sequence length of step i modulo 8
REPORT_STEPS = 500
CURVE_COLUMNS = [
    *["step", "tokens", "minutes", "learning_rate", "train_mlm_loss", "train_contrast_loss"],
    *["held_out_mlm_loss", "held_out_accuracy", "held_out_neighbour"],
]
BLOCK_CHARS = 4000
HELD_OUT_EVERY = 50
SENTENCE_END = re.compile(r"(?<=[.!?])[\"')]*\s+")


# ---- text -----------------------------------------------------------------------------------------------------------


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


# ---- objective ------------------------------------------------------------------------------------------------------


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def mask_tokens(ids, vocab_size, generator):
    """BERT's rule: of 15 % chosen tokens, 80 % become [MASK], 10 % a random token, 10 % stay."""
    chosen = (torch.rand(ids.shape, generator=generator) < 0.15) & (ids >= len(SPECIAL))
    fate = torch.rand(ids.shape, generator=generator)
    noise = torch.randint(len(SPECIAL), vocab_size, ids.shape, generator=generator)
    masked = torch.where(chosen & (fate < 0.8), MASK, ids)
    return torch.where(chosen & (fate >= 0.9), noise, masked), chosen


class Pretrainer(torch.nn.Module):
    """BertModel plus BERT's masked-token head, whose output matrix is the word embedding."""

    def __init__(self, config):
        super().__init__()
        self.bert = BertModel(config)
        self.dense = torch.nn.Linear(config.hidden_size, config.hidden_size)
        self.norm = torch.nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.bias = torch.nn.Parameter(torch.zeros(config.vocab_size))

    def forward(self, ids, chosen):
        out = self.bert(ids)
        hidden = self.norm(F.gelu(self.dense(out.last_hidden_state[chosen])))
        return F.linear(hidden, self.bert.embeddings.word_embeddings.weight, self.bias), out.pooler_output


def contrast_loss(pooled, temperature=0.1):
    """Row 2i must be nearest to row 2i+1 and the other way round, by cosine, among all rows of the batch."""
    unit = F.normalize(pooled.float(), dim=1)
    scores = (unit @ unit.T / temperature).masked_fill(torch.eye(len(unit), dtype=torch.bool), -1e9)
    return F.cross_entropy(scores, torch.arange(len(unit)) ^ 1)


@torch.no_grad()
def evaluate(model, pairs, vocab_size):
    """Masked loss (nats), accuracy and neighbour retrieval on held-out text; the same masks every time."""
    model.eval()
    rows, generator = pairs.flatten(0, 1).long(), seeded(12345)
    loss = right = count = found = 0
    for batch in rows.split(32):
        masked, chosen = mask_tokens(batch, vocab_size, generator)
        logits, pooled = model(masked, chosen)
        target = batch[chosen]
        loss += F.cross_entropy(logits.float(), target, reduction="sum").item()
        right += (logits.argmax(1) == target).sum().item()
        count += len(target)
        unit = F.normalize(pooled.float(), dim=1)
        nearest = (unit @ unit.T).fill_diagonal_(-2).argmax(1)
        found += (nearest == torch.arange(len(unit)) ^ 1).sum().item()
    model.train()
    return {"loss": loss / count, "accuracy": right / count, "neighbour": found / len(rows)}


def unigram_baseline(log_probs, pairs):
    """The same masked positions, guessed from the training text's token frequencies alone."""
    rows, generator = pairs.flatten(0, 1).long(), seeded(12345)
    targets = torch.cat([batch[mask_tokens(batch, len(log_probs), generator)[1]] for batch in rows.split(32)])
    right = (targets == log_probs.argmax()).float().mean().item()
    return {"loss": -log_probs[targets].mean().item(), "accuracy": right}


# ---- output ---------------------------------------------------------------------------------------------------------


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2) + "\n", "utf-8")


def export_tokenizer(tokenizer, out):
    tokenizer.save(str(out / "tokenizer.json"))
    vocab = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    (out / "vocab.txt").write_text("".join(f"{token}\n" for token, _ in vocab), "utf-8")
    special = {name.strip("[]").lower() + "_token": name for name in SPECIAL}
    write_json(
        out / "tokenizer_config.json",
        {"tokenizer_class": "BertTokenizer", "do_lower_case": True, "model_max_length": 128, **special},
    )


def export_model(model, config, out):
    """Encoder and pooler as f16, with BertModel's own tensor names."""
    tensors = {name: t.detach().half().contiguous() for name, t in model.bert.state_dict().items()}
    partial = out / "model.safetensors.part"
    save_file(tensors, str(partial), metadata={"format": "pt"})
    partial.chmod(0o644)
    partial.rename(out / "model.safetensors")
    write_json(
        out / "config.json",
        {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "vocab_size": config.vocab_size,
            "hidden_size": config.hidden_size,
            "num_hidden_layers": config.num_hidden_layers,
            "num_attention_heads": config.num_attention_heads,
            "intermediate_size": config.intermediate_size,
            "hidden_act": "gelu",
            "hidden_dropout_prob": config.hidden_dropout_prob,
            "attention_probs_dropout_prob": config.attention_probs_dropout_prob,
            "max_position_embeddings": config.max_position_embeddings,
            "type_vocab_size": config.type_vocab_size,
            "initializer_range": config.initializer_range,
            "layer_norm_eps": config.layer_norm_eps,
            "pad_token_id": PAD,
            "torch_dtype": "float16",
        },
    )


# ---- training -------------------------------------------------------------------------------------------------------


def learning_rate(progress, peak, warmup=0.03):
    """Linear up over the first `warmup` of the run, linear down to zero at its end."""
    return peak * min(progress / warmup, (1 - progress) / (1 - warmup))


def parameter_groups(model, weight_decay):
    decayed = [p for p in model.parameters() if p.dim() > 1]
    rest = [p for p in model.parameters() if p.dim() <= 1]
    return [{"params": decayed, "weight_decay": weight_decay}, {"params": rest, "weight_decay": 0.0}]


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="folder of the finished model")
    parser.add_argument("--checkpoint", type=Path, help="training state (default: OUT/checkpoint.pt)")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=8000)
    parser.add_argument("--minutes", type=float, default=45.0, help="time limit, resumed time included")
    parser.add_argument("--export-minutes", type=float, default=5.0, help="time between exports")
    parser.add_argument("--vocab", type=int, default=6144)
    parser.add_argument("--hidden", type=int, default=192)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--heads", type=int, default=6)
    parser.add_argument("--batch-tokens", type=int, default=2048)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--contrast", type=float, default=0.1, help="weight of the neighbour term")
    parser.add_argument("--bf16", action="store_true", help="bfloat16 matrix products")
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


def read_corpus(args):
    """The tokenizer, a sampler per sequence length, the held-out pairs and the log frequency of every token."""
    train_text, held_text = split_blocks(read_documents(args.corpus))
    if args.resume:
        tokenizer = Tokenizer.from_file(str(args.out / "tokenizer.json"))
    else:
        tokenizer = train_tokenizer(train_text, args.vocab)
    export_tokenizer(tokenizer, args.out)
    blocks = encode_blocks(tokenizer, train_text)
    samplers = {n: PairSampler(pack(blocks, n), args.seed + n) for n in sorted(set(LENGTHS))}
    held_out = pack(encode_blocks(tokenizer, held_text), 64)
    tokens = torch.tensor([token for block in blocks for sentence in block for token in sentence])
    counts = torch.bincount(tokens, minlength=tokenizer.get_vocab_size()) + 1
    print(f"{len(counts)} word pieces, {len(tokens)} training tokens, {held_out.numel()} held-out tokens", flush=True)
    return samplers, held_out, torch.log(counts / counts.sum())


def build_model(args, log_probs):
    config = BertConfig(
        vocab_size=len(log_probs),
        hidden_size=args.hidden,
        num_hidden_layers=args.layers,
        num_attention_heads=args.heads,
        intermediate_size=4 * args.hidden,
        max_position_embeddings=128,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        layer_norm_eps=1e-12,
    )
    model = Pretrainer(config)
    model.bias.data.copy_(log_probs)
    print(f"{sum(p.numel() for p in model.bert.parameters())} parameters in BertModel", flush=True)
    return model


class Run:
    """Model, optimizer and clock of one training run, and where they are kept."""

    def __init__(self, args, model, samplers, held_out):
        self.args, self.model, self.samplers, self.held_out = args, model, samplers, held_out
        groups = parameter_groups(model, 0.01)
        self.optimizer = torch.optim.AdamW(groups, lr=args.lr, betas=(0.9, 0.98), eps=1e-6, fused=True)
        self.checkpoint = args.checkpoint or args.out / "checkpoint.pt"
        self.curve = args.out / "loss-curve.tsv"
        self.step, spent = 0, 0.0
        if args.resume:
            spent = self._load()
        else:
            self.curve.write_text("\t".join(CURVE_COLUMNS) + "\n")
        self.started = time.monotonic() - spent
        self.saved, self.losses = self.seconds(), []

    def seconds(self):
        return time.monotonic() - self.started

    def train(self):
        progress = 0.0
        while progress < 1:
            progress = min(1, max((self.step + 1) / self.args.steps, self.seconds() / (60 * self.args.minutes)))
            self._step(learning_rate(progress, self.args.lr))
            if progress == 1 or self.step % REPORT_STEPS == 0:
                self._report()
            if progress == 1 or self.seconds() - self.saved > 60 * self.args.export_minutes:
                self._save()

    def _step(self, rate):
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        length = LENGTHS[self.step % len(LENGTHS)]
        ids = self.samplers[length].next(self.args.batch_tokens // length // 2)
        masked, chosen = mask_tokens(ids, len(self.model.bias), seeded(self.args.seed * 10_000_000 + self.step))
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.args.bf16):
            logits, pooled = self.model(masked, chosen)
        masked_loss = F.cross_entropy(logits.float(), ids[chosen])
        neighbour_loss = contrast_loss(pooled)
        (masked_loss + self.args.contrast * neighbour_loss).backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.step += 1
        self.losses.append((masked_loss.item(), neighbour_loss.item()))

    def _report(self):
        """One line of the loss curve: means since the last line, then the held-out numbers."""
        held_out = evaluate(self.model, self.held_out, len(self.model.bias))
        means = [sum(column) / len(self.losses) for column in zip(*self.losses)]
        rate = self.optimizer.param_groups[0]["lr"]
        counts = [str(self.step), str(self.step * self.args.batch_tokens), f"{self.seconds() / 60:.1f}"]
        line = "\t".join([*counts, *(f"{value:.5f}" for value in [rate, *means, *held_out.values()])])
        with self.curve.open("a") as file:
            file.write(line + "\n")
        print(line, flush=True)
        self.losses = []

    def _save(self):
        export_model(self.model, self.model.bert.config, self.args.out)
        state = {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "seconds": self.seconds(),
            "positions": {length: sampler.position for length, sampler in self.samplers.items()},
        }
        torch.save(state, self.checkpoint)
        self.saved = self.seconds()

    def _load(self):
        """Takes up the checkpoint, drops lines of the curve that came after it, returns the seconds spent."""
        state = torch.load(self.checkpoint)
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step = state["step"]
        for length, position in state["positions"].items():
            self.samplers[length].position = position
        header, *lines = self.curve.read_text().splitlines()
        kept = [line for line in lines if int(line.split("\t")[0]) <= self.step]
        self.curve.write_text("".join(f"{line}\n" for line in [header, *kept]))
        return state["seconds"]


def main():
    args = parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    samplers, held_out, log_probs = read_corpus(args)
    baseline = unigram_baseline(log_probs, held_out)
    print(f"unigram baseline: loss {baseline['loss']:.4f} accuracy {baseline['accuracy']:.4f}", flush=True)
    Run(args, build_model(args, log_probs), samplers, held_out).train()


if __name__ == "__main__":
    main()
