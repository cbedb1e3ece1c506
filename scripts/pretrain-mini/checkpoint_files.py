"""The files of a HuggingFace checkpoint folder."""

import json

from safetensors.torch import save_file
from transformers import BertModel

from text import SPECIAL, PAD


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2) + "\n", "utf-8")


def export_tokenizer(tokenizer, out):
    tokenizer.save(str(out / "tokenizer.json"))
    vocab = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    (out / "vocab.txt").write_text("".join(f"{token}\n" for token, _ in vocab), "utf-8")
    special = {name.strip("[]").lower() + "_token": name for name in SPECIAL}
    write_json(
        out / "tokenizer_config.json",
        {"tokenizer_class": "BertTokenizer", "do_lower_case": True, "model_max_length": 128, **special},
    )


def export_model(model, config, out):
    """Encoder and pooler as f16, with BertModel's own tensor names."""
    tensors = {name: t.detach().half().contiguous() for name, t in model.bert.state_dict().items()}
    partial = out / "model.safetensors.part"
    save_file(tensors, str(partial), metadata={"format": "pt"})
    partial.chmod(0o644)
    partial.rename(out / "model.safetensors")
    write_json(
        out / "config.json",
        {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "vocab_size": config.vocab_size,
            "hidden_size": config.hidden_size,
            "num_hidden_layers": config.num_hidden_layers,
            "num_attention_heads": config.num_attention_heads,
            "intermediate_size": config.intermediate_size,
            "hidden_act": "gelu",
            "hidden_dropout_prob": config.hidden_dropout_prob,
            "attention_probs_dropout_prob": config.attention_probs_dropout_prob,
            "max_position_embeddings": config.max_position_embeddings,
            "type_vocab_size": config.type_vocab_size,
            "initializer_range": config.initializer_range,
            "layer_norm_eps": config.layer_norm_eps,
            "pad_token_id": PAD,
            "torch_dtype": "float16",
        },
    )
