"""Tiny random decoders in HuggingFace's layout with PEFT adapters on them: losses of completions, logits, gradients, greedy texts."""
import shutil

import torch
import torch.nn.functional as F
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import save_file
from transformers import (AutoModelForCausalLM, AutoModelForSequenceClassification, GPT2Config, GPT2ForSequenceClassification, GPT2LMHeadModel,
                          LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM)

from common import TRAINING, provenance, rounded, write_json
from make_bases import randomise
from make_peft import randomise as randomise_adapter

SEED = 60
VOCABULARY, EOS = 61, 2
LLAMA = dict(vocab_size=VOCABULARY, hidden_size=32, intermediate_size=44, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
             max_position_embeddings=48, rms_norm_eps=1e-5, bos_token_id=1, eos_token_id=EOS, pad_token_id=0)
GPT2 = dict(vocab_size=VOCABULARY, n_positions=48, n_embd=32, n_layer=2, n_head=4, resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0,
            bos_token_id=1, eos_token_id=EOS, pad_token_id=0)
MODELS = {
    "tiny-gpt2": (lambda: GPT2LMHeadModel(GPT2Config(**GPT2)), "CAUSAL_LM", ["c_attn", "c_fc"]),
    "tiny-gpt2-classifier": (lambda: GPT2ForSequenceClassification(GPT2Config(**GPT2, num_labels=3)), "SEQ_CLS", ["c_attn"]),
    "tiny-llama": (lambda: LlamaForCausalLM(LlamaConfig(**LLAMA, tie_word_embeddings=False, rope_theta=10000.0)), "CAUSAL_LM", "all-linear"),
    "tiny-qwen2": (lambda: Qwen2ForCausalLM(Qwen2Config(**LLAMA, tie_word_embeddings=True, use_sliding_window=False)), "CAUSAL_LM", ["q_proj", "v_proj", "o_proj"]),
}
LENGTHS, PROMPTS, LABELS = [11, 7, 4, 9], [5, 1, 3, 8], [2, 0, 1, 1]


def batch() -> tuple[dict, torch.Tensor]:
    """Ids padded at the end, and 1 where a token is to be predicted."""
    generator = torch.Generator().manual_seed(SEED)
    width = max(LENGTHS)
    ids = torch.zeros(len(LENGTHS), width, dtype=torch.long)
    predicted = torch.zeros_like(ids)
    for row, (length, prompt) in enumerate(zip(LENGTHS, PROMPTS)):
        ids[row, :length] = torch.randint(3, VOCABULARY, (length,), generator=generator)
        predicted[row, prompt:length] = 1
    return {"input_ids": ids, "attention_mask": (torch.arange(width) < torch.tensor(LENGTHS)[:, None]).long()}, predicted


def example_losses(model, inputs: dict, predicted: torch.Tensor, task: str) -> torch.Tensor:
    """Of a language model the mean over an example's own completion."""
    logits = model(**inputs).logits
    if task == "SEQ_CLS":
        return F.cross_entropy(logits, torch.tensor(LABELS), reduction="none")
    losses = F.cross_entropy(logits[:, :-1].flatten(0, 1), inputs["input_ids"][:, 1:].flatten(), reduction="none").view(len(LENGTHS), -1)
    mask = predicted[:, 1:]
    return (losses * mask).sum(1) / mask.sum(1)


def trainable(model) -> dict:
    plain = lambda name: name.replace(".modules_to_save.default", "").replace(".default", "")
    return {plain(name): value for name, value in sorted(model.named_parameters()) if value.requires_grad}


def make(name: str, seed: int) -> None:
    build, task, targets = MODELS[name]
    folder = TRAINING / "decoders" / name
    shutil.rmtree(folder, ignore_errors=True)
    torch.manual_seed(seed)
    base = build()
    randomise(base, seed)
    base.tie_weights()
    base.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    auto = AutoModelForCausalLM if task == "CAUSAL_LM" else AutoModelForSequenceClassification
    save = {} if task == "CAUSAL_LM" else {"modules_to_save": ["score"]}
    config = LoraConfig(task_type=task, r=4, lora_alpha=8, lora_dropout=0.0, target_modules=targets, fan_in_fan_out="gpt2" in name, **save)
    model = get_peft_model(auto.from_pretrained(folder), config)
    randomise_adapter(model, seed)
    for peft_config in model.peft_config.values():
        peft_config.base_model_name_or_path = name
    model.save_pretrained(folder / "adapter")
    (folder / "adapter" / "README.md").unlink(missing_ok=True)
    model = PeftModel.from_pretrained(auto.from_pretrained(folder), folder / "adapter", is_trainable=True).double().eval()
    inputs, predicted = batch()
    losses = example_losses(model, inputs, predicted, task)
    parameters = trainable(model)
    gradients = torch.autograd.grad(losses.mean(), list(parameters.values()))
    save_file({key: value.float().contiguous() for key, value in zip(parameters, gradients)}, folder / "gradients.safetensors")
    found = {"provenance": provenance("make_decoders.py", seed, "torch", "transformers", "peft", "safetensors"), "task": task,
             "targets": targets, "batch": {key: value.tolist() for key, value in inputs.items()}, "predicted": predicted.tolist(),
             "labels": LABELS, "loss": rounded(losses.mean().item(), 12), "example_losses": rounded(losses.detach(), 12)}
    if task == "CAUSAL_LM":
        with torch.no_grad():
            out = model.generate(input_ids=inputs["input_ids"][:1, :5], attention_mask=torch.ones(1, 5), max_new_tokens=12, do_sample=False)
            found["last_logits"] = rounded(model(input_ids=inputs["input_ids"][:1]).logits[0, -1], 12)
        found["greedy"] = out[0].tolist()
    else:
        found["logits"] = rounded(model(**inputs).logits.detach(), 12)
    write_json(folder / "golden.json", found)


if __name__ == "__main__":
    for index, model_name in enumerate(MODELS):
        make(model_name, SEED + index)
