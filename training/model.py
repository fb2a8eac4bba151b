"""The network: one encoder for everything. Six layers are run once per chunk, two more once per candidate event.

`Lower` reads a chunk and says for every word: is it an anchor (per type), which entity tag, which part of speech
and morphology. `Upper` reads a window around one candidate and says which words fill its slots, which labels it
carries and whether it is an event at all (`verdict`). Both export to ONNX; indices and buckets come in as inputs.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from services.extraction.language.chunks import RELATIVE_BUCKETS, SENTENCE_BUCKETS
from training.scheme import ENTITY_TAGS, LABELS, SLOTS, TAGS, TYPES
from training.weights import Shape

LOWER_LAYERS = 6
UPPER_LAYERS = 2
FROZEN_LAYERS = 2  # the lowest stay as they came: their outputs are computed once for all epochs
_MINUS_INFINITY = -1e4
# Slots whose words bear on the labels: `category` follows the goods, `kind` the content.
_TELLING = (SLOTS.index("object"), SLOTS.index("content"))


class Layer(nn.Module):
    """One BERT layer; query, key and value in one matrix."""

    def __init__(self, shape: Shape, dropout: float) -> None:
        super().__init__()
        self.heads = shape.heads
        self.mixed = nn.Linear(shape.hidden, 3 * shape.hidden)
        self.attended = nn.Linear(shape.hidden, shape.hidden)
        self.attention_norm = nn.LayerNorm(shape.hidden, shape.epsilon)
        self.widen = nn.Linear(shape.hidden, shape.inner)
        self.narrow = nn.Linear(shape.inner, shape.hidden)
        self.output_norm = nn.LayerNorm(shape.hidden, shape.epsilon)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        """`x`: batch × length × hidden; `bias`: batch × 1 × 1 × length, added to the attention scores."""
        batch, length, hidden = x.shape
        query, key, value = (
            part.view(batch, length, self.heads, hidden // self.heads).transpose(1, 2)
            for part in self.mixed(x).split(hidden, -1)
        )
        context = functional.scaled_dot_product_attention(
            query, key, value, attn_mask=bias.expand(batch, 1, length, length)
        )
        context = context.transpose(1, 2).reshape(batch, length, hidden)
        x = self.attention_norm(x + self.dropout(self.attended(context)))
        return self.output_norm(x + self.dropout(self.narrow(functional.gelu(self.widen(x)))))


def attention_bias(mask: Tensor) -> Tensor:
    """From a mask (batch × length, 1 = a subtoken, 0 = padding) to what is added to attention scores."""
    return (1.0 - mask)[:, None, None, :] * _MINUS_INFINITY


class Embeddings(nn.Module):
    """Piece and position embeddings. The pieces stay as they came: too few of them occur in training."""

    def __init__(self, shape: Shape, dropout: float) -> None:
        super().__init__()
        self.words = nn.Embedding(shape.vocabulary, shape.hidden)
        self.positions = nn.Parameter(torch.zeros(shape.positions, shape.hidden), requires_grad=False)
        self.norm = nn.LayerNorm(shape.hidden, shape.epsilon)
        self.dropout = nn.Dropout(dropout)
        self.words.weight.requires_grad_(False)

    def forward(self, ids: Tensor) -> Tensor:
        """`ids`: batch × length."""
        return self.dropout(self.norm(self.words(ids) + self.positions[: ids.shape[1]]))


def _rows(x: Tensor, index: Tensor) -> Tensor:
    return torch.gather(x, 1, index[..., None].expand(-1, -1, x.shape[-1]))


class WordPool(nn.Module):
    """From subtokens to words: the first subtoken, plus a learned share of the mean."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.share = nn.Linear(hidden, hidden, bias=False)
        nn.init.zeros_(self.share.weight)

    def forward(self, x: Tensor, start: Tensor, end: Tensor) -> Tensor:
        """`start`, `end`: batch × words, subtoken indices, end exclusive; padding has both 0."""
        sums = functional.pad(x.cumsum(1), (0, 0, 1, 0))
        mean = (_rows(sums, end) - _rows(sums, start)) / (end - start).clamp(min=1)[..., None]
        return _rows(x, start) + self.share(mean)


