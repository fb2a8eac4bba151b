"""The network as it is exported: the arithmetic of `training.model` for one chunk or one candidate, without padding.

What depends on a batch is gone: no mask, no padded words. The convolutions over three words are written as products
of matrices, so that they are quantised like everything else. `training.export` checks the numbers against the model.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from services.extraction.language.chunks import RELATIVE_BUCKETS
from training.model import LabelHead, Layer, Lower, Upper, WordHead, WordPool
from training.scheme import LABELS, SLOTS

_TELLING = (SLOTS.index("object"), SLOTS.index("content"))


class Attention(torch.autograd.Function):
    """Attention of all heads, exported as onnxruntime's own operator, which never writes out the matrix of weights."""

    @staticmethod
    def forward(_: Any, query: Tensor, key: Tensor, value: Tensor, heads: int) -> Tensor:
        """All 1 × length × hidden."""
        parts = (part.view(*part.shape[:2], heads, -1).transpose(1, 2) for part in (query, key, value))
        return functional.scaled_dot_product_attention(*parts).transpose(1, 2).flatten(2)

    @staticmethod
    def symbolic(graph: Any, query: Any, key: Any, value: Any, heads: int) -> Any:
        """The operator in the exported graph."""
        result = graph.op("com.microsoft::MultiHeadAttention", query, key, value, num_heads_i=heads)
        result.setType(query.type())
        return result


def run_layer(layer: Layer, x: Tensor) -> Tensor:
    """One layer over 1 × length × hidden, every piece attending to every other."""
    query, key, value = layer.mixed(x).split(x.shape[-1], -1)
    context = Attention.apply(query, key, value, layer.heads)
    x = layer.attention_norm(x + layer.attended(context))
    return layer.output_norm(x + layer.narrow(functional.gelu(layer.widen(x))))


def pool_words(pool: WordPool, x: Tensor, start: Tensor, end: Tensor) -> Tensor:
    """1 × words × hidden: each word's first piece plus the learned share of its pieces' mean."""
    sums = functional.pad(x[0].cumsum(0), (0, 0, 1, 0))
    mean = (sums[end[0]] - sums[start[0]]) / (end - start)[0, :, None]
    return (x[0][start[0]] + pool.share(mean))[None]


class LowerGraph(nn.Module):
    """ids, word_start, word_end → hidden, anchors, entities, tags."""

    def __init__(self, lower: Lower) -> None:
        super().__init__()
        self.lower = lower
        self.heads = (lower.anchors, lower.entities, lower.tags)
        self.register_buffer("mix", torch.stack([torch.softmax(head.weights.detach(), 0) for head in self.heads]))

    def forward(self, ids: Tensor, word_start: Tensor, word_end: Tensor) -> tuple[Tensor, ...]:
        """Inputs as those of `Lower`, a batch of one."""
        outputs = [self.lower.embeddings(ids)]
        for layer in self.lower.layers:
            outputs.append(run_layer(layer, outputs[-1]))
        layers = torch.stack(outputs[-self.mix.shape[1] :])
        mixed = (self.mix @ layers.flatten(1)).view(len(self.heads), *layers.shape[1:])
        logits = [run_head(head, mixed[i], word_start, word_end) for i, head in enumerate(self.heads)]
        return (outputs[-1], *logits)


def run_head(head: WordHead, mixed: Tensor, start: Tensor, end: Tensor) -> Tensor:
    """Logits of the words from the mixed layers; the convolution as one product over three neighbours."""
    words = head.norm(pool_words(head.pool, mixed, start, end))
    padded = functional.pad(words, (0, 0, 1, 1))
    neighbours = torch.cat([padded[:, :-2], words, padded[:, 2:]], -1)
    weight = head.neighbours.weight.permute(2, 1, 0).reshape(-1, head.neighbours.out_channels)
    return head.output(functional.gelu(neighbours @ weight + head.neighbours.bias))


class UpperGraph(nn.Module):
    """The window of one candidate → start, end, null, verdict, and one output for each label."""

    def __init__(self, upper: Upper) -> None:
        super().__init__()
        self.upper = upper

    def forward(  # noqa: PLR0917 - the inputs of a graph have an order
        self,
        hidden: Tensor,
        word_start: Tensor,
        word_end: Tensor,
        relative: Tensor,
        sentence: Tensor,
        type_index: Tensor,
        anchor: Tensor,
    ) -> tuple[Tensor, ...]:
        """Inputs as those of `Upper`, one candidate."""
        upper = self.upper
        first = word_start[0][anchor]
        marked = (torch.arange(hidden.shape[1]) == first).to(hidden.dtype)[None, :, None]
        buckets = type_index[:, None] * RELATIVE_BUCKETS + relative
        x = hidden + marked * upper.marker(type_index)[:, None] + upper.relative(buckets) + upper.sentence(sentence)
        for layer in upper.layers:
            x = run_layer(layer, x)
        words = pool_words(upper.pool, x, word_start, word_end)
        at_anchor = words[0][anchor]
        pairs = functional.gelu(upper.pair(torch.cat([words, words * at_anchor[:, None]], -1)))
        start, end = upper.start(pairs), upper.end(pairs)
        null = run_label(upper.null, x, at_anchor, torch.zeros(1, len(_TELLING) * x.shape[-1]))
        telling = telling_words(words, start, end, null)
        verdict = run_label(upper.verdict, x, at_anchor, telling)
        return start, end, null, verdict, *(run_label(upper.labels[name], x, at_anchor, telling) for name in LABELS)


def run_label(head: LabelHead, x: Tensor, anchor: Tensor, telling: Tensor) -> Tensor:
    """Logits of one label, 1 × values; the product written out, since only such products are quantised."""
    attention = torch.softmax(head.attention(x)[..., 0], 1)
    pooled = (attention[:, None] @ x)[:, 0]
    inner = torch.cat([anchor, pooled, telling], -1) @ head.inner.weight.t() + head.inner.bias
    return head.output(functional.gelu(inner))


def telling_words(words: Tensor, start: Tensor, end: Tensor, null: Tensor) -> Tensor:
    """As `Upper._telling`: the mean of the words that the telling slots probably cover."""
    begins = torch.softmax(torch.cat([start, null[:, None]], 1), 1)[:, :-1]
    ends = torch.softmax(end, 1)
    inside = begins.cumsum(1) * (ends.sum(1, keepdim=True) - ends.cumsum(1) + ends)
    chosen = torch.stack([inside[..., slot] for slot in _TELLING], -1)
    share = chosen / (chosen.sum(1, keepdim=True) + 0.5)
    return (share.transpose(1, 2) @ words).flatten(1)
