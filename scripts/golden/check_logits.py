"""Does Python PEFT compute what fedtune computed? Opens an adapter that fedtune exported and compares every logit.

python check_logits.py BASE ADAPTER DATA.tsv LOGITS.jsonl
LOGITS is what `fedtune eval --model BASE --adapter ADAPTER --data DATA.tsv --logits LOGITS.jsonl` wrote. DATA has a column
`text`. Prints the largest difference and exits with 1 when it is over 1e-4.
"""
import json
import sys

import torch
from peft import PeftModel
from transformers import AutoModelForSequenceClassification, AutoTokenizer

base, adapter, data, logits = sys.argv[1:5]
with open(data, encoding="utf8") as file:
    header, *rows = [line.rstrip("\n").split("\t") for line in file]
texts = [row[header.index("text")] for row in rows]
with open(logits, encoding="utf8") as file:
    expected = torch.tensor([json.loads(line)["logits"] for line in file])
tokenizer = AutoTokenizer.from_pretrained(base)
model = AutoModelForSequenceClassification.from_pretrained(
    base, num_labels=expected.shape[1], dtype=torch.float32
)
model = PeftModel.from_pretrained(model, adapter).eval()
worst = 0.0
with torch.no_grad():
    for start in range(0, len(texts), 50):
        batch = tokenizer(texts[start : start + 50], padding=True, truncation=True, return_tensors="pt")
        found = model(**batch).logits
        worst = max(worst, (found - expected[start : start + 50]).abs().max().item())
print(f"{len(texts)} examples, largest difference of logits {worst:.1e}")
sys.exit(worst > 1e-4)