class WordHead(nn.Module):
    """Logits for every word, from a learned mix of the layers' outputs and the neighbouring words."""

    def __init__(self, hidden: int, layers: int, inner: int, outputs: int, dropout: float) -> None:
        super().__init__()
        # Start from the upper layers: the task decides how far down it looks.
        self.weights = nn.Parameter(torch.linspace(-2.0, 1.0, layers))
        self.pool = WordPool(hidden)
        self.norm = nn.LayerNorm(hidden)
        self.neighbours = nn.Conv1d(hidden, inner, 3, padding=1)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(inner, outputs)

    def forward(self, layers: Sequence[Tensor], start: Tensor, end: Tensor) -> Tensor:
        """`layers`: outputs of layers, each batch × length × hidden. Returns batch × words × outputs."""
        weights = torch.softmax(self.weights, 0)
        mixed = layers[0] * weights[0]
        for i in range(1, len(layers)):
            mixed = mixed + layers[i] * weights[i]
        words = self.dropout(self.norm(self.pool(mixed, start, end)))
        words = words * (end > start).to(words.dtype)[..., None]
        inner = functional.gelu(self.neighbours(words.transpose(1, 2)).transpose(1, 2))
        return self.output(self.dropout(inner))


class Lower(nn.Module):
    """Embeddings, the lower six layers and the heads that need no candidate."""

    def __init__(self, shape: Shape, dropout: float = 0.15) -> None:
        super().__init__()
        self.embeddings = Embeddings(shape, dropout)
        self.layers = nn.ModuleList(Layer(shape, dropout) for _ in range(LOWER_LAYERS))
        mixed = LOWER_LAYERS - FROZEN_LAYERS + 1
        self.anchors = WordHead(shape.hidden, mixed, 192, len(TYPES), dropout)
        self.entities = WordHead(shape.hidden, mixed, 256, len(ENTITY_TAGS), 0.2)
        self.tags = WordHead(shape.hidden, mixed, 256, sum(map(len, TAGS.values())), 0.2)
        nn.init.constant_(self.anchors.output.bias, -4.0)  # an anchor is rare

        for part in (self.embeddings, *self.layers[:FROZEN_LAYERS]):
            part.requires_grad_(False)

    def train(self, mode: bool = True) -> "Lower":
        """The frozen layers never drop anything: their outputs are kept from epoch to epoch."""
        super().train(mode)
        for part in (self.embeddings, *self.layers[:FROZEN_LAYERS]):
            part.train(False)
        return self

    def base(self, ids: Tensor, mask: Tensor) -> Tensor:
        """The output of the last frozen layer: batch × length × hidden."""
        bias = attention_bias(mask)
        x = self.embeddings(ids)
        for layer in self.layers[:FROZEN_LAYERS]:
            x = layer(x, bias)
        return x

    def above(self, base: Tensor, mask: Tensor) -> list[Tensor]:
        """`base` and the outputs of the layers above it, the last one `hidden`."""
        bias = attention_bias(mask)
        outputs = [base]
        for layer in self.layers[FROZEN_LAYERS:]:
            outputs.append(layer(outputs[-1], bias))
        return outputs

    def forward(
        self, ids: Tensor, mask: Tensor, word_start: Tensor, word_end: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Returns hidden (batch × length × hidden) and the logits of anchors, entities and tags, for every word.

        ids: batch × length, int64; mask: the same, float, 1 = subtoken; word_start, word_end: batch × words, int64.
        """
        layers = self.above(self.base(ids, mask), mask)
        heads = (self.anchors, self.entities, self.tags)
        anchors, entities, tags = (head(layers, word_start, word_end) for head in heads)
        return layers[-1], anchors, entities, tags


class LabelHead(nn.Module):
    """Logits of one label from the anchor, an attention pool over the window, and the words of the telling slots."""

    def __init__(self, hidden: int, outputs: int, dropout: float) -> None:
        super().__init__()
        self.attention = nn.Linear(hidden, 1)
        self.inner = nn.Linear((2 + len(_TELLING)) * hidden, 128)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(128, outputs)

    def forward(self, x: Tensor, mask: Tensor, anchor: Tensor, telling: Tensor) -> Tensor:
        """`anchor`: events × hidden; `telling`: events × (telling slots · hidden)."""
        scores = self.attention(x)[..., 0] + (mask - 1.0) * -_MINUS_INFINITY
        pooled = torch.einsum("nl,nlh->nh", torch.softmax(scores, 1), x)
        inner = functional.gelu(self.inner(torch.cat([anchor, pooled, telling], -1)))
        return self.output(self.dropout(inner))


class Upper(nn.Module):
    """Two more layers over a window around a candidate that is marked in it, and the heads for its slots and labels."""

    def __init__(self, shape: Shape, dropout: float = 0.15) -> None:
        super().__init__()
        hidden = shape.hidden
        self.marker = nn.Embedding(len(TYPES), hidden)
        self.relative = nn.Embedding(len(TYPES) * RELATIVE_BUCKETS, hidden)
        self.sentence = nn.Embedding(SENTENCE_BUCKETS, hidden)
        self.layers = nn.ModuleList(Layer(shape, dropout) for _ in range(UPPER_LAYERS))
        self.pool = WordPool(hidden)
        self.pair = nn.Linear(2 * hidden, 256)
        self.dropout = nn.Dropout(dropout)
        self.start = nn.Linear(256, len(SLOTS))
        self.end = nn.Linear(256, len(SLOTS))
        self.null = LabelHead(hidden, len(SLOTS), dropout)
        self.verdict = LabelHead(hidden, 1, dropout)
        self.labels = nn.ModuleDict({name: LabelHead(hidden, len(values), dropout) for name, values in LABELS.items()})
        # The marker must be heard over the layers' outputs, the positions must not drown them.
        nn.init.normal_(self.marker.weight, std=0.5)
        nn.init.normal_(self.relative.weight, std=0.05)
        nn.init.normal_(self.sentence.weight, std=0.05)

    def forward(  # noqa: PLR0917 - the inputs of the exported graph, by position
        self,
        hidden: Tensor,
        mask: Tensor,
        word_start: Tensor,
        word_end: Tensor,
        relative: Tensor,
        sentence: Tensor,
        type_index: Tensor,
        anchor: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, dict[str, Tensor]]:
        """Returns the logits: start, end (events × words × slots), null (events × slots), verdict (events), labels.

        hidden: events × length × hidden, the window cut from `Lower`'s output; mask: events × length; word_start,
        word_end: events × words, in the window; relative, sentence: events × length, buckets; type_index,
        anchor (the word in the window): events. Start and end of padding words are set to a large negative number.
        """
        first = torch.gather(word_start, 1, anchor[:, None])
        x = self._marked(hidden, first, relative, sentence, type_index)
        bias = attention_bias(mask)
        for layer in self.layers:
            x = layer(x, bias)
        words = self.pool(x, word_start, word_end)
        at_anchor = _rows(words, anchor[:, None])
        pairs = self.dropout(functional.gelu(self.pair(torch.cat([words, words * at_anchor], -1))))
        padding = ((word_end > word_start).to(x.dtype)[..., None] - 1.0) * -_MINUS_INFINITY
        start, end = self.start(pairs) + padding, self.end(pairs) + padding
        anchor_words, blank = at_anchor[:, 0], torch.zeros_like(x[:, 0]).repeat(1, len(_TELLING))
        null = self.null(x, mask, anchor_words, blank)
        telling = self._telling(words, start, end, null)
        labels = {name: head(x, mask, anchor_words, telling) for name, head in self.labels.items()}
        return start, end, null, self.verdict(x, mask, anchor_words, telling)[:, 0], labels

    def _marked(self, hidden: Tensor, first: Tensor, relative: Tensor, sentence: Tensor, kind: Tensor) -> Tensor:
        """The window with the candidate's type at its first subtoken and everybody's position relative to it."""
        positions = torch.arange(hidden.shape[1], device=hidden.device)[None]
        marker = (positions == first).to(hidden.dtype)[..., None] * self.marker(kind)[:, None]
        return hidden + marker + self.relative(kind[:, None] * RELATIVE_BUCKETS + relative) + self.sentence(sentence)

    def _telling(self, words: Tensor, start: Tensor, end: Tensor, null: Tensor) -> Tensor:
        """The mean of the words that each telling slot probably covers, weighted by that probability.

        P(word inside) = P(start at or before it) · P(end at or after it). No gradient: labels must not move pointers.
        """
        begins = torch.softmax(torch.cat([start, null[:, None]], 1), 1)[:, :-1].detach()
        ends = torch.softmax(end, 1).detach()
        inside = begins.cumsum(1) * (ends.sum(1, keepdim=True) - ends.cumsum(1) + ends)
        chosen = torch.stack([inside[..., slot] for slot in _TELLING], -1)
        means = torch.einsum("nws,nwh->nsh", chosen / (chosen.sum(1, keepdim=True) + 0.5), words)
        return means.flatten(1)


class Network(nn.Module):
    """`Lower` and `Upper` with the encoder's weights in place."""

    def __init__(self, shape: Shape, dropout: float = 0.15) -> None:
        super().__init__()
        self.lower = Lower(shape, dropout)
        self.upper = Upper(shape, dropout)

    def load_encoder(self, state: Mapping[str, Tensor]) -> None:
        """Put the weights from `training.weights.load(8)` into embeddings and layers."""
        embeddings = {name: value for name, value in state.items() if not name.startswith("layers.")}
        self.lower.embeddings.load_state_dict(embeddings)
        for i, layer in enumerate([*self.lower.layers, *self.upper.layers]):
            prefix = f"layers.{i}."
            layer.load_state_dict({n.removeprefix(prefix): v for n, v in state.items() if n.startswith(prefix)})
