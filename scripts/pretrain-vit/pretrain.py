"""A small vision transformer trained on a part of MNIST's digits or of PACS' domains, or on CIFAR-10; what is left is for federated adapters.

    python pretrain.py mnist DATA OUT     # trains on the digits 0 to 4, leaves 5 to 9
    python pretrain.py pacs DATA OUT      # trains on three domains, leaves the sketches
    python pretrain.py cifar10 DATA OUT   # trains on all of it: a base for another set

DATA is the folder of the set. OUT gets `base/`, a checkpoint in HuggingFace's layout, and `rest/`, the images that the base has not seen.
"""
import argparse
import json
import math
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from transformers import ViTConfig, ViTForImageClassification

from image_files import Images, read_cifar10, read_mnist, read_pacs, write_idx, write_records

SIZES = dict(hidden_size=96, num_hidden_layers=4, num_attention_heads=4, intermediate_size=192, patch_size=4,
             hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
DIGITS_LEFT = [5, 6, 7, 8, 9]
DOMAIN_LEFT = "sketch"
SETS = {"mnist": dict(epochs=10, shift=2, flip=False), "pacs": dict(epochs=14, shift=4, flip=True), "cifar10": dict(epochs=40, shift=4, flip=True)}
FILES = {"mnist": (read_mnist, write_idx), "pacs": (read_pacs, write_records), "cifar10": (read_cifar10, write_records)}


def is_left(images: Images, name: str) -> np.ndarray:
    """Of each image whether the base must not see it."""
    if name == "mnist":
        return np.isin(images.columns["label"], DIGITS_LEFT)
    if name == "cifar10":
        return np.zeros(len(images.pixels), bool)
    return images.columns["domain"] == images.names["domain"].index(DOMAIN_LEFT)


def scaled(pixels: torch.Tensor) -> torch.Tensor:
    return pixels.float() / 255 * 2 - 1


def moved(pixels: torch.Tensor, shift: int, flip: bool, generator: torch.Generator) -> torch.Tensor:
    """The same images, each moved by up to `shift` pixels and perhaps mirrored."""
    padded = F.pad(pixels, [shift] * 4, mode="replicate")
    _, _, height, width = pixels.shape
    rows = torch.randint(0, 2 * shift + 1, (len(pixels),), generator=generator)
    columns = torch.randint(0, 2 * shift + 1, (len(pixels),), generator=generator)
    mirrored = torch.rand(len(pixels), generator=generator) < (0.5 if flip else 0)
    parts = [image[:, row:row + height, column:column + width] for image, row, column in zip(padded, rows, columns)]
    return torch.stack([part.flip(2) if mirror else part for part, mirror in zip(parts, mirrored)])


def accuracy(model: ViTForImageClassification, images: Images) -> float:
    model.eval()
    with torch.no_grad():
        logits = torch.cat([model(pixel_values=scaled(part)).logits for part in torch.tensor(images.pixels).split(256)])
    return (logits.argmax(1).numpy() == images.columns["label"]).mean().item()


def train(model: ViTForImageClassification, images: Images, test: Images, settings: dict, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    pixels, labels = torch.tensor(images.pixels), torch.tensor(images.columns["label"]).long()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.05)
    batch, epochs = 64, settings["epochs"]
    steps = epochs * math.ceil(len(pixels) / batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1e-3, total_steps=steps, pct_start=0.1)
    for epoch in range(epochs):
        model.train()
        total = 0.0
        for rows in torch.randperm(len(pixels), generator=generator).split(batch):
            part = moved(scaled(pixels[rows]), settings["shift"], settings["flip"], generator)
            loss = F.cross_entropy(model(pixel_values=part).logits, labels[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() * len(rows)
        if epoch % 5 == 4 or epoch == epochs - 1:
            print(f"epoch {epoch + 1}: loss {total / len(pixels):.3f}, test accuracy {accuracy(model, test):.3f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=sorted(SETS))
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    read, write = FILES[options.name]
    parts = {part: read(options.data, part) for part in ("train", "test")}
    for part, images in parts.items():
        left = is_left(images, options.name)
        if left.any():
            write(images.where(left), options.out / "rest", part)
    seen = {part: images.where(~is_left(images, options.name)) for part, images in parts.items()}
    _, channels, side, _ = seen["train"].pixels.shape
    labels = 1 + int(seen["train"].columns["label"].max())
    model = ViTForImageClassification(ViTConfig(**SIZES, image_size=side, num_channels=channels, num_labels=labels))
    train(model, seen["train"], seen["test"], SETS[options.name], options.seed)
    base = options.out / "base"
    model.save_pretrained(base)
    scaling = dict(do_rescale=True, rescale_factor=1 / 255, do_normalize=True, image_mean=[0.5] * channels, image_std=[0.5] * channels)
    size = dict(do_resize=True, resample=2, size=dict(height=side, width=side))
    (base / "preprocessor_config.json").write_text(json.dumps({"image_processor_type": "ViTImageProcessor", **size, **scaling}, indent=2) + "\n")


if __name__ == "__main__":
    main()
