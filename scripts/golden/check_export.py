"""Opens an exported adapter with PEFT and compares its logits: exit 0 when they agree, 1 when not.

python check_export.py BASE_FOLDER ADAPTER_FOLDER EXPECTED.json [--tolerance 1e-4]
EXPECTED.json: {"batch": {"input_ids": [[...]], "attention_mask": [[...]], "token_type_ids": [[...]]?}, "logits": [[...]]}
The golden.json files have this shape. Labels come from the adapter's head when the base has none.
"""
import argparse
import json
import sys
from pathlib import Path

import torch
from peft import PeftModel
from safetensors import safe_open
from transformers import AutoModelForSequenceClassification

HEADS = ("classifier.out_proj.weight", "classifier.weight", "score.weight")


def label_count(adapter: Path) -> int | None:
    """Rows of the last head weight that the adapter carries, or None."""
    with safe_open(adapter / "adapter_model.safetensors", "pt") as tensors:
        for suffix in HEADS:
            for name in tensors.keys():
                if name.endswith("." + suffix):
                    return tensors.get_slice(name).get_shape()[0]
    return None


def unused_names(model: PeftModel, adapter: Path) -> set[str]:
    """Tensors of the file that name nothing in the model; PEFT itself ignores them in silence."""
    from peft import get_peft_model_state_dict
    with safe_open(adapter / "adapter_model.safetensors", "pt") as tensors:
        return set(tensors.keys()) - set(get_peft_model_state_dict(model))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base", type=Path)
    parser.add_argument("adapter", type=Path)
    parser.add_argument("expected", type=Path)
    parser.add_argument("--tolerance", type=float, default=1e-4)
    options = parser.parse_args()
    labels = label_count(options.adapter)
    base = AutoModelForSequenceClassification.from_pretrained(options.base, **({"num_labels": labels} if labels else {}))
    model = PeftModel.from_pretrained(base, options.adapter).eval()
    unused = unused_names(model, options.adapter)
    if unused:
        print(f"not in the model: {sorted(unused)}")
        return 1
    expected = json.loads(options.expected.read_text())
    with torch.no_grad():
        logits = model(**{name: torch.tensor(rows) for name, rows in expected["batch"].items()}).logits
    wanted = torch.tensor(expected["logits"])
    if logits.shape != wanted.shape:
        print(f"logits have shape {list(logits.shape)}, wanted {list(wanted.shape)}")
        return 1
    difference = (logits - wanted).abs().max().item()
    print(f"largest difference {difference:.3g}, tolerance {options.tolerance:g}")
    return 0 if difference <= options.tolerance else 1


if __name__ == "__main__":
    sys.exit(main())
