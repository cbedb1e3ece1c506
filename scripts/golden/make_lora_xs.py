"""An adapter `W x + s B R A x` (LoRA-XS), which PEFT lacks: its values, its logits, and the LoRA adapter that does the same."""
import shutil

import torch
from peft import PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForSequenceClassification

from common import TRAINING, provenance, read_json, rounded, write_json
from make_peft import BERT, QV, batch_of, logits, lora

SEED, NAME, RANK, ALPHA = 60, "tiny-bert-lora-xs", 4, 8
START = TRAINING / "train" / NAME / "start.safetensors"


class CoreLinear(torch.nn.Module):
    """A linear layer with A, R and B as parameters, named as fedtune names them."""

    def __init__(self, base: torch.nn.Linear):
        super().__init__()
        self.base_layer = base.requires_grad_(False)
        U, _, Vt = torch.linalg.svd(base.weight.data.double(), full_matrices=False)
        for name, value in {"lora_A": Vt[:RANK], "lora_B": U[:, :RANK], "lora_R": torch.zeros(RANK, RANK)}.items():
            layer = torch.nn.Linear(value.shape[1], value.shape[0], bias=False)
            layer.weight.data = value.float().contiguous()
            setattr(self, name, layer)

    def forward(self, x):
        return self.base_layer(x) + ALPHA / RANK * self.lora_B(self.lora_R(self.lora_A(x)))


class Wrapper(torch.nn.Module):
    """Gives parameters the prefix that PEFT gives them."""

    def __init__(self, model: torch.nn.Module):
        super().__init__()
        self.base_model = torch.nn.Module()
        self.base_model.model = model

    def forward(self, **batch):
        return self.base_model.model(**batch)


def fresh() -> Wrapper:
    model = AutoModelForSequenceClassification.from_pretrained(TRAINING / BERT).requires_grad_(False)
    for layer in model.bert.encoder.layer:
        for name in QV:
            setattr(layer.attention.self, name, CoreLinear(getattr(layer.attention.self, name)))
    model.classifier.requires_grad_(True)
    return Wrapper(model)


def load() -> Wrapper:
    """The saved values on their base, trainable, float32."""
    model = fresh()
    model.load_state_dict(load_file(START), strict=False)
    return model


def save_start(seed: int) -> None:
    """Every value of R and the head random; A and B are singular vectors."""
    model, generator = fresh(), torch.Generator().manual_seed(seed)
    values = {name: parameter.data for name, parameter in sorted(model.named_parameters()) if parameter.requires_grad}
    for name, value in values.items():
        if "lora_A" not in name and "lora_B" not in name:
            values[name] = value + 0.5 * torch.randn(value.shape, generator=generator)
    START.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: value.contiguous() for name, value in values.items()}, START)


def save_as_lora(seed: int) -> None:
    """The same adapter as PEFT's LoRA, with B R in the place of B."""
    values, folder = load_file(START), TRAINING / "peft" / NAME
    torch.manual_seed(seed)
    base = AutoModelForSequenceClassification.from_pretrained(TRAINING / BERT)
    model = get_peft_model(base, lora(QV, ["classifier"]))
    plain = lambda name: name.replace(".modules_to_save.default", "").replace(".default", "")
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        value = values[plain(name)]
        if "lora_B" in name:
            value = (value.double() @ values[plain(name).replace("lora_B", "lora_R")].double()).float()
        parameter.data = value
    for config in model.peft_config.values():
        config.base_model_name_or_path = BERT
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)


def main() -> None:
    save_start(SEED)
    save_as_lora(SEED)
    found, batch = read_json(TRAINING / BERT / "golden.json"), batch_of(BERT)
    base = AutoModelForSequenceClassification.from_pretrained(TRAINING / BERT)
    as_lora = logits(PeftModel.from_pretrained(base, TRAINING / "peft" / NAME), batch, torch.float64)
    own = logits(load(), batch, torch.float64)
    assert (as_lora - own).abs().max() < 1e-6
    source = provenance("make_lora_xs.py", SEED, "torch", "transformers", "peft", "safetensors")
    write_json(TRAINING / "peft" / NAME / "golden.json", {
        "provenance": source, "base": BERT, "batch": found["batch"],
        "logits": rounded(logits(load(), batch, torch.float32), 9), "logits_f64": rounded(own, 15)})


if __name__ == "__main__":
    main()
