"""Tiny random checkpoints in HuggingFace's layout, their tokenizers, logits and tokenization goldens."""
import torch
from tokenizers import Tokenizer
from transformers import (BertConfig, BertForSequenceClassification, BertModel, DistilBertConfig,
                          DistilBertForSequenceClassification, RobertaConfig, RobertaForSequenceClassification)

from common import TRAINING, provenance, rounded, write_json
from tokenizers_tiny import byte_level, save, wordpiece

SEED = 20
SIZE = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64, hidden_act="gelu",
            hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, initializer_range=0.02)
WORDPIECE_CONFIG = {"do_lower_case": True, "unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]",
                    "cls_token": "[CLS]", "mask_token": "[MASK]", "model_max_length": 40}
ROBERTA_CONFIG = {"add_prefix_space": False, "bos_token": "<s>", "eos_token": "</s>", "sep_token": "</s>", "cls_token": "<s>",
                  "unk_token": "<unk>", "pad_token": "<pad>", "mask_token": "<mask>", "model_max_length": 40,
                  "tokenizer_class": "RobertaTokenizer"}

BATCH = [("the movie was very good", None), ("not good!", None), ("hello world", "this is a bad film, isn't it?"),
         ("playing", "unwanted"), ("a", None), ("the film is unplayable and it was bad", "very bad")]
BATCH_LABELS = [0, 1, 2, 1, 0, 2]

TEXTS = [
    ("", None), ("   ", None), ("The movie was GOOD.", None), ("Café naïve Ångström résumé", None),
    ("中国 is big, 日本 too", None), ("unwanted playing's (well-played)!?", None), ("tab\tnew\nline  two   spaces ", None),
    ("x" * 101, None), ("x" * 100, None), ("a\u0301 e\u0301 ﬁ ½ ① Ⅳ", None), ("zero\u200bwidth \ufeffbom \u0000nul \ufffd", None),
    ("emoji 😀👍🏽 ok", None), ("İstanbul straße ΣΊΣΥΦΟΣ", None), ("Привет мир, שלום, مرحبا", None),
    ("don't can't I'm we've 'quoted' 12,345.67 $5 #tag @me", None), ("[CLS] the [MASK] film [SEP]", None),
    ("<s> the <mask> film </s>", None), ("hello", "world"), ("", "only the second"), ("only the first", ""), ("e\u0301clair\u00a0nbsp\u3000wide", "—dash… “quotes”"),
]
LONG_A = "the movie was very good and the world is not bad"
LONG_B = "this is a great film of the world and it was good to play it"
TRUNCATED = [(LONG_A, None, 8), (LONG_A, LONG_B, 12), (LONG_A, LONG_B, 13), ("the movie", LONG_B, 12), (LONG_A, "good film", 12),
             ("the movie", LONG_B, 9), (LONG_A, LONG_B, 4), (LONG_A, LONG_B, 5), (LONG_A, "", 7), ("good", "film", 12), (LONG_A, None, 3), (LONG_A, None, 2)]


