"""The PyTorch + PEFT side of bench/sst2-epoch.ts: an epoch of SST-2 with MiniLM-L6, LoRA r = 8 on query and value.

Prints one JSON line per way of padding: every batch to 64 tokens, and by length (shuffled, sorted within 16 batches, padded to
the batch's longest), as the trainer does. Dropout is 0 on both sides; tokenising comes before the epoch.

    python scripts/golden/bench_sst2.py [--threads 2] [--examples 2000] [--least-words 1] [--model FOLDER] [--data TSV]
"""

import argparse
import json
import random
import resource
import statistics
import time

import torch
from peft import LoraConfig, get_peft_model
from tokenizers import Tokenizer
from transformers import BertForSequenceClassification

BATCH, LENGTH, BUCKET, WARM_UP = 16, 64, 16, 12


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--examples", type=int, default=2000)
    parser.add_argument("--least-words", type=int, default=1)
    parser.add_argument("--model", default="experiments/models/minilm-l6")
    parser.add_argument("--data", default="experiments/data/sst2/train.tsv")
    return parser.parse_args()


def examples_of(options):
    """Rows with enough words at equal distances, as (ids, label)."""
    with open(options.data, encoding="utf8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file][1:]
    rows = [row for row in rows if len(row[1].split(" ")) >= options.least_words]
    distance = max(1, len(rows) // options.examples)
    tokenizer = Tokenizer.from_file(f"{options.model}/tokenizer.json")
    tokenizer.no_padding()
    tokenizer.enable_truncation(LENGTH)
    chosen = rows[::distance][: options.examples]
    return [(row.ids, int(label)) for row, (label, *_) in
            zip(tokenizer.encode_batch([row[1] for row in chosen]), chosen)]


def batches_of(examples, by_length):
    order = list(range(len(examples)))
    random.Random(1).shuffle(order)
    size = BATCH * BUCKET
    buckets = [order[at : at + size] for at in range(0, len(order), size)]
    if by_length:
        buckets = [sorted(bucket, key=lambda index: len(examples[index][0])) for bucket in buckets]
    batches = [bucket[at : at + BATCH] for bucket in buckets for at in range(0, len(bucket), BATCH)]
    random.Random(2).shuffle(batches)
    return [padded([examples[index] for index in batch], None if by_length else LENGTH) for batch in batches]


def padded(batch, length):
    length = length or max(len(ids) for ids, _ in batch)
    ids = torch.tensor([ids + [0] * (length - len(ids)) for ids, _ in batch])
    mask = torch.tensor([[1] * len(ids) + [0] * (length - len(ids)) for ids, _ in batch])
    return ids, mask, torch.tensor([label for _, label in batch])


def model_of(folder):
    torch.manual_seed(0)
    base = BertForSequenceClassification.from_pretrained(
        folder, num_labels=2, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    return get_peft_model(base, LoraConfig(
        task_type="SEQ_CLS", r=8, lora_alpha=16, target_modules=["query", "value"], lora_dropout=0.0)).train()


def epoch(model, optimizer, batches):
    total = 0.0
    for ids, mask, labels in batches:
        optimizer.zero_grad()
        loss = model(input_ids=ids, attention_mask=mask, labels=labels).loss
        loss.backward()
        optimizer.step()
        total += loss.item() * len(labels)
    return total


def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main():
    options = arguments()
    torch.set_num_threads(options.threads)
    examples = examples_of(options)
    for padding in ("64", "longest"):
        model = model_of(options.model)
        optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-4)
        batches = batches_of(examples, padding == "longest")
        epoch(model, optimizer, batches[:WARM_UP])
        began, before = time.perf_counter(), cpu()
        loss = epoch(model, optimizer, batches) / len(examples)
        wall, used = time.perf_counter() - began, cpu() - before
        print(json.dumps({
            "engine": f"torch/{options.threads}", "padding": padding, "examples": len(examples),
            "medianTokens": statistics.median(len(ids) for ids, _ in examples), "loss": round(loss, 4),
            "examplesPerSecond": round(len(examples) / wall, 1),
            "examplesPerCpuSecond": round(len(examples) / used, 1),
            "cpuMsPerExample": round(1e3 * used / len(examples), 2)}), flush=True)


if __name__ == "__main__":
    main()
