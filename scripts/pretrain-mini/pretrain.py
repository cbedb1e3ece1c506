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
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from transformers import BertConfig, BertModel

from checkpoint_files import export_tokenizer, export_model
from objective import mask_tokens, Pretrainer, contrast_loss, evaluate, unigram_baseline
from text import seeded, read_documents, split_blocks, train_tokenizer, encode_blocks, pack, PairSampler

LENGTHS = [64, 64, 64, 16, 64, 64, 64, 128]  # sequence length of step i modulo 8
REPORT_STEPS = 500
CURVE_COLUMNS = [
    *["step", "tokens", "minutes", "learning_rate", "train_mlm_loss", "train_contrast_loss"],
    *["held_out_mlm_loss", "held_out_accuracy", "held_out_neighbour"],
]


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
