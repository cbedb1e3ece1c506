"""Fine-tunes fedtune-mini with LoRA on the household intents and prints test accuracy by epoch.

    python scripts/pretrain-mini/probe.py --model packages/training/assets/fedtune-mini \
        --data packages/training/assets/household-intents --pooling pooler --lr 2e-3

LoRA (r = 8, scaling 2) on the query and value projections of every layer, or on all six linear layers, plus a linear
head; the base stays frozen. `--train head` trains the head alone, `--train all` every weight.
`--pooling` is what the head reads: `cls` the last hidden state of [CLS], `mean` the mean over the tokens, `pooler`
the [CLS] state through the pooler (dense and tanh), as BertForSequenceClassification does.
"""

import argparse
import csv
import math
from pathlib import Path

import torch
import torch.nn.functional as F
from transformers import AutoTokenizer, BertConfig, BertModel


TARGETS = {"query-value": {"query", "value"}, "all-linear": {"query", "key", "value", "dense"}}


class LoraLinear(torch.nn.Module):
    def __init__(self, base, rank, scaling):
        super().__init__()
        self.base, self.scaling = base, scaling
        self.a = torch.nn.Parameter(torch.empty(rank, base.in_features))
        self.b = torch.nn.Parameter(torch.zeros(base.out_features, rank))
        torch.nn.init.kaiming_uniform_(self.a, a=math.sqrt(5))

    def forward(self, x):
        return self.base(x) + self.scaling * F.linear(F.linear(x, self.a), self.b)


def add_lora(module, targets, rank):
    """Wraps every linear layer below `module` whose own name is among the targets."""
    for name, child in list(module.named_children()):
        if isinstance(child, torch.nn.Linear) and name in targets:
            setattr(module, name, LoraLinear(child, rank, 2.0))
        else:
            add_lora(child, targets, rank)


class Classifier(torch.nn.Module):
    def __init__(self, bert, classes, args):
        super().__init__()
        self.bert, self.pooling = bert, args.pooling
        if args.train != "all":
            bert.requires_grad_(False)
        if args.train == "lora":
            add_lora(bert.encoder, TARGETS[args.targets], args.rank)
        self.head = torch.nn.Linear(bert.config.hidden_size, classes)
        torch.nn.init.normal_(self.head.weight, std=0.02)
        torch.nn.init.zeros_(self.head.bias)

    def forward(self, ids, mask):
        out = self.bert(ids, attention_mask=mask)
        if self.pooling == "pooler":
            return self.head(out.pooler_output)
        if self.pooling == "cls":
            return self.head(out.last_hidden_state[:, 0])
        weights = mask.unsqueeze(2).float()
        return self.head((out.last_hidden_state * weights).sum(1) / weights.sum(1))


def read(path, labels, tokenizer):
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]
    batch = tokenizer([row[0] for row in rows], padding=True, return_tensors="pt")
    return batch["input_ids"], batch["attention_mask"], torch.tensor([labels.index(row[1]) for row in rows])


def trimmed(data, rows):
    """The chosen rows without the columns that are padding in all of them."""
    ids, mask, label = (part[rows] for part in data)
    width = int(mask.sum(1).max())
    return ids[:, :width], mask[:, :width], label


@torch.no_grad()
def accuracy(model, data):
    model.eval()
    right = 0
    for rows in torch.arange(len(data[2])).split(64):
        ids, mask, label = trimmed(data, rows)
        right += (model(ids, mask).argmax(1) == label).sum().item()
    model.train()
    return 100 * right / len(data[2])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--pooling", choices=["cls", "mean", "pooler"], default="pooler")
    parser.add_argument("--train", choices=["lora", "head", "all"], default="lora")
    parser.add_argument("--targets", choices=list(TARGETS), default="query-value")
    parser.add_argument("--random-base", action="store_true", help="same shape, weights never pretrained")
    parser.add_argument("--rank", type=int, default=8)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)

    labels = (args.data / "labels.txt").read_text("utf-8").split()
    tokenizer = AutoTokenizer.from_pretrained(args.model)
    train, test = (read(args.data / name, labels, tokenizer) for name in ("train.tsv", "test.tsv"))
    bert = BertModel.from_pretrained(args.model, dtype=torch.float32)
    if args.random_base:
        bert = BertModel(BertConfig.from_pretrained(args.model))
    model = Classifier(bert, len(labels), args)
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=args.lr, weight_decay=0.01)

    results = []
    for epoch in range(1, args.epochs + 1):
        for rows in torch.randperm(len(train[2])).split(args.batch):
            ids, mask, label = trimmed(train, rows)
            F.cross_entropy(model(ids, mask), label).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
        if epoch in (1, 2, 5, 10, args.epochs):
            results.append(f"epoch {epoch} {accuracy(model, test):.1f}")
    base = "random" if args.random_base else "pretrained"
    trained = f"{args.train} {args.targets}" if args.train == "lora" else args.train
    print(f"{base} {trained} {args.pooling} lr {args.lr} seed {args.seed}: {', '.join(results)}", flush=True)


if __name__ == "__main__":
    main()
