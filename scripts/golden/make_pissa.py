"""PiSSA adapters as PEFT starts them, after a change of every value, and as PEFT converts them to LoRA of the whole base."""
import shutil
import tempfile
from pathlib import Path

import torch
from peft import get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForSequenceClassification

from common import TRAINING, provenance, read_json, rounded, write_json
from make_peft import BERT, QV, batch_of, logits, lora, randomise

SEED = 70
ADAPTERS = {"tiny-bert-pissa": {}, "tiny-bert-pissa-rslora": {"use_rslora": True}}


def make(name: str, options: dict, seed: int) -> None:
    torch.manual_seed(seed)
    base = AutoModelForSequenceClassification.from_pretrained(TRAINING / BERT)
    model = get_peft_model(base, lora(QV, ["classifier"], init_lora_weights="pissa", **options))
    for config in model.peft_config.values():
        config.base_model_name_or_path = BERT
    folder = TRAINING / "peft" / name
    shutil.rmtree(folder, ignore_errors=True)
    with tempfile.TemporaryDirectory() as scratch:
        # PEFT takes the name of the folder for the kind of the first values.
        first, last, converted = (Path(scratch) / part for part in ("pissa_init", "last", "converted"))
        model.peft_config["default"].init_lora_weights = True
        model.save_pretrained(first)
        model.peft_config["default"].init_lora_weights = "pissa"
        randomise(model, seed)
        model.save_pretrained(last)
        wanted = {kind: logits(model, batch_of(BERT), kind) for kind in (torch.float32, torch.float64)}
        model.float().save_pretrained(converted, path_initial_model_for_weight_conversion=str(first))
        folder.mkdir(parents=True)
        for source, target in ((first, "initial"), (last, "trained"), (converted, "adapter_model")):
            save_file(load_file(source / "adapter_model.safetensors"), folder / f"{target}.safetensors", metadata={"format": "pt"})
        shutil.copy(converted / "adapter_config.json", folder)
    found = read_json(TRAINING / BERT / "golden.json")
    source = provenance("make_pissa.py", seed, "torch", "transformers", "peft", "safetensors")
    write_json(folder / "golden.json", {
        "provenance": source, "base": BERT, "batch": found["batch"],
        "logits": rounded(wanted[torch.float32], 9), "logits_f64": rounded(wanted[torch.float64], 15)})


if __name__ == "__main__":
    for index, (adapter, options) in enumerate(ADAPTERS.items()):
        make(adapter, options, SEED + index)
