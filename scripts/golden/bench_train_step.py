"""The PyTorch + PEFT side of bench/train-step.ts: steps of MiniLM-L6's shape with LoRA r = 8 on query and value, batch 16, AdamW.

Prints one JSON line per length. Weights are random, dropout is 0, and no token is padding, as on the other side.

    python scripts/golden/bench_train_step.py [--threads 2] [--lengths 64,128] [--steps 8] [--bf16]
"""

import argparse
import json
import statistics
import time

import torch
from peft import LoraConfig, get_peft_model
from transformers import BertConfig, BertForSequenceClassification

BATCH, WARM_UP = 16, 2
SHAPE = dict(vocab_size=30522, hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536,
             hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, num_labels=2)


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--lengths", default="64,128")
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--bf16", action="store_true", help="products under torch.autocast, as bench/train-step.ts tfjs-node/bf16")
    return parser.parse_args()


def step_times(model, optimizer, length, options):
    """Seconds of every step after the first ones."""
    generator = torch.Generator().manual_seed(length)
    ids = torch.randint(1000, 30000, (BATCH, length), generator=generator)
    batch = dict(input_ids=ids, attention_mask=torch.ones_like(ids), labels=torch.arange(BATCH) % 2)
    times = []
    for _ in range(WARM_UP + options.steps):
        began = time.perf_counter()
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=options.bf16):
            loss = model(**batch).loss
        loss.backward()
        optimizer.step()
        times.append(time.perf_counter() - began)
    return times[WARM_UP:]


def main():
    options = arguments()
    torch.set_num_threads(options.threads)
    torch.manual_seed(7)
    lora = LoraConfig(task_type="SEQ_CLS", r=8, lora_alpha=16, target_modules=["query", "value"], lora_dropout=0.0)
    model = get_peft_model(BertForSequenceClassification(BertConfig(**SHAPE)), lora)
    model.train()
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-3)
    for length in map(int, options.lengths.split(",")):
        times = step_times(model, optimizer, length, options)
        found = dict(medianMs=round(1000 * statistics.median(times)), bestMs=round(1000 * min(times)))
        print(json.dumps(dict(engine=f"torch/{options.threads}" + ("/bf16" if options.bf16 else ""), batchSize=BATCH, length=length, **found)))


if __name__ == "__main__":
    main()
