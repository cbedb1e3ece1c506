"""Gradients at step 0 and five optimiser steps of the adapters in `golden/peft`, computed in float64 by torch."""
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

from common import TRAINING, provenance, read_json, rounded, write_json
from make_lora_xs import NAME as LORA_XS, load as load_lora_xs
from make_peft import ADAPTERS, BERT, batch_of, load as load_peft

STEPS = 5
OPTIMISERS = {
    "sgd": (torch.optim.SGD, dict(lr=0.1)),
    "momentum": (torch.optim.SGD, dict(lr=0.1, momentum=0.9)),
    "adamw": (torch.optim.AdamW, dict(lr=1e-2, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01)),
}


def load(name: str) -> torch.nn.Module:
    return load_lora_xs() if name == LORA_XS else load_peft(name)


def trainable(model: torch.nn.Module) -> dict[str, torch.nn.Parameter]:
    """Trainable parameters under the names that adapter_model.safetensors gives them."""
    plain = lambda name: name.replace(".modules_to_save.default", "").replace("magnitude_vector.default.weight", "magnitude_vector").replace(".default", "")
    names = {plain(name): parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
    return {name.replace("lambda_b.weight", "lambda_b"): parameter for name, parameter in sorted(names.items())}


def losses_of(model, batch: dict, labels: torch.Tensor) -> torch.Tensor:
    return F.cross_entropy(model(**batch).logits, labels, reduction="none")


def gradient(model, batch: dict, labels: torch.Tensor) -> dict[str, torch.Tensor]:
    parameters = trainable(model)
    values = torch.autograd.grad(losses_of(model, batch, labels).mean(), list(parameters.values()))
    return dict(zip(parameters, values))


def per_example(model, batch: dict, labels: torch.Tensor) -> dict[str, torch.Tensor]:
    """Gradient of each example's own loss, stacked on a first axis."""
    rows = [gradient(model, {name: value[i:i + 1] for name, value in batch.items()}, labels[i:i + 1]) for i in range(len(labels))]
    return {name: torch.stack([row[name] for row in rows]) for name in rows[0]}


def norms(gradients: dict[str, torch.Tensor]) -> torch.Tensor:
    return torch.stack([value.flatten(1).pow(2).sum(1) for value in gradients.values()]).sum(0).sqrt()


def train(name: str, optimiser: str, batch: dict, labels: torch.Tensor, dtype: torch.dtype):
    """Losses before each of the steps and after the last, and the final parameters."""
    model = load(name).to(dtype).eval()
    kind, options = OPTIMISERS[optimiser]
    steps = kind(trainable(model).values(), **options)
    losses = []
    for _ in range(STEPS):
        steps.zero_grad()
        loss = losses_of(model, batch, labels).mean()
        loss.backward()
        steps.step()
        losses.append(loss.item())
    losses.append(losses_of(model, batch, labels).mean().item())
    return losses, {key: value.detach() for key, value in trainable(model).items()}


def save(tensors: dict[str, torch.Tensor], path) -> None:
    save_file({name: value.to(torch.float32).contiguous() for name, value in tensors.items()}, path)


def largest_difference(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> float:
    return max((a[name] - b[name]).abs().max().item() for name in a)


def make(name: str) -> None:
    base = BERT if name == LORA_XS else ADAPTERS[name][0]
    folder = TRAINING / "train" / name
    folder.mkdir(parents=True, exist_ok=True)
    found, batch = read_json(TRAINING / base / "golden.json"), batch_of(base)
    labels = torch.tensor(found["labels"])
    model = load(name).double().eval()
    gradients, examples = gradient(model, batch, labels), per_example(model, batch, labels)
    save(gradients, folder / "gradients.safetensors")
    if name == "tiny-bert-lora":
        save(examples, folder / "per_example.safetensors")
    runs = {}
    for optimiser, (_, options) in OPTIMISERS.items():
        losses, final = train(name, optimiser, batch, labels, torch.float64)
        _, single = train(name, optimiser, batch, labels, torch.float32)
        save(final, folder / f"{optimiser}.safetensors")
        runs[optimiser] = {"options": options, "losses": rounded(losses, 12), "float32_difference": rounded(largest_difference(final, single), 3)}
    source = provenance("make_training.py", 0, "torch", "transformers", "peft", "safetensors")
    write_json(folder / "golden.json", {
        "provenance": source, "base": base, "adapter": f"peft/{name}", "batch": found["batch"], "labels": found["labels"],
        "loss": rounded(losses_of(model, batch, labels).mean().item(), 12), "example_losses": rounded(losses_of(model, batch, labels), 12),
        "example_gradient_norms": rounded(norms(examples), 12), "runs": runs})


if __name__ == "__main__":
    for adapter in [*ADAPTERS, LORA_XS]:
        make(adapter)
