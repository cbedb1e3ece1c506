"""Adapter folders as PEFT writes them, with non-zero random factors and head, and the logits they give."""
import shutil

import torch
from peft import LoraConfig, PeftModel, VeraConfig, get_peft_model
from transformers import AutoModelForSequenceClassification

from common import TRAINING, provenance, read_json, rounded, write_json

SEED = 40
BERT, ROBERTA, DISTILBERT = "tiny-bert", "tiny-roberta", "tiny-distilbert"
QV = ["query", "value"]
ALL = ["query", "key", "value", "attention.output.dense", "intermediate.dense", "output.dense"]


def lora(targets: list[str], head: list[str], **options) -> LoraConfig:
    return LoraConfig(task_type="SEQ_CLS", r=4, lora_alpha=8, lora_dropout=0.0, target_modules=targets, modules_to_save=head, **options)


def vera(targets: list[str]) -> VeraConfig:
    return VeraConfig(task_type="SEQ_CLS", r=8, vera_dropout=0.0, target_modules=targets, modules_to_save=["classifier"],
                      projection_prng_key=7, save_projection=True)


ADAPTERS = {
    "tiny-bert-lora": (BERT, lambda: lora(QV, ["classifier"])),
    "tiny-bert-rslora": (BERT, lambda: lora(QV, ["classifier"], use_rslora=True)),
    "tiny-bert-all-linear": (BERT, lambda: lora(ALL, ["classifier"])),
    "tiny-bert-patterns": (BERT, lambda: lora(QV, ["classifier"], rank_pattern={"layer.1.attention.self.value": 2},
                                              alpha_pattern={"layer.0.attention.self.query": 3})),
    "tiny-bert-dora": (BERT, lambda: lora(QV, ["classifier"], use_dora=True)),
    "tiny-bert-vera": (BERT, lambda: vera(QV)),
    "tiny-roberta-lora": (ROBERTA, lambda: lora(QV, ["classifier"])),
    "tiny-distilbert-lora": (DISTILBERT, lambda: lora(["q_lin", "v_lin"], ["pre_classifier", "classifier"])),
    "tiny-bert-dora-all-linear": (BERT, lambda: lora(ALL, ["classifier"], use_dora=True)),
    "tiny-bert-vera-all-linear": (BERT, lambda: vera(ALL)),
}


def randomise(model: torch.nn.Module, seed: int) -> None:
    """Every trainable value moves, so that neither factor nor the head can be lost unnoticed."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            noise = torch.randn(parameter.shape, generator=generator)
            parameter.data = parameter.data + (0.1 if "magnitude" in name else 0.2) * noise


def batch_of(base: str) -> dict:
    return {name: torch.tensor(rows) for name, rows in read_json(TRAINING / base / "golden.json")["batch"].items()}


def logits(model: torch.nn.Module, batch: dict, dtype: torch.dtype) -> torch.Tensor:
    with torch.no_grad():
        return model.to(dtype).eval()(**batch).logits


def load(name: str) -> PeftModel:
    """A saved adapter on its base, trainable, float32."""
    base = AutoModelForSequenceClassification.from_pretrained(TRAINING / ADAPTERS[name][0])
    return PeftModel.from_pretrained(base, TRAINING / "peft" / name, is_trainable=True)


def make(name: str, seed: int) -> None:
    base, config = ADAPTERS[name]
    torch.manual_seed(seed)
    model = get_peft_model(AutoModelForSequenceClassification.from_pretrained(TRAINING / base), config())
    randomise(model, seed)
    for peft_config in model.peft_config.values():
        peft_config.base_model_name_or_path = base
    folder = TRAINING / "peft" / name
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    write_expected(name, seed)


def write_expected(name: str, seed: int) -> None:
    """Logits of the folder as a fresh `PeftModel.from_pretrained` reads it."""
    base = ADAPTERS[name][0]
    found = read_json(TRAINING / base / "golden.json")
    model, batch = load(name), batch_of(base)
    source = provenance("make_peft.py", seed, "torch", "transformers", "peft", "safetensors")
    write_json(TRAINING / "peft" / name / "golden.json", {
        "provenance": source, "base": base, "batch": found["batch"],
        "logits": rounded(logits(model, batch, torch.float32), 9), "logits_f64": rounded(logits(model, batch, torch.float64), 15)})


def main() -> None:
    for index, name in enumerate(ADAPTERS):
        make(name, SEED + index)


if __name__ == "__main__":
    main()