def randomise(model: torch.nn.Module, seed: int) -> None:
    """Values with real spread, so that a missing bias, norm or offset moves the logits."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        norm_weight = "norm" in name.lower() and name.endswith("weight")
        scale = 0.5 if "embeddings." in name and "norm" not in name.lower() else 0.2
        parameter.data = 1 + 0.2 * noise if norm_weight else scale * noise


def encode(tokenizer: Tokenizer, first: str, second: str | None, max_length: int | None = None):
    if max_length is None:
        tokenizer.no_truncation()
    else:
        tokenizer.enable_truncation(max_length, strategy="longest_first")
    return tokenizer.encode(first, second)


def padded_batch(tokenizer: Tokenizer, pad: int, type_vocab: int) -> dict:
    """BATCH as padded lists; `token_type_ids` only where the model has two segments."""
    rows = [encode(tokenizer, *pair) for pair in BATCH]
    width = max(len(row.ids) for row in rows)
    fill = lambda values, value: values + [value] * (width - len(values))
    batch = {"input_ids": [fill(row.ids, pad) for row in rows], "attention_mask": [fill(row.attention_mask, 0) for row in rows]}
    if type_vocab == 2:
        batch["token_type_ids"] = [fill(row.type_ids, 0) for row in rows]
    return batch


def outputs(model: torch.nn.Module, batch: dict) -> dict:
    """Eval-mode outputs in float32 and float64 of one batch."""
    tensors = {name: torch.tensor(rows) for name, rows in batch.items()}
    found = {}
    for suffix, dtype in (("", torch.float32), ("_f64", torch.float64)):
        with torch.no_grad():
            result = model.to(dtype).eval()(**tensors)
        if hasattr(result, "logits"):
            found[f"logits{suffix}"] = rounded(result.logits, 9 if suffix == "" else 15)
        else:
            mask = tensors["attention_mask"].unsqueeze(-1)
            hidden = result.last_hidden_state
            found[f"cls{suffix}"] = rounded(hidden[:, 0], 9)
            found[f"mean{suffix}"] = rounded((hidden * mask).sum(1) / mask.sum(1), 9)
            if suffix:
                found[f"last_hidden_state{suffix}"] = rounded(hidden, 9)
    model.to(torch.float32)
    return found


def make(name: str, model: torch.nn.Module, tokenizer: Tokenizer, tokenizer_config: dict, seed: int) -> None:
    folder = TRAINING / name
    randomise(model, seed)
    model.save_pretrained(folder)
    save(tokenizer, folder, tokenizer_config)
    config = model.config
    batch = padded_batch(tokenizer, config.pad_token_id, getattr(config, "type_vocab_size", 1))
    labels = [label % config.num_labels for label in BATCH_LABELS]
    source = provenance("make_bases.py", seed, "torch", "transformers", "tokenizers", "safetensors")
    write_json(folder / "golden.json", {"provenance": source, "texts": BATCH, "batch": batch, "labels": labels, **outputs(model, batch)})


def tokenization(name: str, tokenizer: Tokenizer) -> None:
    cases = []
    for first, second, *limit in [*TEXTS, *TRUNCATED]:
        row = encode(tokenizer, first, second, *limit)
        cases.append({"text": first, "pair": second, "max_length": limit[0] if limit else None, "ids": row.ids,
                      "token_type_ids": row.type_ids, "tokens": row.tokens})
    tokenizer.no_truncation()
    write_json(TRAINING / name / "tokenization.json",
               {"provenance": provenance("make_bases.py", SEED, "tokenizers"), "truncation": "longest_first", "cases": cases})


def main() -> None:
    words, bpe = wordpiece(), byte_level()
    labels = lambda *names: dict(id2label=dict(enumerate(names)), label2id={n: i for i, n in enumerate(names)})
    bert = BertConfig(vocab_size=words.get_vocab_size(), max_position_embeddings=40, **SIZE, **labels("negative", "neutral", "positive"))
    roberta = RobertaConfig(vocab_size=bpe.get_vocab_size(), max_position_embeddings=42, type_vocab_size=1, pad_token_id=1, layer_norm_eps=1e-5,
                            bos_token_id=0, eos_token_id=2, **SIZE, **labels("no", "yes"))
    distilbert = DistilBertConfig(vocab_size=words.get_vocab_size(), max_position_embeddings=40, dim=32, n_layers=2, n_heads=4, hidden_dim=64,
                                  dropout=0.0, attention_dropout=0.0, seq_classif_dropout=0.0, activation="gelu", **labels("a", "b", "c"))
    bert_words = {**WORDPIECE_CONFIG, "tokenizer_class": "BertTokenizer"}
    distil_words = {**WORDPIECE_CONFIG, "tokenizer_class": "DistilBertTokenizer"}
    make("tiny-bert", BertForSequenceClassification(bert), words, bert_words, SEED)
    make("tiny-bert-encoder", BertModel(bert, add_pooling_layer=False), words, bert_words, SEED + 1)
    make("tiny-roberta", RobertaForSequenceClassification(roberta), bpe, ROBERTA_CONFIG, SEED + 2)
    make("tiny-distilbert", DistilBertForSequenceClassification(distilbert), words, distil_words, SEED + 3)
    for name, tokenizer in (("tiny-bert", words), ("tiny-roberta", bpe), ("tiny-distilbert", words)):
        tokenization(name, tokenizer)


if __name__ == "__main__":
    main()
