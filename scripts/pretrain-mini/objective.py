"""What is learned: masked words, and which two pieces of text were neighbours."""

import torch
import torch.nn.functional as F
from transformers import BertModel

from text import MASK, SPECIAL, seeded


def mask_tokens(ids, vocab_size, generator):
    """BERT's rule: of 15 % chosen tokens, 80 % become [MASK], 10 % a random token, 10 % stay."""
    chosen = (torch.rand(ids.shape, generator=generator) < 0.15) & (ids >= len(SPECIAL))
    fate = torch.rand(ids.shape, generator=generator)
    noise = torch.randint(len(SPECIAL), vocab_size, ids.shape, generator=generator)
    masked = torch.where(chosen & (fate < 0.8), MASK, ids)
    return torch.where(chosen & (fate >= 0.9), noise, masked), chosen


class Pretrainer(torch.nn.Module):
    """BertModel plus BERT's masked-token head, whose output matrix is the word embedding."""

    def __init__(self, config):
        super().__init__()
        self.bert = BertModel(config)
        self.dense = torch.nn.Linear(config.hidden_size, config.hidden_size)
        self.norm = torch.nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.bias = torch.nn.Parameter(torch.zeros(config.vocab_size))

    def forward(self, ids, chosen):
        out = self.bert(ids)
        hidden = self.norm(F.gelu(self.dense(out.last_hidden_state[chosen])))
        return F.linear(hidden, self.bert.embeddings.word_embeddings.weight, self.bias), out.pooler_output


def contrast_loss(pooled, temperature=0.1):
    """Row 2i must be nearest to row 2i+1 and the other way round, by cosine, among all rows of the batch."""
    unit = F.normalize(pooled.float(), dim=1)
    scores = (unit @ unit.T / temperature).masked_fill(torch.eye(len(unit), dtype=torch.bool), -1e9)
    return F.cross_entropy(scores, torch.arange(len(unit)) ^ 1)


@torch.no_grad()
def evaluate(model, pairs, vocab_size):
    """Masked loss (nats), accuracy and neighbour retrieval on held-out text; the same masks every time."""
    model.eval()
    rows, generator = pairs.flatten(0, 1).long(), seeded(12345)
    loss = right = count = found = 0
    for batch in rows.split(32):
        masked, chosen = mask_tokens(batch, vocab_size, generator)
        logits, pooled = model(masked, chosen)
        target = batch[chosen]
        loss += F.cross_entropy(logits.float(), target, reduction="sum").item()
        right += (logits.argmax(1) == target).sum().item()
        count += len(target)
        unit = F.normalize(pooled.float(), dim=1)
        nearest = (unit @ unit.T).fill_diagonal_(-2).argmax(1)
        found += (nearest == torch.arange(len(unit)) ^ 1).sum().item()
    model.train()
    return {"loss": loss / count, "accuracy": right / count, "neighbour": found / len(rows)}


def unigram_baseline(log_probs, pairs):
    """The same masked positions, guessed from the training text's token frequencies alone."""
    rows, generator = pairs.flatten(0, 1).long(), seeded(12345)
    targets = torch.cat([batch[mask_tokens(batch, len(log_probs), generator)[1]] for batch in rows.split(32)])
    right = (targets == log_probs.argmax()).float().mean().item()
    return {"loss": -log_probs[targets].mean().item(), "accuracy": right}
