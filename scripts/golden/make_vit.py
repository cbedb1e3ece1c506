"""Tiny random ViTs in HuggingFace's layout with PEFT adapters on them: logits, gradients, and Pillow's resized images."""
import base64
import shutil

import numpy as np
import torch
import torch.nn.functional as F
from peft import LoraConfig, get_peft_model
from PIL import Image
from safetensors.torch import save_file
from transformers import AutoModelForImageClassification, ViTConfig, ViTForImageClassification, ViTImageProcessorPil

from common import TRAINING, provenance, rounded, write_json
from make_bases import randomise
from make_peft import randomise as randomise_adapter

SEED = 80
LABELS = [2, 0, 1, 1]
# transformers 5 names a ViT's modules otherwise than the checkpoints that it reads and writes; ours are those of the files.
PEFT_NAMES = {"attention.query": ["q_proj"], "attention.value": ["v_proj"], "attention.output.dense": ["o_proj"],
              "query": ["q_proj"], "key": ["k_proj"], "value": ["v_proj"], "dense": ["o_proj", "fc1", "fc2"]}
FILE_NAMES = [("vit.layers.", "vit.encoder.layer."), (".attention.q_proj", ".attention.attention.query"), (".attention.k_proj", ".attention.attention.key"),
              (".attention.v_proj", ".attention.attention.value"), (".attention.o_proj", ".attention.output.dense"),
              (".mlp.fc1", ".intermediate.dense"), (".mlp.fc2", ".output.dense")]
SIZE = dict(num_labels=3, hidden_act="gelu", hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
MODELS = {
    "tiny-vit": (dict(image_size=12, patch_size=4, num_channels=3, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64),
                 dict(image_mean=[0.485, 0.456, 0.406], image_std=[0.229, 0.224, 0.225]), ["attention.query", "attention.value", "attention.output.dense"]),
    "tiny-vit-gray": (dict(image_size=6, patch_size=2, num_channels=1, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24, qkv_bias=False),
                      dict(image_mean=[0.5], image_std=[0.5]), ["query", "key", "value", "dense"]),
}
RESIZED = [((20, 17), (12, 12), 3), ((5, 7), (12, 12), 3), ((28, 28), (32, 32), 1), ((63, 41), (8, 10), 1), ((9, 9), (9, 4), 3), ((1, 1), (3, 2), 3)]


def text(array: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def picture(generator: np.random.Generator, height: int, width: int, channels: int) -> np.ndarray:
    """Noise, with its lowest and highest values among it."""
    pixels = generator.integers(0, 256, (height, width, channels), dtype=np.uint8)
    pixels.flat[0], pixels.flat[-1] = 0, 255
    return pixels


def resized(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    image = Image.fromarray(pixels if pixels.shape[2] == 3 else pixels[:, :, 0])
    return np.asarray(image.resize((width, height), Image.Resampling.BILINEAR)).reshape(height, width, -1)


def file_name(name: str) -> str:
    name = name.replace(".modules_to_save.default", "").replace(".default", "")
    for ours, theirs in FILE_NAMES:
        name = name.replace(ours, theirs)
    return name


def make(name: str, seed: int) -> None:
    sizes, scaling, targets = MODELS[name]
    folder = TRAINING / "vit" / name
    shutil.rmtree(folder, ignore_errors=True)
    base = ViTForImageClassification(ViTConfig(**sizes, **SIZE))
    randomise(base, seed)
    base.save_pretrained(folder)
    side, channels = sizes["image_size"], sizes["num_channels"]
    processor = ViTImageProcessorPil(size={"height": side, "width": side}, do_convert_rgb=channels == 3, **scaling)
    processor.save_pretrained(folder)
    model = get_peft_model(AutoModelForImageClassification.from_pretrained(folder),
                           LoraConfig(r=4, lora_alpha=8, lora_dropout=0.0, target_modules=[own for name in targets for own in PEFT_NAMES[name]], modules_to_save=["classifier"]))
    randomise_adapter(model, seed)
    model = model.double().eval()
    generator = np.random.default_rng(seed)
    pixels = [picture(generator, side, side, channels) for _ in LABELS]
    # The processor's own arithmetic is float32; what is held against ours is its formula, in float64.
    mean, std = (torch.tensor(scaling[key], dtype=torch.float64)[None, :, None, None] for key in ("image_mean", "image_std"))
    values = (torch.tensor(np.stack(pixels)).permute(0, 3, 1, 2).double() * processor.rescale_factor - mean) / std
    if channels == 3:
        assert torch.allclose(processor(pixels, return_tensors="pt")["pixel_values"].double(), values, atol=1e-5)
    losses = F.cross_entropy(model(pixel_values=values).logits, torch.tensor(LABELS), reduction="none")
    parameters = {file_name(key): value for key, value in sorted(model.named_parameters()) if value.requires_grad}
    gradients = torch.autograd.grad(losses.mean(), list(parameters.values()))
    save_file({key: value.detach().float().contiguous() for key, value in parameters.items()}, folder / "adapter.safetensors")
    save_file({key: value.float().contiguous() for key, value in zip(parameters, gradients)}, folder / "gradients.safetensors")
    write_json(folder / "golden.json", {
        "provenance": provenance("make_vit.py", seed, "torch", "transformers", "peft", "safetensors", "numpy"),
        "rank": 4, "loraAlpha": 8, "targetModules": targets,
        "labels": LABELS, "pixels": [text(item) for item in pixels], "loss": rounded(losses.mean().item(), 12),
        "example_losses": rounded(losses.detach(), 12), "logits": rounded(model(pixel_values=values).logits.detach(), 12)})


def make_resized() -> None:
    generator = np.random.default_rng(SEED)
    cases = []
    for (height, width), (to_height, to_width), channels in RESIZED:
        pixels = picture(generator, height, width, channels)
        cases.append({"from": [height, width, channels], "to": [to_height, to_width], "pixels": text(pixels),
                      "wanted": text(resized(pixels, to_height, to_width))})
    colours = picture(generator, 4, 5, 3)
    gray = np.asarray(Image.fromarray(colours).convert("L"))
    write_json(TRAINING / "vit" / "pillow.json", {
        "provenance": provenance("make_vit.py", SEED, "pillow", "numpy"), "resized": cases,
        "gray": {"from": [4, 5, 3], "pixels": text(colours), "wanted": text(gray)}})


if __name__ == "__main__":
    make_resized()
    for index, model_name in enumerate(MODELS):
        make(model_name, SEED + 1 + index)
